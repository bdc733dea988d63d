using System.Diagnostics;
using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests.Cli;

/// <summary>Playing, streaming, codes, and speaking without a model, as a user meets them.</summary>
public sealed class UseTests
{
    const string Text = "Set white at B four now.";
    static readonly string Voice = Path.Combine(Mini.Folder, "clips", "rms_1.wav");
    static readonly string[] Short = ["--max-seconds", "0.4", "--seed", "7"];

    internal static (int Code, byte[] Output, string Error) Bytes(string[] launcher, string folder, params string[] arguments)
    {
        string[] command = [.. launcher, ExternalProgram.OnPath("dotnet")!, "exec",
            Path.Combine(AppContext.BaseDirectory, "Qwen3Tts.Cli.dll"), .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment.Remove("QWEN3TTS_MODEL");
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        return (process.ExitCode, output.ToArray(), ProgressLines.Remove(error.Result));
    }

    static string[] OnPath(string folder) => ["/usr/bin/env", $"PATH={folder}"];

    /// <summary>Without a model: the miniature beside the program speaks, names what it does not know, and replaces no file.</summary>
    [Fact]
    public void WithoutAModelTheMiniatureSpeaks()
    {
        var folder = Scratch.New();
        var (code, output, error) = Bytes([], folder, ["say", "Hello Anna please open the zebra", "--json", .. Short]);
        Assert.Equal(0, code);
        Assert.Contains("models download", error, StringComparison.Ordinal);
        Assert.Contains("It does not know 'zebra'", error, StringComparison.Ordinal);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal("speech.wav", report.GetProperty("file").GetString());
        Assert.Equal(7u, report.GetProperty("seed").GetUInt64());
        Assert.Equal("length", report.GetProperty("sentences")[0].GetProperty("finish").GetString());
        var first = File.ReadAllBytes(Path.Combine(folder, "speech.wav"));
        Assert.Equal(report.GetProperty("seconds").GetDouble(), WavFile.Read(Path.Combine(folder, "speech.wav")).Seconds, 1e-9);
        Assert.DoesNotContain("does not know", Bytes([], folder, ["say", Text, .. Short]).Error, StringComparison.Ordinal);
        Assert.Equal(first, File.ReadAllBytes(Path.Combine(folder, "speech.wav")));
        Assert.True(File.Exists(Path.Combine(folder, "speech-2.wav")));
    }

    [Fact]
    public void RawSamplesAreThoseOfTheFile()
    {
        var folder = Scratch.New();
        Assert.Equal(0, Bytes([], folder, ["say", Text, "-o", "a.wav", .. Short]).Code);
        var raw = Bytes([], folder, ["say", Text, "-o", "-", "--raw", .. Short]).Output;
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "a.wav"))[44..], raw);
        Assert.Contains("-o -", Bytes([], folder, "say", Text, "-o", "a.wav", "--raw").Error, StringComparison.Ordinal);
    }

    /// <summary>A player on the PATH gets the samples; one that fails is an error; without one the message says what to install.</summary>
    [Fact]
    public void SpeechIsPlayed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The players here are scripts with names that Linux has.");
        var (folder, programs) = (Scratch.New(), Scratch.New("bin"));
        string[] say = ["say", Text, "--play", .. Short];
        Assert.Contains("none of paplay, aplay", Bytes(OnPath(programs), folder, say).Error, StringComparison.Ordinal);
        var raw = Bytes([], folder, ["say", Text, "-o", "-", "--raw", .. Short]).Output;
        Program("aplay", "echo \"$@\" > arguments; exec /bin/cat > played");
        Assert.Equal(0, Bytes(OnPath(programs), folder, say).Code);
        Assert.Equal(raw, File.ReadAllBytes(Path.Combine(folder, "played")));
        Assert.Equal("-q -t raw -f S16_LE -c 1 -r 24000 -", File.ReadAllText(Path.Combine(folder, "arguments")).Trim());
        Program("aplay", "echo no device >&2; exit 1");
        var (code, _, error) = Bytes(OnPath(programs), folder, say);
        Assert.Equal(1, code);
        Assert.Contains("no device", error, StringComparison.Ordinal);
        Assert.Equal(0, Bytes(OnPath(programs), folder, [.. say, "-o", "kept.wav"]).Code); // the file is written all the same
        Assert.Equal(raw, File.ReadAllBytes(Path.Combine(folder, "kept.wav"))[44..]);
        File.Delete(Path.Combine(programs, "aplay"));
        Program("pw-play", "exec /bin/cp \"$1\" played.wav");
        Assert.Equal(0, Bytes(OnPath(programs), folder, say).Code);
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "kept.wav")), File.ReadAllBytes(Path.Combine(folder, "played.wav")));

        void Program(string name, string script)
        {
            var path = Path.Combine(programs, name);
            File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
            Process.Start("chmod", ["+x", path]).WaitForExit();
        }
    }

    /// <summary>A file is on the disk, under a temporary name, before its speech ends, and is the one that is written at once.</summary>
    [Theory]
    [InlineData(".wav"), InlineData(".flac"), InlineData(".opus")]
    public void AFileIsWrittenWhileItIsSpoken(string extension)
    {
        var path = Path.Combine(Scratch.New(), $"a{extension}");
        var before = new List<long>();
        IEnumerable<float[]> Chunks()
        {
            for (var i = 0; i < 5; i++)
            {
                before.Add(new DirectoryInfo(Path.GetDirectoryName(path)!).EnumerateFiles().Sum(f => f.Length));
                yield return Sound(i);
            }
        }
        static float[] Sound(int part) =>
            [.. Enumerable.Range(0, 100_001).Select(t => MathF.Sin(t * (part + 1) / 99f) * (1 + t * 7919 % 101) / 128)];
        OutputFile.WriteWithHead(path, stream => AudioFile.Write(stream, path, 24000, Chunks(), WavFormat.Pcm24));
        var (written, all) = (before[^1], new FileInfo(path).Length);
        Assert.InRange(written, all / 3, all); // up to 64 KiB are in the buffer of the file
        var whole = Path.Combine(Scratch.New(), $"b{extension}");
        AudioFile.Write(whole, new([.. Enumerable.Range(0, 5).SelectMany(Sound)], 24000), WavFormat.Pcm24);
        Assert.Equal(File.ReadAllBytes(whole), File.ReadAllBytes(path)); // also the header, and the byte that pads an odd length
        OutputFile.CheckIsFree(path); // the record has its hash
    }

    [Fact]
    public void CodesAreThoseOfTheLibrary()
    {
        var folder = Scratch.New();
        var (codes, wav) = (Path.Combine(folder, "codes.jsonl"), Path.Combine(folder, "again.wav"));
        Assert.Equal(0, CommandTests.Run("codec", "encode", Voice, "--model", Mini.Model, "--text", "What I say.", "-o", codes).Code);
        var line = JsonDocument.Parse(Assert.Single(File.ReadAllLines(codes))).RootElement;
        var codec = SpeechCodec.Load(ModelFolder.Open(Mini.Model).CodecPath);
        var frames = codec.Encode(AudioFile.Read(Voice).ToRate(codec.SampleRate));
        Assert.Equal(frames, line.GetProperty("audio_codes").EnumerateArray()
            .Select(f => f.EnumerateArray().Select(c => c.GetInt32()).ToArray()));
        Assert.Equal(("What I say.", Voice), (line.GetProperty("text").GetString(), line.GetProperty("audio").GetString()));
        Assert.Equal(0, CommandTests.Run("codec", "decode", codes, "--model", Mini.Model, "-o", wav).Code);
        using var expected = new MemoryStream();
        WavFile.Write(expected, codec.Decode(frames));
        Assert.Equal(expected.ToArray(), File.ReadAllBytes(wav));

        var two = Path.Combine(folder, "two.jsonl");
        File.WriteAllText(two, File.ReadAllText(codes) + "{\"audio_codes\":[[1,2]]}\n[]\n");
        string Wrong(params string[] more) =>
            CommandTests.Run(["codec", "decode", two, "--model", Mini.Model, "-o", Path.Combine(folder, "x.wav"), .. more]).Error;
        Assert.Contains("--line", Wrong(), StringComparison.Ordinal);
        Assert.Contains("has 2 codes", Wrong("--line", "2"), StringComparison.Ordinal);
        Assert.Contains("two.jsonl(3)", Wrong("--line", "3"), StringComparison.Ordinal);
        Assert.Contains("no line 9", Wrong("--line", "9"), StringComparison.Ordinal);
    }
}
