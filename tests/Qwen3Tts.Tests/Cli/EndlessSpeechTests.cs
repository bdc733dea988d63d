using System.Diagnostics;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Tests.Cli;

/// <summary>A model that never ends its speech, because a row of its head is zero; tests what is kept of the speech.</summary>
public sealed class EndlessSpeechTests
{
    static readonly string Voice = Path.Combine(Mini.Folder, "clips", "rms_1.wav");

    internal static readonly Lazy<string> Endless = new(() =>
    {
        var folder = Scratch.New("endless");
        foreach (var file in Directory.GetFiles(Mini.Model, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(folder, Path.GetRelativePath(Mini.Model, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        var weights = Path.Combine(folder, "model.safetensors");
        TensorEntry head;
        using (var file = SafetensorsFile.Open(weights))
            head = file.Entry("talker.codec_head.weight");
        var (row, end) = (head.Bytes / head.Shape[0], ModelFolder.Open(folder).Config.TalkerConfig.CodecEosTokenId);
        using var stream = File.OpenWrite(weights);
        stream.Position = head.Offset + end * row;
        stream.Write(new byte[row]);
        return folder;
    });

    static string[] Say(string output, params string[] more) =>
        ["say", "Good morning Peter.", "--model", Endless.Value, "--voice", Voice, "--seed", "1", "-o", output, .. more];

    [Fact]
    public void TheLimitOfTheTextIsOnByDefault()
    {
        var wav = Path.Combine(Scratch.New(), "o.wav");
        var (code, output, error) = CommandTests.Run(Say(wav));
        Assert.Equal(0, code);
        Assert.Contains("cut off because it did not end", output, StringComparison.Ordinal);
        Assert.Contains("--max-frames-per-token", error, StringComparison.Ordinal);
        Assert.InRange(WavFile.Read(wav).Seconds, 2, 15);
        var (_, shorter, told) = CommandTests.Run(
            Say(Path.Combine(Scratch.New(), "o.wav"), "--max-frames-per-token", "0", "--max-seconds", "1"));
        Assert.EndsWith("cut off at the limit", shorter.Trim(), StringComparison.Ordinal);
        Assert.Contains("--max-seconds", told, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatWasSpokenUntilItWasStoppedIsWritten()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Signals are sent with kill.");
        // The wait becomes longer each time, until the program had begun to speak when it was stopped. SIGTERM, because SIGINT may be
        // ignored here.
        for (var wait = 1000; ; wait *= 2)
        {
            var wav = Path.Combine(Scratch.New(), "o.wav");
            using var process = CommandTests.Start(Say(wav, "--max-frames-per-token", "0"));
            Assert.False(process.WaitForExit(wait));
            Process.Start("kill", ["-TERM", $"{process.Id}"]).WaitForExit();
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 130 && wait < 2000)
                continue; // it did not handle signals yet
            Assert.Equal(130, process.ExitCode);
            if (!File.Exists(wav))
            {
                Assert.Equal("Stopped.", error.Trim());
                continue;
            }
            Assert.Matches(@"Stopped\. What was spoken until then, \d+ frames, is in .*o\.wav\.", error);
            Assert.True(WavFile.Read(wav).Seconds > 0);
            return;
        }
    }

    [Fact]
    public void AStreamThatIsStoppedGivesWhatItMade()
    {
        using var tts = Tts.Load(Endless.Value, new() { Threads = 1 });
        var options = new SpeechOptions { Voice = tts.Clone(WavFile.Read(Voice)), Sampling = tts.Sampling with { Seed = 1 } };
        using var stop = new CancellationTokenSource();
        var stream = tts.Stream("Good morning Peter.", options);
        var samples = 0;
        foreach (var chunk in stream.Until(stop.Token))
        {
            samples += chunk.Length;
            if (stream.Frames.Count >= 3)
                stop.Cancel();
        }
        Assert.Equal(FinishReason.Cancelled, stream.FinishReason);
        Assert.Equal(3, stream.Frames.Count); // no further frame is made
        Assert.InRange(samples, 3 * 1920 - 1, 3 * 1920 + 1);
        var whole = tts.Stream("Good morning Peter.", options with { MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken });
        Assert.NotEmpty(whole.ToList());
        Assert.Equal(FinishReason.Runaway, whole.FinishReason);
    }

    [Theory]
    [InlineData("o.wma", "Name 'o.wav'")]
    [InlineData("speech", "Name 'speech.wav'")]
    [InlineData("o.opus", "has no bits of a sample", "--bits", "24")]
    [InlineData("o.flac", "Choose 16 or 24 bits", "--bits", "float")]
    public void OnlyAFormatThatIsWrittenIsPromised(string output, string remedy, params string[] more)
    {
        // The model does not exist: if it were looked for first, the message would be about it.
        var (code, _, error) = CommandTests.Run(
            ["say", "Good morning Peter", "--model", "absent", "--voice", Voice, "-o", output, .. more]);
        Assert.Equal(1, code);
        Assert.Contains(remedy, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }
}
