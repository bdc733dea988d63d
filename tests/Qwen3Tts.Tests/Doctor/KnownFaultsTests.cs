using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests;

/// <summary>Each fault is one file, and everything else is derived from it.</summary>
public sealed class KnownFaultsTests
{
    static IEnumerable<FaultSet> Bits => Enum.GetValues<FaultSet>().Where(f => int.PopCount((int)f) == 1);

    [Fact]
    public void EachBitHasOneFileThatIsCalledLikeIt()
    {
        Assert.Equal(Bits, KnownFaults.All.Select(f => f.Bit));
        Assert.All(KnownFaults.All, f => Assert.Equal($"{f.Bit}", f.GetType().Name));
        Assert.Distinct(KnownFaults.All.Select(f => f.Name));
        var folder = Path.Combine(Golden.Repository, "src", "Qwen3Tts", "Doctor", "Faults");
        Assert.All(KnownFaults.All, f =>
            Assert.Contains($"{f.GetType().Name} : Fault", File.ReadAllText(Path.Combine(folder, $"{f.Bit}.cs")),
            StringComparison.Ordinal));
    }

    /// <summary>The parts of the search together cover every visible fault, and each fault exactly once.</summary>
    [Fact]
    public void EveryFaultIsAskedAboutOnce()
    {
        FaultSet[] stages = [KnownFaults.Input, KnownFaults.Labels, KnownFaults.End, KnownFaults.Predictor];
        Assert.All(Bits, bit => Assert.Equal(bit == FaultSet.MaskBeforeProjection ? 0 : 1, stages.Count(s => s.HasFlag(bit))));
        Assert.Equal([FaultSet.None, FaultSet.NoLanguage, FaultSet.SpeakerAt6, FaultSet.NoSpeaker,
            FaultSet.NoLanguage | FaultSet.NoSpeaker], KnownFaults.Prefixes);
    }

    /// <summary>A combination gives the same example in whatever order its faults are planted, except for faults that leave another one
    /// nothing to edit.</summary>
    [Fact]
    public void TheOrderOfEditsDoesNotMatter()
    {
        var sample = Golden.Json("faults", "doctor_samples.json")[0];
        var (ids, example) = (GoldenExample.Ids(FaultyCheckpoints.Base, sample), FaultyCheckpoints.Examples()[0]);
        foreach (var a in KnownFaults.All)
            foreach (var b in KnownFaults.All.Where(b => b != a && (a.Excludes & b.Bit) == 0 && (b.Excludes & a.Bit) == 0))
                AssertEqual(a.Edit(b.Edit(example, ids), ids), b.Edit(a.Edit(example, ids), ids), $"{a.Name} and {b.Name}");
    }

    static void AssertEqual(TrainingExample a, TrainingExample b, string what)
    {
        Assert.True(a.Positions.SequenceEqual(b.Positions) && a.ProjectsText == b.ProjectsText, what);
        Assert.True(a.Talker.SequenceEqual(b.Talker) && a.Heads.SequenceEqual(b.Heads), what);
        Assert.True(a.Frames.Select(f => f.Position).SequenceEqual(b.Frames.Select(f => f.Position)), what);
    }
}
