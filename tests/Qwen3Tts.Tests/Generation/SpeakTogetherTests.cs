using Qwen3Tts.Audio;
using Qwen3Tts.Generation;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Tests;

/// <summary>Utterances that are computed together are, bit for bit, those that are computed alone.</summary>
public sealed class SpeakTogetherTests
{
    static readonly string[] Texts = ["Set white at B four now.", "0 1 0 6", "Set white in L eight soon.",
        "Call Robert on Wednesday at six.", "Set white at B four now."];

    static SpeechOptions Options(Tts tts, ulong seed, int frames) => new()
    {
        Voice = tts.Clone(WavFile.Read(Path.Combine(Mini.Folder, "clips", "rms_1.wav"))),
        Sampling = tts.Sampling with { Seed = seed, MaxFrames = frames },
    };

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 8)]
    public void AllTextsAreWhatTheyAreAlone(int threads, int together)
    {
        using var tts = Tts.Load(Mini.Model, new() { Threads = threads });
        var options = Options(tts, 3, 24);
        var all = tts.SayAll(Texts, options, together);
        Assert.Equal(Texts.Select(t => tts.Say(t, options).Samples), all.Select(w => w.Samples));
        Assert.Empty(tts.SayAll([], options));
    }

    /// <summary>Utterances join and leave at any frame, and stop for a while.</summary>
    [Fact]
    public void WhoJoinsAndLeavesChangesNothing()
    {
        using var tts = Tts.Load(Mini.Model, new() { Threads = 2 });
        var options = Enumerable.Range(0, 12).Select(i => Options(tts, (ulong)i, 3 + 5 * i % 23)).ToArray();
        var alone = options.Select((o, i) => tts.Say(Texts[i % Texts.Length], o).Samples).ToArray();
        var together = new float[options.Length][];
        Thread[] threads = [.. options.Select((o, i) => new Thread(() =>
        {
            var random = new Random(i);
            var samples = new List<float>();
            foreach (var chunk in tts.Stream(Texts[i % Texts.Length], o))
            {
                samples.AddRange(chunk);
                if (random.Next(2) == 0)
                    Thread.Sleep(random.Next(5)); // so that utterances meet in other steps; no result depends on it
            }
            together[i] = [.. samples];
        }))];
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.Equal(alone, together);
    }

    /// <summary>Voices of another width are refused when their prompt is computed: that utterance fails, and no other.</summary>
    [Fact]
    public void AWrongUtteranceStopsNoOther()
    {
        using var tts = Tts.Load(Mini.Model, new() { Threads = 2 });
        var options = Options(tts, 1, 12);
        var alone = tts.Say(Texts[0], options).Samples;
        Exception? error = null;
        float[][] spoken = new float[3][];
        Thread[] threads = [new(() => error = Record.Exception(() => tts.Say(Texts[1], options with { Voice = new(new float[5]) }))),
            .. Enumerable.Range(0, 3).Select(i => new Thread(() => spoken[i] = tts.Say(Texts[0], options).Samples))];
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.Contains("5 numbers", Assert.IsType<ArgumentException>(error).Message, StringComparison.Ordinal);
        Assert.All(spoken, s => Assert.Equal(alone, s));
    }

    [Fact]
    public void AnErrorOrACancellationEndsAll()
    {
        using var tts = Tts.Load(Mini.Model, new() { Threads = 2 });
        var options = Options(tts, 1, 12);
        Assert.Contains("nothing to say", Assert.ThrowsAny<ArgumentException>(() => tts.SayAll([Texts[0], " "], options)).Message,
            StringComparison.Ordinal);
        Assert.Throws<OperationCanceledException>(() => tts.SayAll(Texts, options, cancellation: new(canceled: true)));
        Assert.Throws<ArgumentOutOfRangeException>(() => tts.SayAll(Texts, options, together: 0));
    }

    /// <summary>The released topologies, whose code predictor is narrower than the talker in the larger one.</summary>
    [Theory]
    [InlineData("custom-0b6")]
    [InlineData("custom-1b7")]
    public void AllTopologiesStepTogether(string name)
    {
        using var tts = Tts.Load(Golden.Checkpoint(name), new() { Threads = 2 });
        var options = new SpeechOptions { Speaker = tts.Speakers.First(), Sampling = tts.Sampling with { MaxFrames = 6, Seed = 5 } };
        string[] texts = ["Hello.", "Good morning to you.", "Yes!"];
        Assert.Equal(texts.Select(t => tts.Say(t, options).Samples), tts.SayAll(texts, options).Select(w => w.Samples));
    }

    /// <summary>A step of several sequences of unequal length, against each alone.</summary>
    [Fact]
    public void StatesOfAStepAreThoseOfEachAlone()
    {
        using var workers = new Workers(2);
        var talker = GoldenRequest.Load("base-0b6", workers);
        var sequences = GoldenRequest.All("base-0b6").Take(3).Select(r => TalkerSequence.Prompt(r.Utterance, r.Tokens).Positions).ToList();
        TalkerState Read(IReadOnlyList<Position> positions)
        {
            var state = talker.CreateState();
            talker.Advance([.. positions.SkipLast(1)], state);
            return state;
        }
        var alone = sequences.SelectMany(s => talker.Advance(s, Read(s)).ToArray()).ToArray();
        var together = talker.AdvanceEach([.. sequences], [.. sequences.Select(s => Read(s))]).ToArray();
        Assert.Equal(alone, together);
    }
}
