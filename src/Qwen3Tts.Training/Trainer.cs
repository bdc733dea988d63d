// Fine-tunes voices, from top to bottom: the same sequences that speaking writes, their pairs as targets, AdamW, and at the end a model
// folder whose rows hold the very vectors that stood in the sequences.
using System.Diagnostics;
using System.Security.Cryptography;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor;
using Qwen3Tts.Files;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Training;

/// <summary>One step, as it is logged and shown. Losses are means in nats over the effective batch, measured before its update.</summary>
/// <param name="Step">From 1.</param>
/// <param name="Of">Steps of the whole run.</param>
/// <param name="Talker">Over the codes of codebook 0 and the ends of speech.</param>
/// <param name="Predictor">Over the other codes.</param>
/// <param name="End">The part of <paramref name="Talker"/> over the ends of speech alone.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="LearningRate">Of this step.</param>
/// <param name="Tokens">Positions that passed the talker.</param>
/// <param name="Seconds">Time that the step took.</param>
/// <param name="HeldOutTalker">Measured after this step on clips that are not trained on; null where it was not.</param>
/// <param name="HeldOutPredictor">The same of the code predictor.</param>
sealed record StepReport(int Step, int Of, double Talker, double Predictor, double End, double GradientNorm, double LearningRate, int Tokens, double Seconds, double? HeldOutTalker = null, double? HeldOutPredictor = null);

/// <param name="Export">The model folder.</param>
/// <param name="Log">Every step of the run.</param>
/// <param name="HeldOut">Clips that were not trained on.</param>
/// <param name="Finished">False where it was stopped; the run can be resumed.</param>
sealed record TrainingResult(string Export, IReadOnlyList<StepReport> Log, IReadOnlyList<Clip> HeldOut, bool Finished)
{
    /// <summary>The checkpoint whose takes were best; where nothing was spoken, the last one.</summary>
    public string Best => Path.Combine(Path.GetDirectoryName(Export)!, "best") is var best && Directory.Exists(best) ? best : Export;
}

static class Trainer
{
    /// <param name="options">What to do.</param>
    /// <param name="run">Folder of the run.</param>
    /// <param name="existing">What to do with a run that is there.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="doubt">Told before the first step of what is unusual about the run.</param>
    /// <param name="note">Told before the first step of what was chosen, and at any time of what failed that training does not need.</param>
    /// <param name="stop">Ends the run after the step it is in: state and export are written as of that step.</param>
    /// <exception cref="InvalidDataException">Data, model or a loss is not what training needs.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or the name is taken.</exception>
    public static TrainingResult Run(TrainingOptions options, string run, Existing existing, IProgress<StepReport>? progress, CancellationToken stop, Action<Doubt>? doubt = null, Action<string>? note = null)
    {
        PeakMemory.KeepFreed();
        var model = ModelFolder.Open(options.Model);
        var talkerConfig = model.Config.TalkerConfig;
        var clips = CodesFile.Read(options.Data, talkerConfig.NumCodeGroups, talkerConfig.CodePredictorConfig.VocabSize);
        if (existing == Existing.Resume)
            options = options.AsBegun(RunFolder.Begun(run, options));
        options = (options with
        {
            HeldOut = Data.HeldOut.Of(clips, options.HeldOut).Count(held => held),
            DataSha256 = Convert.ToHexStringLower(SHA256.HashData(WholeFile.Read(options.Data))),
        }).Completed(model.Config, clips.Count, clips.Any(c => c.Language is not null));
        var unheard = model.Config.IgnoresInstruct ? clips.Count(c => !string.IsNullOrEmpty(c.Instruct)) : 0;
        if (unheard > 0)
            clips = clips.ConvertAll(c => c with { Instruct = null });
        var voices = Voices.Of(model, options, clips);
        var language = options.NewLanguage is null ? null : NewLanguage.Of(talkerConfig, options, voices.Count);
        var tokenizer = TextTokenizer.Load(model.Path);
        var ids = model.Config.SpecialTokens(tokenizer.AssistantHead[^1]);
        ids = language is null ? ids : language.In(ids);
        var data = new TrainingData(clips, tokenizer, ids, voices, options, model.Config.TalkerConfig.MaxPositionEmbeddings);
        language?.Check(data);
        var device = Devices.Choose(options.Device);
        (options, var plan, var budget) = options.Planned(talkerConfig, data.Longest, device);

        if (existing == Existing.Overwrite)
            RunFolder.CheckInputs(run, [options.Data, options.Reference, options.Grammar, .. options.Dictionaries ?? [], .. OutputFile.Whole(model.Path), .. clips.SelectMany(c => new[] { c.Audio, c.Reference })]);
        using var folder = RunFolder.Open(run, options, existing);
        if (existing == Existing.Resume && folder.IsFinished)
            return new(folder.Export, folder.ReadLog(), data.HeldOutClips, Finished: true);
        using var talker = TalkerWeights.Load(model, Placement.Create(options.Method, device));
        Freezing.Apply(talker, options.Method);
        language?.Begin(talker);
        if (existing != Existing.Resume)
            folder.Begin(options, note, Told(Preflight.Run(talker, model, data, ids, voices, options), doubt));
        if (unheard > 0)
            doubt?.Invoke(new(false, $"{unheard} lines have an 'instruct', and a model with tts_model_size '{model.Config.TtsModelSize}' takes none: they are trained without.", "Take a larger model to keep instructions."));
        note?.Invoke(MemoryChoice.Table(plan, budget));
        if (options.MicroBatch > 1)
            note?.Invoke(Padding(data, options));
        folder.Keep(voices);
        using var optimizer = TrainingStep.CreateOptimizer(talker, options.Method, new() { WeightDecay = options.WeightDecay, Seed = options.Seed });
        var step = folder.Restore(optimizer, note);
        void WriteExport(string target) => RunExport.Write(target, model, options, talker, optimizer, data, voices, language, step);
        var evaluator = new Evaluator(folder, options, data.HeldOutClips, step, note);
        var page = new RunPage(folder, options, clips, data.HeldOutClips, note);
        var saved = step;
        void Save()
        {
            if (saved != step)
                folder.Save(step, optimizer);
            saved = step;
        }
        while (true)
        {
            if (evaluator.IsDue(step))
            {
                Save(); // first, so that no evaluation costs a step
                evaluator.Run(step, () => Loss.Measure(talker, data.HeldOut, ids.CodecEos, options.MicroBatch!.Value)!.Value, WriteExport, stop);
                page.Write("Training");
            }
            if (step == options.Steps || evaluator.HasHadEnough || stop.IsCancellationRequested)
                break;
            using var scope = NewDisposeScope();
            var watch = Stopwatch.StartNew();
            var examples = data.Batch(step);
            var batches = TrainingData.InParts(examples, options.MicroBatch!.Value, e => e.Positions.Count).Select(e => new TrainingBatch(e, ids.CodecEos, device)).ToList();
            var rate = options.RateAt(step++);
            var (loss, norm) = TrainingStep.Run(talker, batches, optimizer, rate, options.LargestNorm, options.Method.Checkpointing);
            batches.ForEach(b => b.Dispose());
            if (!double.IsFinite(loss.Total) || !double.IsFinite(norm))
                throw new InvalidDataException($"Step {step}: the loss is {loss.Total} and its gradient's norm {norm}. Train with a lower --lr than {rate:g2}.");
            var heldOut = step % HeldOutEvery == 0 || step == options.Steps ? Loss.Measure(talker, data.HeldOut, ids.CodecEos, options.MicroBatch!.Value) : null;
            var report = new StepReport(step, options.Steps!.Value, loss.Talker, loss.Predictor, loss.End, norm, rate, examples.Sum(e => e.Positions.Count), watch.Elapsed.TotalSeconds, heldOut?.Talker, heldOut?.Predictor);
            folder.Log(report);
            progress?.Report(report);
            if (step % options.SaveEvery != 0)
                continue;
            Save();
            page.Write("Training");
        }
        Save();
        WriteExport(folder.Export);
        var finished = step == options.Steps || evaluator.HasHadEnough;
        page.Write(finished ? "Done" : "Stopped");
        if (finished)
            folder.Finish(step);
        return new(folder.Export, folder.ReadLog(), data.HeldOutClips, finished);
    }

    const int HeldOutEvery = 25;

    static string Padding(TrainingData data, TrainingOptions options)
    {
        double Share(int bucket) => data.Padding(options.MicroBatch!.Value, bucket);
        return FormattableString.Invariant($"Padding: {Share(options.Bucket!.Value):P0} of what is computed{(options.Bucket > 1 ? FormattableString.Invariant($"; without --bucket {options.Bucket} it would be {Share(1):P0}") : "")}.");
    }

    static PreflightReport Told(PreflightReport report, Action<Doubt>? doubt)
    {
        foreach (var each in report.Doubts)
            doubt?.Invoke(each);
        return report;
    }
}
