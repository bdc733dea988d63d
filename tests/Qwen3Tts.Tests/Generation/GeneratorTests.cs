using Qwen3Tts.Checkpoint;
using Qwen3Tts.Generation;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Tests;

public sealed class GeneratorTests
{
    const int End = -1;

    [Theory, MemberData(nameof(GoldenRequest.Models), MemberType = typeof(GoldenRequest))]
    public void GreedyCodesAreTheOfficialOnes(string model)
    {
        using var workers = new Workers(1);
        var talker = GoldenRequest.Load(model, workers);
        var sampling = Tts.SamplingOf(ModelFolder.Open(Golden.Checkpoint(model)).Generation) with { Greedy = true, PredictorGreedy = true };
        using var golden = SafetensorsFile.Open(Golden.File("greedy", $"{model}.safetensors"));
        foreach (var request in GoldenRequest.All(model))
        {
            var key = $"{request.Name}.{request.Index}";
            var sequence = TalkerSequence.Prompt(request.Utterance, request.Tokens);
            // One frame more than the official limit: the official code draws the first code of that frame, which may be the end, and drops
            // it.
            var generator = new Generator(talker, sampling with { MaxFrames = request.MaxNewTokens });
            var mine = generator.Speak(sequence).ToArray();
            Assert.Equal(mine, sequence.Frames);
            var expected = GoldenRequest.Frames(golden, $"{key}.codes");
            Assert.True(request.Ended == "eos" || expected.Length == request.MaxNewTokens - 1, key);
            int[] theirs = [.. expected.SelectMany(f => f), .. request.Ended == "eos" ? [End] : Array.Empty<int>()];
            int[] ours = [.. mine.SelectMany(f => f), .. generator.Ended ? [End] : Array.Empty<int>()];
            if (request.Ended != "eos")
                ours = ours[..Math.Min(ours.Length, theirs.Length)];
            var same = ours.AsSpan().CommonPrefixLength(theirs);
            Parity.Check("greedy codes", model, ours.SequenceEqual(theirs)
                || GoldenRequest.Margin(golden, key, same) < GoldenRequest.Undecided ? 0
                : 1, 0, $"{key}, after {same} codes of {theirs.Length}");
        }
    }

    [Theory, MemberData(nameof(GoldenRequest.Models), MemberType = typeof(GoldenRequest))]
    public void ASeedGivesTheSameCodesWithAnyNumberOfThreads(string model)
    {
        using var one = new Workers(1);
        using var two = new Workers(2);
        var (a, b) = (GoldenRequest.Load(model, one), GoldenRequest.Load(model, two));
        var request = GoldenRequest.All(model).First();
        int[] Speak(TalkerModel talker, ulong seed) =>
            [.. new Generator(talker, new() { Seed = seed, MaxFrames = 30 }).Speak(Prompt(request)).SelectMany(f => f)];
        var codes = Speak(a, 1);
        Assert.Equal(codes, Speak(b, 1));
        Assert.Equal(codes, Speak(a, 1));
        Assert.NotEqual(codes, Speak(a, 2));
    }

    [Fact]
    public void TwoUtterancesByTurnsAreTheSameAsAlone()
    {
        using var workers = new Workers(1);
        var model = Golden.Checkpoints.First();
        var talker = GoldenRequest.Load(model, workers);
        var requests = GoldenRequest.All(model).DistinctBy(r => r.Utterance.Text.Count).Take(2).ToArray();
        Generator Start() => new(talker, new() { Seed = 3, MaxFrames = 20 });
        var alone = requests.Select(r => Start().Speak(Prompt(r)).ToArray()).ToArray();
        var together = requests.Select(r => (Generator: Start(), Sequence: Prompt(r))).ToArray();
        for (var turn = 0; turn < 20; turn++)
            foreach (var (generator, sequence) in together)
                if (generator.Next(sequence) is { } frame)
                    sequence.Append(frame);
        Assert.Equal(alone, together.Select(t => t.Sequence.Frames.ToArray()));
    }

    [Fact]
    public void TheLimitCountsFrames()
    {
        using var workers = new Workers(1);
        var model = Golden.Checkpoints.First();
        var talker = GoldenRequest.Load(model, workers);
        var request = GoldenRequest.All(model).MaxBy(r => r.Row.GetProperty("frames")[r.Index].GetInt32())!;
        var generator = new Generator(talker, new() { Greedy = true, PredictorGreedy = true, MaxFrames = 3 });
        Assert.Equal(3, generator.Speak(Prompt(request)).Count());
        Assert.False(generator.Ended);
        Assert.Equal(4, Tts.SamplingOf(new() { MaxNewTokens = 5 }).MaxFrames); // the official limit counts one more first code
    }

    [Fact]
    public void AFrameAllocatesItselfAlone()
    {
        using var workers = new Workers(1);
        var model = Golden.Checkpoints.First();
        var config = ModelFolder.Open(Golden.Checkpoint(model)).Config.TalkerConfig;
        // A random model may end at any time. With another id as the end of speech it can be made to go on long enough.
        foreach (var end in Enumerable.Range(config.CodePredictorConfig.VocabSize, config.VocabSize - config.CodePredictorConfig.VocabSize))
        {
            var talker = GoldenRequest.Load(model, workers, config with { CodecEosTokenId = end });
            var sequence = Prompt(GoldenRequest.All(model).First());
            var generator = new Generator(talker, new() { MaxFrames = 400 });
            Speak(generator, sequence, until: 140); // the caches have more than 128 rows, and grow again at 256
            var each = double.MaxValue; // of the 20 frames that allocate least: the runtime itself allocates when it recompiles a method
            for (var until = 160; until <= 240; until += 20)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                Speak(generator, sequence, until);
                each = Math.Min(each, (GC.GetAllocatedBytesForCurrentThread() - before) / 20.0);
            }
            if (sequence.Positions.Count < 240)
                continue;
            Assert.InRange(each, 16 * sizeof(int), 200); // the codes, two object headers, and the list of positions
            return;
        }
        Assert.Fail("No choice of the end of speech let the model speak for 240 positions.");
    }

    static void Speak(Generator generator, TalkerSequence sequence, int until)
    {
        while (sequence.Positions.Count < until && generator.Next(sequence) is { } frame)
            sequence.Append(frame);
    }

    static TalkerSequence Prompt(GoldenRequest request) => TalkerSequence.Prompt(request.Utterance, request.Tokens);
}
