using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Generation;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests;

/// <summary>Speaking as a faulty checkpoint was trained: the positions are the same as in its training, and the command in the report
/// exists.</summary>
public sealed class RescueTests
{
    [Fact]
    public void TheWriterPutsTheSpeakerWhereTheFaultyTrainerDid()
    {
        var sample = Golden.Json("faults", "doctor_samples.json")[0];
        var ids = GoldenExample.Ids(FaultyCheckpoints.Base, sample);
        foreach (var language in new[] { "english", null })
            foreach (var voice in new[] { [1f, 2f], (float[]?)null })
            {
                TalkerSequence Prompt(Compatibility compatibility)
                {
                    var s = TalkerSequence.Prompt(
                        new() { Text = [1, 2, 3], Language = language, Voice = voice, Compatibility = compatibility }, ids);
                    s.Append(new CodecStep.Frame(Frame));
                    s.AppendEnd();
                    return s;
                }
                var trained = new Hypothesis("", FaultSet.SpeakerAt6)
                    .Edit(TrainingExample.FromSequence(Prompt(Compatibility.None), ids), ids);
                Assert.Equal(trained.Positions, Prompt(Compatibility.SpeakerAt6).Positions);
                Assert.Equal(language is not null
                    && voice is not null, !Prompt(Compatibility.None).Positions.SequenceEqual(Prompt(Compatibility.SpeakerAt6).Positions));
            }
    }

    [Fact]
    public void RawTextMakesTheModelSayWhatItWasTaught()
    {
        using var faithful = Tts.Load(FaultyCheckpoints.Folder("no_text_projection"),
            new() { Threads = 1, Compatibility = Compatibility.RawText });
        using var usual = Tts.Load(FaultyCheckpoints.Folder("no_text_projection"), new() { Threads = 1 });
        using var references = SafetensorsFile.Open(Golden.File("prompts", "references.safetensors"));
        var (rescued, lost, all) = (0, 0, 0);
        foreach (var u in Golden.Json("faults", "doctor_samples.json").EnumerateArray())
        {
            var taught = u.GetProperty("frames").EnumerateArray().Select(f => f[0].GetInt32()).ToList();
            var voice = faithful.Clone(new Waveform(references.Float32($"{u.GetProperty("ref").GetString()}.wav"), 24000));
            var options = new SpeechOptions
            {
                Voice = voice,
                Language = u.GetProperty("language").GetString()!,
                Layout = Layout.TextFirst,
                Sampling = new() { Greedy = true, PredictorGreedy = true, RepetitionPenalty = 1, MaxFrames = taught.Count + 1 },
            };
            int Same(Tts tts)
            {
                var stream = tts.Stream(u.GetProperty("text").GetString()!, options);
                _ = stream.ToList();
                return stream.Frames.Zip(taught).Count(p => p.First[0] == p.Second);
            }
            (rescued, lost, all) = (rescued + Same(faithful), lost + Same(usual), all + taught.Count);
        }
        Assert.True(rescued > 0.95 * all, $"With raw text {rescued} of {all} first codes are those it was taught.");
        Assert.True(lost < rescued, $"Without raw text {lost} are.");
    }

    [Fact]
    public void RawTextIsRefusedWhereNoTrainerCanHaveFedIt() =>
        Assert.Contains("without its projection",
            Assert.Throws<ArgumentException>(
            () => Tts.Load(Golden.Checkpoint("base-0b6"), new() { Threads = 1, Compatibility = Compatibility.RawText })).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData(FaultSet.None, null)]
    [InlineData(FaultSet.NoLanguage, "say --language Auto --layout text-first")]
    [InlineData(FaultSet.NoTextProjection | FaultSet.SpeakerAt6 | FaultSet.Interleaved,
        "say --compat raw-text,speaker-at-6 --layout interleaved")]
    [InlineData(FaultSet.NoTextProjection | FaultSet.OwnHidden, null)]
    [InlineData(FaultSet.Official, null)]
    internal void ARescueIsOfferedOnlyWhereSpeakingCanBeLikeTheTraining(FaultSet faults, string? command) =>
        Assert.Equal(command, KnownFaults.FindRescue(faults));

    /// <summary>For every combination of faults: a command is given only if it is possible to speak with all of them, and it has exactly
    /// the options for this.</summary>
    [Fact]
    public void EveryCombinationIsOfferedExactlyWhatItNeeds()
    {
        FaultSet[] spoken = [FaultSet.NoTextProjection, FaultSet.NoLanguage, FaultSet.SpeakerAt6, FaultSet.Interleaved, FaultSet.NoSpeaker];
        for (var faults = FaultSet.None + 1; faults < FaultSet.NoSpeaker + (int)FaultSet.NoSpeaker; faults++)
        {
            var command = KnownFaults.FindRescue(faults);
            Assert.Equal(Enumerable.Range(0, 11).Select(bit => (FaultSet)(1 << bit)).Where(f => faults.HasFlag(f)).All(spoken.Contains),
                command is not null);
            if (command is null)
                continue;
            Assert.Equal(faults.HasFlag(FaultSet.NoTextProjection), command.Contains("raw-text", StringComparison.Ordinal));
            Assert.Equal(faults.HasFlag(FaultSet.SpeakerAt6), command.Contains("speaker-at-6", StringComparison.Ordinal));
            Assert.Equal(faults.HasFlag(FaultSet.NoLanguage), command.Contains("--language Auto", StringComparison.Ordinal));
            Assert.Equal(faults.HasFlag(FaultSet.Interleaved), command.Contains("--layout interleaved", StringComparison.Ordinal));
        }
    }

    static readonly int[] Frame = new int[16];
}
