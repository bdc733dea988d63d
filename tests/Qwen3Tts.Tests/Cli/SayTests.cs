using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests.Cli;

public sealed class SayTests
{
    static readonly string Voice = Path.Combine(Mini.Folder, "clips", "rms_1.wav");

    static string[] Say(string text, string output, params string[] more) =>
        ["say", text, "--model", Mini.Model, "--voice", Voice, "-o", output, .. more];

    [Fact]
    public void OneSeedIsOneFileWithAnyNumberOfThreads()
    {
        var folder = Scratch.New();
        byte[] Spoken(string name, params string[] more)
        {
            var path = Path.Combine(folder, name);
            var (code, output, error) = CommandTests.Run(Say("Maria has two yellow boxes.", path, more));
            Assert.Equal((0, ""), (code, error));
            Assert.Contains(path, output, StringComparison.Ordinal);
            return File.ReadAllBytes(path);
        }
        var once = Spoken("a.wav", "--seed", "7", "--threads", "1");
        Assert.Equal(once, Spoken("b.wav", "--seed", "7", "--threads", "3"));
        Assert.NotEqual(once, Spoken("c.wav", "--seed", "8"));
        Assert.InRange(WavFile.Read(Path.Combine(folder, "a.wav")).Seconds, 0.5, 10);
        Assert.Equal(["a.wav", "b.wav", "c.wav"], Directory.GetFiles(folder).Select(f => Path.GetFileName(f)!).Where(n => n[0] != '.')
            .Order());
    }

    [Fact]
    public void TextComesFromAFileAndSpeechGoesToTheOutput()
    {
        var folder = Scratch.New();
        var (text, wav) = (Path.Combine(folder, "text.txt"), Path.Combine(folder, "speech.wav"));
        File.WriteAllText(text, "Lucy has three black apples\n");
        string[] options = ["--model", Mini.Model, "--voice", Voice, "--transcript", "The concert is on Friday at nine.", "--language",
            "english", "--layout", "text-first", "--seed", "1"];
        Assert.Equal(0, CommandTests.Run(["say", "Lucy has three black apples", "-o", wav, .. options]).Code);
        using var process = CommandTests.Start(["say", "--file", text, "-o", "-", .. options]);
        var streamed = WavFile.Read(process.StandardOutput.BaseStream, "standard output");
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(WavFile.Read(wav).Samples, streamed.Samples);
    }

    /// <summary>One speech in each format: the lossless ones are equal, and so is what a program named ffmpeg was given.</summary>
    [Fact]
    public void TheExtensionChoosesTheFormat()
    {
        var folder = Scratch.New();
        string In(string name) => Path.Combine(folder, name);
        foreach (var (name, bits) in new[] { ("a.wav", "16"), ("b.flac", "16"), ("c.wav", "24"), ("d.flac", "24"), ("e.wav", "float") })
            Assert.Equal((0, ""), CommandTests.Run(Say("Maria has two yellow boxes.", In(name), "--seed", "7", "--bits", bits)) is var run
                ? (run.Code, run.Error) : default);
        Assert.Equal(0, CommandTests.Run(Say("Maria has two yellow boxes.", In("f.opus"), "--seed", "7")).Code);
        Assert.Equal(AudioFile.Read(In("a.wav")).Samples, AudioFile.Read(In("b.flac")).Samples);
        Assert.Equal(AudioFile.Read(In("c.wav")).Samples, AudioFile.Read(In("d.flac")).Samples);
        var exact = AudioFile.Read(In("e.wav")).Samples;
        Assert.All(exact.Zip(AudioFile.Read(In("d.flac")).Samples), p => Assert.Equal(p.First, p.Second, 1e-7));
        Assert.Equal(2 * exact.Length, AudioFile.Read(In("f.opus")).Samples.Length);
        if (OperatingSystem.IsWindows())
            return; // the program here is a script of the shell
        Assert.Contains("ffmpeg, which is not on the PATH. Install it", SayWith(folder, In("g.mp3")), StringComparison.Ordinal);
        var program = Path.Combine(Scratch.New(), "ffmpeg");
        File.WriteAllText(program, "#!/bin/sh\n/bin/cp \"$5\" \"$8\"\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal("", SayWith(Path.GetDirectoryName(program)!, In("g.mp3")));
        Assert.Equal(exact, AudioFile.Read(In("g.mp3")).Samples);

        static string SayWith(string path, string output)
        {
            using var process = CommandTests.Start(command =>
                    ["/usr/bin/env", $"PATH={path}", ExternalProgram.OnPath(command.First()) ?? command.First(), .. command.Skip(1)],
                Say("Maria has two yellow boxes.", output, "--seed", "7"));
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return error;
        }
    }

    /// <summary>A voice may come from a recording in any format that is read.</summary>
    [Fact]
    public void AVoiceMayBeAFlacFile()
    {
        var folder = Scratch.New();
        var (flac, wav, again) = (Path.Combine(folder, "me.flac"), Path.Combine(folder, "a.wav"), Path.Combine(folder, "b.wav"));
        AudioFile.Write(flac, AudioFile.Read(Voice));
        Assert.Equal(0, CommandTests.Run(Say("Maria has two yellow boxes.", wav, "--seed", "7")).Code);
        Assert.Equal(0, CommandTests.Run("say", "Maria has two yellow boxes.", "--model", Mini.Model, "--voice", flac, "-o", again,
            "--seed", "7").Code);
        Assert.Equal(File.ReadAllBytes(wav), File.ReadAllBytes(again));
    }

    [Fact]
    public void SpeechThatIsCutOffSaysSo()
    {
        var (code, _, error) = CommandTests.Run(
            Say("Visit Robert on Saturday at five thirty", Path.Combine(Scratch.New(), "cut.wav"), "--max-seconds", "0.3"));
        Assert.Equal(0, code);
        Assert.Contains("cut off after 4 frames", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ACaseThatWasNotTrainedIsReported()
    {
        var (model, wav) = (Scratch.New("tuned"), Path.Combine(Scratch.New(), "out.wav"));
        foreach (var file in Directory.GetFiles(Mini.Model, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(model, Path.GetRelativePath(Mini.Model, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        var manifest = new RunManifest
        {
            MadeBy = "a test",
            BaseName = "mini",
            BaseSha256 = "00",
            Voices = [],
            Layouts = [RunManifest.Interleaved],
            Languages = [RunManifest.Auto],
            Steps = 1,
        };
        File.WriteAllText(Path.Combine(model, RunManifest.FileName), manifest.ToJson());
        string[] command = ["say", "Lucy has three black apples", "--model", model, "--voice", Voice, "--seed", "1", "-o", wav];
        Assert.Equal("", CommandTests.Run(command).Error);
        var (code, _, error) = CommandTests.Run([.. command, "--language", "German"]);
        Assert.Equal(0, code);
        Assert.Equal("This model was not trained with the language German. Trained: auto.", error.Trim());
    }

    [Fact]
    public void CtrlCEndsAtOnce()
    {
        var text = string.Join(' ', Enumerable.Repeat("Set white in L eight soon.", 100));
        using var process = CommandTests.Start(Interrupt.Obeying, Say(text, "-"));
        process.StandardOutput.BaseStream.ReadExactly(new byte[1000]); // it speaks
        Interrupt.Send(process);
        process.StandardOutput.BaseStream.CopyTo(Stream.Null);
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((130, "Stopped."), (process.ExitCode, error.Trim().Split('\n')[^1])); // before it: that the text is long
    }

    [Theory]
    [InlineData("No model", "codec", "encode", "a.wav", "-o", "x.jsonl")]
    [InlineData("--voice and --speaker", "say", "hello", "--voice", "a.wav", "--speaker", "b", "-o", "x.wav")]
    [InlineData("--transcript", "say", "hello", "--transcript", "b", "-o", "x.wav")]
    [InlineData("no text", "say", "-o", "x.wav")]
    [InlineData("one of them", "say", "hello", "--file", "a.txt", "-o", "x.wav")]
    [InlineData("absent.txt", "say", "--file", "absent.txt", "-o", "x.wav")]
    [InlineData("config.json", "say", "hello", "--model", ".", "-o", "x.wav")]
    [InlineData("is a folder", "say", "hello", "--model", ".", "-o", ".")]
    public void MistakesAreNamed(string named, params string[] arguments)
    {
        var (code, output, error) = CommandTests.Run(arguments);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no speaker 'bob'", "--speaker", "bob")]
    [InlineData("no language 'klingon'", "--language", "klingon")]
    [InlineData("temperature is 0", "--temperature", "0")]
    [InlineData("no such audio file", "--voice", "absent.wav")]
    public void WhatTheModelDoesNotHaveIsNamed(string named, params string[] options)
    {
        var path = Path.Combine(Scratch.New(), "x.wav");
        string[] voice = options[0] is "--speaker" or "--voice" ? [] : ["--voice", Voice];
        var (code, output, error) = CommandTests.Run(["say", "hello", "--model", Mini.Model, "-o", path, .. voice, .. options]);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }
}
