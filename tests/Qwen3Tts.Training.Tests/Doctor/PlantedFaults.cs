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
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>One fine-tune of the miniature.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Faults">The planted faults.</param>
/// <param name="Rate">Learning rate.</param>
/// <param name="Steps">Number of steps of four clips each.</param>
/// <param name="Options">Other options of the run.</param>
sealed record Planted(string Name, FaultSet Faults, double Rate, int Steps, Func<TrainingOptions, TrainingOptions>? Options = null);

/// <summary>Fine-tunes a miniature with this project's trainer, each time with other faults, and provides the clips to measure
/// on.</summary>
/// <param name="folder">The folder of the checkpoints; a checkpoint that exists there is not trained again.</param>
/// <param name="clips">How many of the recordings to use.</param>
/// <param name="model">The base model; null: the widened miniature.</param>
/// <param name="edit">Changes the recordings, which are WAV and TXT files in a folder.</param>
/// <param name="source">The folder of the recordings; null: those of nora.</param>
sealed class PlantedFaults(string folder, int clips, string? model = null, Action<string>? edit = null, string? source = null)
{
    const int EveryOtherIsNew = 5;

    public static string Base => WidenedMini.Model;

    /// <summary>The base model.</summary>
    public string Model { get; } = model ?? Base;

    /// <summary>The training data, as codes.jsonl.</summary>
    public string Data => Prepared("codes.jsonl", i => i % EveryOtherIsNew > 0);

    /// <summary>Clips of the same voice that no checkpoint was trained on.</summary>
    public string New => Prepared("new.jsonl", i => i % EveryOtherIsNew == 0);

    /// <summary>Trains a run and returns the folder of its export.</summary>
    public string Checkpoint(Planted planted)
    {
        var run = Path.Combine(folder, FormattableString.Invariant($"{planted.Name}_{planted.Rate:0e0}_{planted.Steps}").Replace(' ', '_'));
        var options = new TrainingOptions
        {
            Model = Model,
            Data = Data,
            Speaker = "nora",
            Steps = planted.Steps,
            Batch = 4,
            LearningRate = planted.Rate,
            SaveEvery = planted.Steps,
            EvaluateEvery = 0,
            HeldOut = 0,
            Layout = LayoutPolicy.TextFirst,
            Languages = ["data"],
            Force = true,
            Planted = Hypothesis.Combine(planted.Faults),
        };
        return Directory.Exists(Path.Combine(run, "export")) ? Path.Combine(run, "export")
            : Trainer.Run(planted.Options?.Invoke(options) ?? options, run, Existing.Overwrite, null, default).Export;
    }

    /// <summary>A LoRA run at learning rate 1e-3, merged into its base. It does not change the heads.</summary>
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

    /// <summary>A run whose weights are rounded to BF16 after each update, as with an optimiser without float32 masters.</summary>
    public string WithoutMasters(FaultSet faults, double rate, int steps)
    {
        var target = Target(faults, "without_masters", rate, steps);
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

    /// <summary>A run with an optimiser that this project does not have.</summary>
    /// <param name="faults">The planted faults.</param>
    /// <param name="name">Name of the optimiser.</param>
    /// <param name="begin">Creates the optimiser state of a tensor of this shape.</param>
    /// <param name="rate">Learning rate.</param>
    /// <param name="steps">Number of updates.</param>
    public string WithOptimizer(FaultSet faults, string name, Func<long[], WeightUpdate> begin, double rate, int steps)
    {
        var target = Target(faults, name, rate, steps);
        return Directory.Exists(target) ? target
            : ByHand(target, faults, steps, rate, _ => { }, _ => { }, (talker, _, _, _) => TalkerWeights.Values(talker), begin);
    }

    /// <summary>A run with this weight decay on every tensor, including embeddings and norms.</summary>
    public string WithDecay(FaultSet faults, double decay, double rate, int steps)
    {
        var target = Target(faults, FormattableString.Invariant($"decay_{decay:0.0}"), rate, steps);
        return Directory.Exists(target) ? target : ByHand(target, faults, steps, rate, _ => { }, _ => { },
            (talker, _, _, _) => TalkerWeights.Values(talker),
            settings: new() { WeightDecay = decay, DecayScope = WeightDecayScope.Everything });
    }

    string Target(FaultSet faults, string name, double rate, int steps) => Path.Combine(
        folder, FormattableString.Invariant($"{Hypothesis.Combine(faults).Name}_{name}_{rate:0e0}_{steps}"), "export");

    string ByHand(string target, FaultSet faults, int steps, double rate, Action<TalkerModule> begin, Action<TalkerModule> afterStep,
        Func<TalkerModule, ModelFolder, float[], Weights, Dictionary<string, Func<float[]>>> values,
        Func<long[], WeightUpdate>? update = null, AdamWOptions? settings = null)
    {
        using var scope = NewDisposeScope();
        var model = ModelFolder.Open(Model);
        var tokenizer = TextTokenizer.Load(Model);
        var ids = model.Config.SpecialTokens(tokenizer.AssistantHead[^1]);
        var lines = CodesFile.Read(Data, model.Config.TalkerConfig.NumCodeGroups, model.Config.TalkerConfig.CodePredictorConfig.VocabSize);
        var voice = Export.AsStored(model, SpeakerEncoder.Load(model, Workers.Shared).Embed(WavFile.Read(lines[0].Reference!)));
        var options = new TrainingOptions
        {
            Model = Model,
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
        using var optimizer = new AdamW(Freezing.ListTrained(talker), settings ?? new());
        var updates = Freezing.ListTrained(talker).Select(p => (Weight: p.Parameter, Update: update?.Invoke(p.Parameter.shape))).ToList();
        for (var step = 0; step < steps; step++)
        {
            using var batch = new TrainingBatch(data.Batch(step), ids.CodecEos, CPU);
            if (update is null)
                TrainingStep.Run(talker, [batch], optimizer, rate, 1);
            else
            {
                TrainingStep.Accumulate(talker, [batch]);
                var scale = (float)AdamW.ClipFactor(optimizer.ComputeGradientNorm(), 1);
                foreach (var (weight, change) in updates.Where(u => u.Weight.grad is not null))
                {
                    var (numbers, gradient) = (weight.ToFloat32Array(), weight.grad!.ToFloat32Array());
                    change!(numbers, [.. gradient.Select(g => g * scale)], (float)rate);
                    weight.Fill(numbers);
                    weight.grad = null;
                }
            }
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
            var recordings = Directory.CreateDirectory(Path.Combine(folder, "recordings")).FullName; // training reads the voice there
            foreach (var recording in Directory.GetFiles(source ?? Mini.Recordings).Order(StringComparer.Ordinal).Take(2 * clips))
                File.Copy(recording, Path.Combine(recordings, Path.GetFileName(recording)), overwrite: true);
            edit?.Invoke(recordings);
            Preparation.Run(new() { Input = recordings, Output = all, Language = "English" }, ModelEncoder.Load(ModelFolder.Open(Model)),
                null, default);
        }
        if (!File.Exists(file))
            File.WriteAllLines(file, File.ReadLines(all).Where((_, i) => chosen(i)));
        return file;
    }
}
