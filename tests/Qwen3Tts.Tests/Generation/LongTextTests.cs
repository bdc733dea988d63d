using Qwen3Tts.Audio;
using Qwen3Tts.Generation;
using Qwen3Tts.Tests.Cli;

namespace Qwen3Tts.Tests.Generation;

/// <summary>A long text is spoken in parts that are joined.</summary>
public sealed class LongTextTests
{
    const string Text = "Set white in L eight soon. Maria has two yellow boxes.\n\nVisit Anna on Sunday at ten fifteen.";
    static readonly LongTextOptions Each = new() { Shortest = 0 };
    static readonly string Recording = Path.Combine(Mini.Folder, "clips", "rms_1.wav");

    static SpeechOptions Options(Tts tts) =>
        new() { Voice = tts.Clone(WavFile.Read(Recording)), Sampling = tts.Sampling with { Seed = 3 }, MaxFramesPerToken = 12 };

    [Fact]
    public void OnePartIsWhatSayGives()
    {
        using var tts = Tts.Load(Mini.Model, new() { Threads = 1 });
        var (options, text) = (Options(tts), "Set white in L eight soon.");
        var whole = tts.Say(text, options);
        var sentence = Assert.Single(tts.SayLong(text, options));
        Assert.Equal(whole.Samples, sentence.Speech.Samples);
        Assert.Equal((text, 0.0, whole.Seconds), (sentence.Text, sentence.Start, sentence.Duration));
    }

    [Fact]
    public void PartsAreJoinedWithPauses()
    {
        using var tts = Tts.Load(Mini.Model, new() { Threads = 1 });
        var options = Options(tts);
        var parts = tts.SayLong(Text, options, Each).ToList();
        Assert.Equal(tts.Parts(Text, options, Each), parts.Select(p => p.Text));
        Assert.Equal(3, parts.Count);
        var all = parts.SelectMany(p => p.Speech.Samples).ToArray();
        Assert.Equal(all, tts.StreamLong(Text, options, Each).SelectMany(c => c.Samples));
        Assert.Equal(all, tts.SayLong(Text, options, Each).SelectMany(c => c.Speech.Samples));
        var floor = 0.02 * ClipLevels.Windows(all, tts.SampleRate / 100).Max();
        for (var i = 1; i < parts.Count; i++)
        {
            var (before, begin) = (parts[i - 1], (int)(parts[i].Start * tts.SampleRate));
            var pause = (int)((i == 1 ? Each.Pause : Each.ParagraphPause) * tts.SampleRate);
            Assert.InRange(parts[i].Start - before.Start - before.Duration, 0.02, pause / (double)tts.SampleRate);
            Assert.True(ClipLevels.Windows(all[(begin - pause)..begin], tts.SampleRate / 100).Max() <= floor);
            Assert.Equal(0, all[begin - (int)(0.045 * tts.SampleRate)]); // between the faded end and the onset
        }
        // The first part begins as it does alone, and each part has a seed of its own.
        Assert.Equal(tts.Say(parts[0].Text, options).Samples[..10_000], all[..10_000]);
        Assert.Equal(3, Enumerable.Range(0, 3).Select(i => Tts.SeedOfPart(3, i)).Distinct().Count());
    }

    [Fact]
    public async Task TheAsynchronousFormsAreTheSame()
    {
        using var tts = Tts.Load(Mini.Model, new() { Threads = 1 });
        var options = Options(tts);
        var parts = tts.SayLong(Text, options, Each).ToList();
        var (said, streamed, times) = (new List<SpokenSentence>(), new List<float>(), new List<SentenceTime>());
        await foreach (var sentence in tts.SayLongAsync(Text, options, Each, TestContext.Current.CancellationToken))
            said.Add(sentence);
        await foreach (var chunk in tts.StreamLongAsync(Text, options, Each, TestContext.Current.CancellationToken))
        {
            streamed.AddRange(chunk.Samples);
            if (chunk.Ended is { } time)
                times.Add(time);
        }
        Assert.Equal(parts.SelectMany(p => p.Speech.Samples), said.SelectMany(p => p.Speech.Samples));
        Assert.Equal(parts.SelectMany(p => p.Speech.Samples), streamed);
        Assert.Equal(parts.Select(p => (p.Text, p.Start, p.Duration)), said.Select(p => (p.Text, p.Start, p.Duration)));
        Assert.Equal(parts.Select(p => (p.Text, p.Frames)), times.Select(t => (t.Text, t.Frames)));
    }

    /// <summary>A cancellation may come after the last frame of a sentence and before the next one begins. What was made is then no whole
    /// text, and does not pass for one.</summary>
    [Fact]
    public async Task ACancellationBetweenTwoSentencesIsSeen()
    {
        using var tts = Tts.Load(Mini.Model, new() { Threads = 1 });
        var options = Options(tts);
        var (said, streamed) = (new List<string>(), new List<SentenceTime>());
        using (var stop = new CancellationTokenSource())
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                foreach (var sentence in tts.SayLong(Text, options, Each, stop.Token))
                {
                    said.Add(sentence.Text);
                    await stop.CancelAsync();
                }
            });
        Assert.Equal(tts.Parts(Text, options, Each).Take(1), said);
        using (var stop = new CancellationTokenSource())
            foreach (var chunk in tts.StreamLong(Text, options, Each, stop.Token))
                if (chunk.Ended is { } ended)
                {
                    streamed.Add(ended);
                    await stop.CancelAsync();
                }
        Assert.Equal([FinishReason.End, FinishReason.Cancelled], streamed.Select(s => s.FinishReason));
        using (var stop = new CancellationTokenSource())
        {
            var last = tts.Parts(Text, options, Each).Last();
            foreach (var sentence in tts.SayLong(Text, options, Each, stop.Token).Where(s => s.Text == last))
                await stop.CancelAsync(); // too late: everything is there
        }
    }

    [Fact]
    public async Task AsynchronousSpeechEndsWhenItIsCancelledOrLeft()
    {
        using var tts = Tts.Load(Mini.Model, new() { Threads = 1 });
        var options = Options(tts);
        Assert.Throws<ArgumentException>(() => tts.SayLongAsync("* * *", options));
        Assert.Throws<ArgumentException>(() => tts.StreamLongAsync(Text));
        using var stop = new CancellationTokenSource();
        SentenceTime? last = null;
        await foreach (var chunk in tts.StreamLongAsync(Text, options, Each, stop.Token))
        {
            await stop.CancelAsync();
            last = chunk.Ended;
        }
        Assert.Equal(FinishReason.Cancelled, last!.FinishReason);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in tts.SayLongAsync(Text, options, Each, new(canceled: true)))
            {
            }
        });
        await foreach (var _ in tts.StreamLongAsync(Text, options, Each, TestContext.Current.CancellationToken))
            break;
        Assert.Equal(0, tts.StatesInUse);
    }

    [Fact]
    public void LimitsStopsAndMistakesAreReported()
    {
        using var tts = Tts.Load(Mini.Model, new() { Threads = 1 });
        var options = Options(tts);
        var frames = tts.SayLong(Text, options, Each with { MaxSeconds = 0.8 }).Sum(p => p.Frames);
        Assert.Equal(10, frames);
        Assert.Throws<OperationCanceledException>(() => tts.SayLong(Text, options, Each, new(canceled: true)).Count());
        Assert.Equal(FinishReason.Cancelled, tts.StreamLong(Text, options, Each, new(canceled: true)).Last().Ended!.FinishReason);
        Assert.Throws<ArgumentException>(() => tts.SayLong("* * *", options));
        Assert.Throws<ArgumentException>(() => tts.SayLong(Text));
        Assert.Throws<ArgumentException>(() => tts.SayLong(Text, options, new() { Longest = 0 }));
        Assert.Throws<ArgumentException>(() => tts.SayLong(Text, options, new() { Pause = double.NaN }));
    }

    [Fact]
    public void ATextIsNormalizedPartByPartAndShownAsItIs()
    {
        using var tts = Tts.Load(Mini.Model, new() { Threads = 1 });
        var options = Options(tts) with { Normalize = t => t.Replace("8", "eight", StringComparison.Ordinal) };
        var sentence = Assert.Single(tts.SayLong("Set white in L 8 soon.", options));
        Assert.Equal("Set white in L 8 soon.", sentence.Text);
        Assert.Equal(tts.Say("Set white in L eight soon.", options).Samples, sentence.Speech.Samples);
    }

    [Fact]
    public void SubtitlesHaveNumbersTimesAndOneLine() => Assert.Equal(
        "1\n00:00:00,000 --> 00:00:01,500\nOne line → two.\n\n2\n01:01:01,001 --> 01:01:03,001\nEnd.\n\n",
        Subtitles.Srt([new("One\nline --> two.", 0, 1.5, 1, FinishReason.End, 0), new("End.", 3661.001, 2, 1, FinishReason.End, 0)]));

    [Fact]
    public void TheCommandSplitsAndWritesSubtitles()
    {
        var folder = Scratch.New();
        var (wav, srt, whole) = (Path.Combine(folder, "a.wav"), Path.Combine(folder, "a.srt"), Path.Combine(folder, "b.wav"));
        string[] Say(string output, params string[] more) =>
            ["say", Text, "--model", Mini.Model, "--voice", Recording, "--seed", "3", "-o", output, .. more];
        var (code, shown, error) = CommandTests.Run(Say(wav, "--srt", srt));
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("sentences ended by themselves", shown, StringComparison.Ordinal);
        var lines = File.ReadAllLines(srt);
        Assert.Equal("1", lines[0]);
        Assert.StartsWith("00:00:00,000 --> 00:00:0", lines[1], StringComparison.Ordinal);
        Assert.Contains("Visit Anna on Sunday at ten fifteen.", lines);
        Assert.Equal(0, CommandTests.Run(Say(whole, "--split", "off")).Code);
        Assert.NotEqual(File.ReadAllBytes(wav), File.ReadAllBytes(whole));
        Assert.NotEqual(0, CommandTests.Run(Say(wav, "--srt", Recording)).Code);
        Assert.Contains("Name a file of its own", CommandTests.Run(Say(wav, "--srt", wav)).Error, StringComparison.Ordinal);
        Assert.Contains("Name a file of its own", CommandTests.Run(Say(wav, "--srt", "-")).Error, StringComparison.Ordinal);
    }
}
