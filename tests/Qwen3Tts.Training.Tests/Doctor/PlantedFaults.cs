using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Kernels;
using Qwen3Tts.Speaker;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>One fine-tune of the miniature.</summary>
/// <param name="Name">How the table calls it.</param>
/// <param name="Faults">What was planted.</param>
/// <param name="Rate">Learning rate.</param>
/// <param name="Steps">Of four clips each.</param>
/// <param name="Options">What else is unusual about the run.</param>
sealed record Planted(string Name, FaultSet Faults, double Rate, int Steps, Func<TrainingOptions, TrainingOptions>? Options = null);

/// <summary>Fine-tunes of the widened miniature by this project's trainer, each with its faults, and the clips to judge them on.</summary>
/// <param name="folder">Where they are kept; what is there already is not trained again.</param>
/// <param name="clips">How many of the recordings to use.</param>
sealed class PlantedFaults(string folder, int clips)
{
    const int EveryOtherIsNew = 5;

    public static string Base => WidenedMini.Model;

    /// <summary>What they are trained on, as codes.jsonl.</summary>
    public string Data => Prepared("codes.jsonl", i => i % EveryOtherIsNew > 0);

    /// <summary>Clips of the same voice that none of them has seen.</summary>
    public string New => Prepared("new.jsonl", i => i % EveryOtherIsNew == 0);

    /// <summary>The export of the run.</summary>
    public string Checkpoint(Planted planted)
    {
        var run = Path.Combine(folder, FormattableString.Invariant($"{planted.Name}_{planted.Rate:0e0}_{planted.Steps}").Replace(' ', '_'));
        var options = new TrainingOptions
        {
            Model = Base,
            Data = Data,
            Speaker = "nora",
            Steps = planted.Steps,
            Batch = 4,
            LearningRate = planted.Rate,
            SaveEvery = planted.Steps,
            EvaluateEvery = 0,
            Layout = LayoutPolicy.TextFirst,
            Languages = ["data"],
            Force = true,
            Planted = Hypothesis.Combine(planted.Faults),
        };
        return Directory.Exists(Path.Combine(run, "export")) ? Path.Combine(run, "export")
            : Trainer.Run(planted.Options?.Invoke(options) ?? options, run, Existing.Refuse, null, default).Export;
    }

    /// <summary>A run of LoRA at 1e-3, which leaves the heads alone, merged into its base.</summary>
    public string MergedLora(FaultSet faults, int steps)
    {
        var (target, lora) = (Path.Combine(folder, $"{Hypothesis.Combine(faults).Name}_lora_{steps}", "export"), new LoraOptions());
        return Directory.Exists(target) ? target
            : ByHand(target, faults, steps, 1e-3, talker => Lora.Apply(talker, lora), _ => { }, (talker, model, voice, weights) =>
        {
            var adapter = Scratch.New("adapter");
            Lora.Save(adapter, talker, lora, model, [new("nora", voice)]);
            return Lora.Merged(Adapter.Open(adapter), weights);
        });
    }

    /// <summary>A run whose weights are rounded to BF16 after each update, as an optimiser does that has no masters.</summary>
    public string WithoutMasters(FaultSet faults, double rate, int steps)
    {
        var target = Path.Combine(folder,
            FormattableString.Invariant($"{Hypothesis.Combine(faults).Name}_without_masters_{rate:0e0}_{steps}"), "export");
        return Directory.Exists(target) ? target : ByHand(target, faults, steps, rate, _ => { }, talker =>
        {
            using var still = no_grad();
            foreach (var (_, weight) in Freezing.ListTrained(talker))
            {
                using var rounded = weight.to(ScalarType.BFloat16);
                weight.copy_(rounded);
            }
        }, (talker, _, _, _) => TalkerWeights.Values(talker));
    }

    string ByHand(string target, FaultSet faults, int steps, double rate, Action<TalkerModule> begin, Action<TalkerModule> afterStep,
        Func<TalkerModule, ModelFolder, float[], Weights, Dictionary<string, Func<float[]>>> values)
    {
        using var scope = NewDisposeScope();
        var model = ModelFolder.Open(Base);
        var tokenizer = TextTokenizer.Load(Base);
        var ids = model.Config.SpecialTokens(tokenizer.AssistantHead[^1]);
        var lines = CodesFile.Read(Data, model.Config.TalkerConfig.NumCodeGroups, model.Config.TalkerConfig.CodePredictorConfig.VocabSize);
        var voice = Export.AsStored(model, SpeakerEncoder.Load(model, Workers.Shared).Embed(WavFile.Read(lines[0].Reference!)));
        var options = new TrainingOptions
        {
            Model = Base,
            Data = Data,
            Speaker = "nora",
            Steps = steps,
            Batch = 4,
            Languages = ["data"],
            Layout = LayoutPolicy.TextFirst,
            Planted = Hypothesis.Combine(faults),
        }.Completed(model.Config, lines.Count, true);
        var (data, talker) = (new TrainingData(lines, tokenizer, ids, [new("nora", lines[0].Reference!, voice)], options),
            TalkerWeights.Load(model, Placement.Float32OnCpu));
        begin(talker);
        using var optimizer = new AdamW(Freezing.ListTrained(talker), new());
        for (var step = 0; step < steps; step++)
        {
            using var batch = new TrainingBatch(data.Batch(step), ids.CodecEos, CPU);
            TrainingStep.Run(talker, [batch], optimizer, rate, 1);
            afterStep(talker);
        }
        using var weights = model.OpenWeights();
        Export.Write(model, target, values(talker, model, voice, weights), [new("nora", voice)]);
        return target;
    }

    string Prepared(string name, Func<int, bool> chosen)
    {
        var (all, file) = (Path.Combine(folder, "all.jsonl"), Path.Combine(folder, name));
        if (!File.Exists(all))
        {
            var recordings = Scratch.New("recordings");
            foreach (var recording in Directory.GetFiles(Mini.Recordings).Order(StringComparer.Ordinal).Take(2 * clips))
                File.Copy(recording, Path.Combine(recordings, Path.GetFileName(recording)));
            Preparation.Run(new() { Input = recordings, Output = all, Language = "English" }, ModelEncoder.Load(ModelFolder.Open(Base)),
                null, default);
        }
        if (!File.Exists(file))
            File.WriteAllLines(file, File.ReadLines(all).Where((_, i) => chosen(i)));
        return file;
    }
}
