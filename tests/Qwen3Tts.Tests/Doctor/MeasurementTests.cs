using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Kernels;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Tests;

/// <summary>The inference engine measures the same losses as the official modules, under every hypothesis.</summary>
public sealed class MeasurementTests
{
    public static TheoryData<string> Batches =>
        [.. Golden.Json("faults", "losses.json").GetProperty("batches").EnumerateObject().Select(b => b.Name)];
    public static TheoryData<string> Checkpoints => [.. FaultyCheckpoints.Stored.Append("untrained")];

    [Theory, MemberData(nameof(Batches))]
    public void LossesUnderEachFault(string model)
    {
        var batch = Golden.Json("faults", "losses.json").GetProperty("batches").GetProperty(model);
        using var references = SafetensorsFile.Open(Golden.File("prompts", "references.safetensors"));
        var samples = batch.GetProperty("samples").EnumerateArray().ToList();
        var ids = GoldenExample.Ids(model, samples[0]);
        using var workers = new Workers(1);
        var measurement = new Measurement(GoldenRequest.Load(model, workers), ids,
            [.. samples.Select(u => GoldenExample.Create(u, ids,
                references.Float32($"{u.GetProperty("ref").GetString()}.{model}.x_vector")))]);
        foreach (var fault in batch.GetProperty("losses").EnumerateObject())
        {
            var faults = Hypothesis.All.Single(
                h => h.Name == (fault.Name == "official_from_its_five_faults" ? "official" : fault.Name)).Faults;
            Assert.Equal(!fault.Value.TryGetProperty("error", out _), measurement.Allows(faults));
            if (!measurement.Allows(faults))
                Assert.Contains("without its projection", Assert.Throws<ArgumentException>(() => measurement.LossesUnder(faults)).Message,
                    StringComparison.Ordinal);
            else
                Check(measurement.LossesUnder(faults), fault.Value, 1e-4, relative: false, $"{model} {fault.Name}");
        }
    }

    [Theory, MemberData(nameof(Checkpoints))]
    public void TheMatrixOfTheDoctor(string name)
    {
        var examples = FaultyCheckpoints.Examples();
        using var workers = new Workers(1);
        var folder = ModelFolder.Open(name == "untrained" ? Golden.Checkpoint(FaultyCheckpoints.Base) : FaultyCheckpoints.Folder(name));
        using var weights = folder.OpenWeights();
        var measurement = new Measurement(new TalkerModel(weights, folder.Config.TalkerConfig, workers),
            GoldenExample.Ids(FaultyCheckpoints.Base, Golden.Json("faults", "doctor_samples.json")[0]), examples);
        var inputs = new HashSet<FaultSet>();
        foreach (var hypothesis in FaultyCheckpoints.Doctor.GetProperty("matrix").GetProperty(name).EnumerateObject())
        {
            var faults = Hypothesis.All.Single(h => h.Name == hypothesis.Name).Faults;
            inputs.Add(faults & KnownFaults.Input);
            Check(measurement.LossesUnder(faults), hypothesis.Value, 1e-5, relative: true, $"{name} under {hypothesis.Name}");
        }
        Assert.Equal(inputs.Count * examples.Count, measurement.TalkerRuns);
    }

    /// <summary>If a clip begins like another one, its pass continues from the shared beginning; its losses equal, bit for bit, those of a
    /// pass of its own.</summary>
    [Fact]
    public void ClipsShareTheirBeginningsWithoutADifference()
    {
        var (examples, folder) = (FaultyCheckpoints.Examples(), ModelFolder.Open(Golden.Checkpoint(FaultyCheckpoints.Base)));
        using var workers = new Workers(1);
        using var weights = folder.OpenWeights();
        var talker = new TalkerModel(weights, folder.Config.TalkerConfig, workers);
        var ids = GoldenExample.Ids(FaultyCheckpoints.Base, Golden.Json("faults", "doctor_samples.json")[0]);
        var together = new Measurement(talker, ids, examples);
        foreach (var hypothesis in Hypothesis.All.Where(h => together.Allows(h.Faults)))
            for (var clip = 0; clip < examples.Count; clip++)
                Assert.Equal(new Measurement(talker, ids, [examples[clip]]).LossesUnder(0, hypothesis.Faults),
                    together.LossesUnder(clip, hypothesis.Faults));
    }

    /// <summary>Measuring a model under every fault does not change it: faults edit the examples, not the weights.</summary>
    [Fact]
    public void MeasuringChangesNoWeight()
    {
        var (examples, trained) = (FaultyCheckpoints.Examples(), ModelFolder.Open(FaultyCheckpoints.Folder("official")));
        var original = ModelFolder.Open(Golden.Checkpoint(FaultyCheckpoints.Base));
        using var workers = new Workers(1);
        using var now = trained.OpenWeights();
        using var before = original.OpenWeights();
        var talker = new TalkerModel(now, trained.Config.TalkerConfig, workers);
        var ids = GoldenExample.Ids(FaultyCheckpoints.Base, Golden.Json("faults", "doctor_samples.json")[0]);
        var (first, moved) = (MeasureAll(), HeadMovement.Compare(now, before, talker.Config));
        foreach (var hypothesis in Hypothesis.All)
        {
            new Measurement(talker, ids, examples).TalkerFit(0, hypothesis.Faults, moved);
            new Measurement(talker, ids, examples).PredictorFit(0, hypothesis.Faults, moved);
        }
        string Report() => JsonSerializer.Serialize(new Movement(now, before, talker.Config).Report());
        var report = Report();
        Assert.Equal(report, Report());
        Assert.Equal(first, MeasureAll());

        List<Losses> MeasureAll() => [.. Hypothesis.All.Select(h => new Measurement(talker, ids, examples).LossesUnder(h.Faults))];
    }

    static void Check(Losses ours, JsonElement golden, double tolerance, bool relative, string what)
    {
        // the goldens have 0 if no end is taught
        foreach (var (key, value) in new[] { ("talker", ours.Talker), ("predictor", ours.Predictor.Mean), ("total", ours.Total),
            ("talker_without_eos", ours.Codes.Mean), ("eos", ours.End.Count == 0 ? 0 : ours.End.Mean) })
            if (golden.TryGetProperty(key, out var expected))
                Parity.Check("doctor", relative ? "faulty checkpoints"
                    : "losses", Math.Abs(value - expected.GetDouble()) / (relative ? Math.Max(Math.Abs(expected.GetDouble()), 1) : 1),
                    tolerance, $"{what}, {key}");
        foreach (var (key, count) in new[] { ("talker_targets", ours.Codes.Count + ours.End.Count),
            ("predictor_targets", ours.Predictor.Count), ("eos_targets", ours.End.Count) })
            if (golden.TryGetProperty(key, out var expected))
                Assert.Equal(expected.GetInt32(), count);
    }
}
