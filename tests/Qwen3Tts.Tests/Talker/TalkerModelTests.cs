using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Tests;

/// <summary>Twelve frames with teacher forcing through talker and code predictor: every layer, every head.</summary>
public sealed class TalkerModelTests
{
    public static TheoryData<string> Forward => [.. Golden.Json("forward", "forward.json").EnumerateObject().Select(p => p.Name)];

    [Theory, MemberData(nameof(Forward))]
    public void TheTalkerIsTheOfficialOne(string model)
    {
        using var workers = new Workers(1);
        var talker = GoldenRequest.Load(model, workers);
        var (sequence, golden) = Forced(model);
        using var _ = golden;
        var layers = talker.Config.NumHiddenLayers;
        var seen = new List<float>[layers];
        var hidden = talker.Advance(sequence.Positions, talker.CreateState(), (layer, rows) =>
            (seen[layer] ??= []).AddRange(rows)).ToArray();
        for (var i = 0; i < layers; i++)
            Parity.Check("talker", model,
                Parity.Difference(seen[i].ToArray(), golden.Float32(i + 1 < layers ? $"hidden{i + 1}" : "last_layer_before_norm")), 2e-5,
                $"layer {i}");
        Parity.Check("talker", model, Parity.Difference(hidden, golden.Float32($"hidden{layers}")), 2e-5, "norm");
        var logits = new float[sequence.Positions.Count * talker.Config.VocabSize];
        talker.Logits(hidden, logits, sequence.Positions.Count);
        Parity.Check("talker", model, Parity.Difference(logits, golden.Float32("logits")), 1e-4, "logits");
    }

    [Theory, MemberData(nameof(Forward))]
    public void TheCodePredictorIsTheOfficialOne(string model)
    {
        using var workers = new Workers(1);
        var talker = GoldenRequest.Load(model, workers);
        var (sequence, golden) = Forced(model);
        using var _ = golden;
        var predictor = talker.code_predictor;
        var (hidden, layers) = (talker.Advance(sequence.Positions, talker.CreateState()).ToArray(),
            talker.Config.CodePredictorConfig.NumHiddenLayers);
        var (inputs, logits) = (new List<float>(), new List<float>());
        foreach (var (target, k) in sequence.FrameTargets().Select((t, k) => (t, k)))
        {
            var seen = new List<float>[layers + 1];
            var scores = new float[(predictor.Groups - 1) * predictor.Codebook];
            predictor.ScoreFrames(Row(hidden, target.Position, talker), target.Frame, scores, (layer, rows) =>
                (seen[layer + 1] ??= []).AddRange(rows));
            inputs.AddRange(seen[0]);
            logits.AddRange(scores);
            for (var i = 0; i < layers && golden.Tensors.ContainsKey($"predictor.frame{k}.layer{i}"); i++)
                Parity.Check("code predictor", model,
                    Parity.Difference(seen[i + 1].ToArray(), golden.Float32($"predictor.frame{k}.layer{i}")), 2e-5,
                    $"frame {k}, layer {i}");
        }
        Parity.Check("code predictor", model, Parity.Difference(inputs.ToArray(), golden.Float32("predictor.inputs")), 2e-5, "inputs");
        Parity.Check("code predictor", model, Parity.Difference(logits.ToArray(), golden.Float32("predictor.logits")), 1e-4, "logits");
    }

    [Theory, MemberData(nameof(Forward))]
    public void StepByStepIsTheFullPassBitForBit(string model)
    {
        using var one = new Workers(1);
        using var two = new Workers(2);
        var (whole, stepped) = (GoldenRequest.Load(model, one), GoldenRequest.Load(model, two));
        var (sequence, golden) = Forced(model);
        golden.Dispose();
        var hidden = whole.Advance(sequence.Positions, whole.CreateState()).ToArray();

        var state = stepped.CreateState();
        var rows = new List<float>();
        var logits = new List<float>();
        for (var n = sequence.Start; n <= sequence.Positions.Count; n++)
        {
            rows.AddRange(stepped.Advance([.. sequence.Positions.Take(n)], state));
            logits.AddRange(stepped.Logits(rows.ToArray().AsSpan()[^whole.Config.HiddenSize..]));
        }
        Assert.Equal(hidden, rows);
        var all = new float[sequence.Positions.Count * whole.Config.VocabSize];
        whole.Logits(hidden, all, sequence.Positions.Count);
        Assert.Equal(all[((sequence.Start - 1) * whole.Config.VocabSize)..], logits);

        foreach (var target in sequence.FrameTargets())
        {
            var predictor = whole.code_predictor;
            var row = Row(hidden, target.Position, whole);
            var forced = new float[(predictor.Groups - 1) * predictor.Codebook];
            predictor.ScoreFrames(row, target.Frame, forced);
            var stepwise = new List<float>();
            stepwise.AddRange(stepped.code_predictor.Begin(row, [target.Frame[0]]));
            for (var i = 1; i < predictor.Groups - 1; i++)
                stepwise.AddRange(stepped.code_predictor.Next(i, [target.Frame[i]]));
            Assert.Equal(forced, stepwise);
        }
    }

    [Theory, MemberData(nameof(Forward))]
    public void FramesTogetherAreEachAloneBitForBit(string model)
    {
        using var workers = new Workers(2);
        var talker = GoldenRequest.Load(model, workers);
        var (sequence, golden) = Forced(model);
        golden.Dispose();
        var (predictor, hidden) = (talker.code_predictor, talker.Advance(sequence.Positions, talker.CreateState()).ToArray());
        // More frames than the layers compute at a time.
        FrameTarget[] targets = [.. Enumerable.Repeat(sequence.FrameTargets(), 3).SelectMany(t => t)];
        var size = (predictor.Groups - 1) * predictor.Codebook;
        var together = new float[targets.Length * size];
        var states = predictor.ScoreFrames([.. targets.SelectMany(t => Row(hidden, t.Position, talker).ToArray())],
            [.. targets.SelectMany(t => t.Frame)], together).ToArray();
        foreach (var (target, i) in targets.Select((t, i) => (t, i)))
        {
            var alone = new float[size];
            var rows = predictor.ScoreFrames(Row(hidden, target.Position, talker), target.Frame, alone);
            Assert.Equal(alone, together.AsSpan(i * size, size));
            Assert.Equal(rows, states.AsSpan(i * rows.Length, rows.Length));
        }
    }

    [Fact]
    public void NothingNewIsRefused()
    {
        using var workers = new Workers(1);
        var model = Golden.Checkpoints.First();
        var talker = GoldenRequest.Load(model, workers);
        var request = GoldenRequest.All(model).First();
        var (sequence, state) = (TalkerSequence.Prompt(request.Utterance, request.Tokens), talker.CreateState());
        talker.Advance(sequence.Positions, state);
        Assert.Contains("nothing new", Assert.Throws<ArgumentException>(() => talker.Advance(sequence.Positions, state)).Message,
            StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(GoldenRequest.Models), MemberType = typeof(GoldenRequest))]
    public void EveryTensorIsAskedFor(string model)
    {
        var folder = ModelFolder.Open(Golden.Checkpoint(model));
        using var weights = folder.OpenWeights();
        using var workers = new Workers(1);
        _ = new TalkerModel(weights, folder.Config.TalkerConfig, workers);
        var foreign = weights.Entries.Where(e => !e.Name.StartsWith("talker.", StringComparison.Ordinal)).Select(e => e.Name).ToHashSet();
        weights.Finish(foreign.Contains);
        Assert.All(foreign, name => Assert.StartsWith("speaker_encoder.", name));
    }

    [Fact]
    public void AnotherModelsConfigurationNamesEveryProblem()
    {
        var (small, large) = (ModelFolder.Open(Golden.Checkpoint("base-0b6")), ModelFolder.Open(Golden.Checkpoint("base-1b7")));
        using var weights = small.OpenWeights();
        using var workers = new Workers(1);
        _ = new TalkerModel(weights, large.Config.TalkerConfig, workers);
        var error = Assert.Throws<InvalidDataException>(
            () => weights.Finish(n => n.StartsWith("speaker_encoder.", StringComparison.Ordinal)));
        Assert.Contains("small_to_mtp_projection", error.Message, StringComparison.Ordinal);
        Assert.Contains("of another shape", error.Message, StringComparison.Ordinal);
    }

    static ReadOnlySpan<float> Row(float[] hidden, int position, TalkerModel talker) =>
        hidden.AsSpan(position * talker.Config.HiddenSize, talker.Config.HiddenSize);

    static (TalkerSequence, SafetensorsFile) Forced(string model)
    {
        var name = Golden.Json("forward", "forward.json").GetProperty(model).GetProperty("case").GetString();
        var request = GoldenRequest.All(model).First(r => r.Name == name);
        var sequence = TalkerSequence.Prompt(request.Utterance, request.Tokens);
        var golden = SafetensorsFile.Open(Golden.File("forward", $"{model}.safetensors"));
        foreach (var frame in GoldenRequest.Frames(golden, "frames"))
            sequence.Append(new CodecStep.Frame(frame));
        return (sequence, golden);
    }
}
