using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Doctor;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Tests;

/// <summary>The doctor measures exactly the sequences that the trainer used, position by position, under all conditions.</summary>
public sealed class SameSequenceTests(SameSequenceTests.Recordings recordings) : IClassFixture<SameSequenceTests.Recordings>
{
    const int Clips = 10;

    /// <summary>Training data, prepared once, with an instruction in every other line.</summary>
    public sealed class Recordings
    {
        public string Data { get; } = Path.Combine(Scratch.New("same"), "codes.jsonl");

        public Recordings()
        {
            var chosen = Scratch.New("recordings");
            foreach (var file in Directory.GetFiles(Mini.Recordings).Order(StringComparer.Ordinal).Take(2 * Clips))
                File.Copy(file, Path.Combine(chosen, Path.GetFileName(file)));
            Preparation.Run(new() { Input = chosen, Output = Data, Language = "English" }, ModelEncoder.Load(ModelFolder.Open(Mini.Model)),
                null, default);
            File.WriteAllLines(Data, File.ReadAllLines(Data).Select((line, i) =>
            {
                var clip = JsonNode.Parse(line)!.AsObject();
                if (i % 2 == 0)
                    clip["instruct"] = "Good morning.";
                return clip.ToJsonString();
            }));
        }
    }

    TrainingOptions Options(Func<TrainingOptions, TrainingOptions> change) => change(new()
    {
        Model = Mini.Model,
        Data = recordings.Data,
        Speaker = "nora",
        Steps = 2,
        Batch = 4,
        SaveEvery = 2,
        Layout = LayoutPolicy.TextFirst,
        Languages = ["data"],
        Force = true,
    });

    public static TheoryData<string> Kinds => [.. Changes.Keys];

    static readonly Dictionary<string, Func<TrainingOptions, TrainingOptions>> Changes = new()
    {
        ["text first"] = o => o,
        ["interleaved"] = o => o with { Layout = LayoutPolicy.Interleaved },
        ["in context"] = o => o with { InContext = 1 },
        ["interleaved, in context"] = o => o with { Layout = LayoutPolicy.Interleaved, InContext = 1 },
        ["no language"] = o => o with { Languages = ["auto"] },
        ["another language"] = o => o with { Languages = ["German"] },
    };

    [Theory, MemberData(nameof(Kinds))]
    public void TrainerAndDoctorWriteTheSame(string kind)
    {
        var options = Options(Changes[kind]);
        var export = Trainer.Run(options, Scratch.New("run"), Existing.Refuse, null, default).Export;
        var model = ModelFolder.Open(export);
        var doctor = ClipExamples.Load(new() { Checkpoint = export, Data = recordings.Data }, model, ModelFolder.Open(Mini.Model));
        var trainer = Trained(options);
        Assert.Equal(Clips, doctor.Examples.Count);
        Assert.Equal(Shown(trainer), Shown(doctor.Examples));
        Assert.Equal((Clips + 1) / 2, doctor.Written.Instructed);
        Assert.Equal(options.InContext > 0 ? Clips - 1 : 0, doctor.Written.InContext);
        Assert.Equal(RunManifest.FileName, doctor.Written.Source);
    }

    /// <summary>Without a manifest, instructions and languages come from the list, and the layout is text first.</summary>
    [Fact]
    public void WithoutAManifestTheListSays()
    {
        var options = Options(o => o);
        var export = Trainer.Run(options, Scratch.New("run"), Existing.Refuse, null, default).Export;
        File.Delete(Path.Combine(export, RunManifest.FileName));
        var doctor = Load(export);
        Assert.Equal(Shown(Trained(options)), Shown(doctor.Examples));
        Assert.Equal("the list", doctor.Written.Source);
    }

    /// <summary>A script that copies its base also copies the manifest of another run.</summary>
    [Fact]
    public void AManifestOfOtherVoicesIsNotBelieved()
    {
        var export = Trainer.Run(Options(o => o with { Layout = LayoutPolicy.Interleaved }), Scratch.New("run"), Existing.Refuse, null,
            default).Export;
        var file = Path.Combine(export, RunManifest.FileName);
        var manifest = RunManifest.Read(export)!;
        File.WriteAllText(file, (manifest with { Voices = [manifest.Voices[0] with { Name = "somebody" }] }).ToJson());
        var written = Load(export).Written;
        Assert.Equal(Layout.TextFirst, written.Layout);
        Assert.Contains("lacks", written.Source, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunWithInstructionsAndInterleavedTextIsHealthy()
    {
        var options = Options(o => o with { Layout = LayoutPolicy.Interleaved, InContext = 1, Steps = 30, SaveEvery = 30 });
        var export = Trainer.Run(options, Scratch.New("run"), Existing.Refuse, null, default).Export;
        var report = Examination.Run(new() { Checkpoint = export, Base = Mini.Model, Data = recordings.Data, Takes = 0 }, null, _ => { });
        Assert.Equal("Healthy: it was trained with the sequence that it speaks with.", report.Verdict);
        Assert.Equal("correct", report.Hypothesis);
        Assert.Equal((RunManifest.Interleaved, (Clips + 1) / 2, Clips - 1),
            (report.Data!.Layout, report.Data.Instructed, report.Data.InContext));
    }

    ClipExamples Load(string export) =>
        ClipExamples.Load(new() { Checkpoint = export, Data = recordings.Data }, ModelFolder.Open(export), ModelFolder.Open(Mini.Model));

    /// <summary>The examples of the first epoch.</summary>
    static List<TrainingExample> Trained(TrainingOptions options)
    {
        var model = ModelFolder.Open(options.Model);
        var (talker, tokenizer) = (model.Config.TalkerConfig, TextTokenizer.Load(model.Path));
        var clips = CodesFile.Read(options.Data, talker.NumCodeGroups, talker.CodePredictorConfig.VocabSize);
        options = options.Completed(model.Config, clips.Count, true);
        var data = new TrainingData(clips, tokenizer, model.Config.SpecialTokens(tokenizer.AssistantHead[^1]),
            TrainingVoices.Load(model, options, clips), options, talker.MaxPositionEmbeddings);
        return data.Some(clips.Count);
    }

    /// <summary>Sorts the examples, because the trainer shuffles them.</summary>
    static IEnumerable<string> Shown(IEnumerable<TrainingExample> examples) => examples.Select(Show).Order(StringComparer.Ordinal);

    /// <summary>Positions and targets as text, with the exact numbers of the voice.</summary>
    static string Show(TrainingExample e) =>
        string.Join('\n', e.Positions.Select(p => $"{p.Text} {Show(p.Codec)}"))
        + $"\ntalker {string.Join(' ', e.Talker)}\nframes {string.Join(' ', e.Frames.Select(f => $"{f.Position}: {Codes(f.Frame)}"))}"
        + $"\nheads {string.Join(' ', e.Heads)} {e.ProjectsText}";

    static string Show(CodecStep? step) => step switch
    {
        CodecStep.Frame f => Codes(f.Codes),
        CodecStep.Voice v => string.Join(' ', v.Vector.Select(BitConverter.SingleToInt32Bits)),
        _ => $"{step}",
    };

    static string Codes(int[] codes) => string.Join(' ', codes);
}
