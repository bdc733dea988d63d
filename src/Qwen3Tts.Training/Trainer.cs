// Fine-tunes one voice, from top to bottom: the same sequences that speaking writes, their pairs as targets, AdamW with float32 masters,
// and at the end a model folder whose row holds the very vector that stood in every sequence.
using System.Diagnostics;
using System.Security.Cryptography;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor;
using Qwen3Tts.Kernels;
using Qwen3Tts.Speaker;
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
    /// <param name="stop">Ends the run after the step it is in: state and export are written as of that step.</param>
    /// <exception cref="InvalidDataException">Data, model or a loss is not what training needs.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or the name is taken.</exception>
    public static TrainingResult Run(TrainingOptions options, string run, Existing existing, IProgress<StepReport>? progress, CancellationToken stop, Action<Doubt>? doubt = null)
    {
        var model = ModelFolder.Open(options.Model);
        Export.CheckName(model.Config.TalkerConfig, options.Speaker);
        var clips = CodesFile.Read(options.Data, model.Config.TalkerConfig.NumCodeGroups, model.Config.TalkerConfig.CodePredictorConfig.VocabSize);
        options = (options with { HeldOut = Data.HeldOut.Of(clips, options.HeldOut).Count(held => held), DataSha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(options.Data))) }).Completed(model.Config, clips.Count, clips.Any(c => c.Language is not null));
        var reference = Reference(options, clips);
        var voice = Voice(model, reference);
        var tokenizer = TextTokenizer.Load(model.Path);
        var ids = model.Config.SpecialTokens(tokenizer.AssistantHead[^1]);
        var data = new TrainingData(clips, tokenizer, ids, voice, options);

        var folder = RunFolder.Find(run, options, existing);
        if (existing == Existing.Resume && folder.IsFinished)
            return new(folder.Export, folder.ReadLog(), data.HeldOutClips, Finished: true);
        using var talker = TalkerWeights.Load(model, Placement.Float32OnCpu);
        if (existing != Existing.Resume)
            folder.Begin(options, Told(Preflight.Run(talker, model, data, ids, voice, options), doubt));
        folder.Keep(voice, reference);
        using var optimizer = new AdamW(TalkerWeights.Named(talker), new() { WeightDecay = options.WeightDecay });
        var step = folder.Restore(optimizer);
        void WriteExport(string target) => Export.Write(model, target, TalkerWeights.Values(talker), [new(options.Speaker, voice)], overwrite: true, kind: options.ExportAs, manifest: rows => Manifest.Of(model, options, data, voice, rows[0], folder.Reference(), step));
        var evaluator = new Evaluator(folder, options, data.HeldOutClips, step);
        var page = new RunPage(folder, options, clips, data.HeldOutClips);
        while (true)
        {
            if (evaluator.IsDue(step))
            {
                evaluator.Run(step, Loss.Measured(talker, data.HeldOut, ids.CodecEos, options.MicroBatch!.Value)!.Value, WriteExport, stop);
                page.Write("Training");
            }
            if (step == options.Steps || evaluator.HasHadEnough || stop.IsCancellationRequested)
                break;
            using var scope = NewDisposeScope();
            var watch = Stopwatch.StartNew();
            var examples = data.Batch(step);
            var batches = examples.Chunk(options.MicroBatch!.Value).Select(e => new TrainingBatch(e, ids.CodecEos, CPU)).ToList();
            var rate = options.RateAt(step++);
            var (loss, norm) = TrainingStep.Run(talker, batches, optimizer, rate, options.LargestNorm);
            batches.ForEach(b => b.Dispose());
            if (!double.IsFinite(loss.Total) || !double.IsFinite(norm))
                throw new InvalidDataException($"Step {step}: the loss is {loss.Total} and its gradient's norm {norm}. Train with a lower --lr than {rate:g2}.");
            var heldOut = step % HeldOutEvery == 0 || step == options.Steps ? Loss.Measured(talker, data.HeldOut, ids.CodecEos, options.MicroBatch!.Value) : null;
            var report = new StepReport(step, options.Steps!.Value, loss.Talker, loss.Predictor, loss.End, norm, rate, examples.Sum(e => e.Positions.Count), watch.Elapsed.TotalSeconds, heldOut?.Talker, heldOut?.Predictor);
            folder.Log(report);
            progress?.Report(report);
            if (step % options.SaveEvery != 0)
                continue;
            folder.Save(step, optimizer);
            page.Write("Training");
        }
        if (folder.SavedStep != step)
            folder.Save(step, optimizer);
        WriteExport(folder.Export);
        var finished = step == options.Steps || evaluator.HasHadEnough;
        page.Write(finished ? "Done" : "Stopped");
        if (finished)
            folder.Finish();
        return new(folder.Export, folder.ReadLog(), data.HeldOutClips, finished);
    }

    const int HeldOutEvery = 25;

    /// <summary>One recording for the whole voice: a row can hold one vector, so training must not see several.</summary>
    static string Reference(TrainingOptions options, List<Clip> clips)
    {
        var named = clips.Select(c => c.Reference!).Distinct().ToList();
        var reference = options.Reference is { } r ? Path.GetFullPath(r) : named.Count == 1 ? named[0]
            : throw new InvalidDataException($"{options.Data}: the lines name {named.Count} different references, such as '{named[0]}' and '{named[1]}', and one voice has one vector. Choose one with --reference.");
        return File.Exists(reference) ? reference : throw new FileNotFoundException($"There is no reference recording '{reference}'. Restore it, or name one with --reference.");
    }

    /// <summary>The vector as the exported row will hold it: rounded before training, not after.</summary>
    static float[] Voice(ModelFolder model, string reference)
    {
        var encoder = SpeakerEncoder.Load(model, Workers.Shared);
        var voice = encoder.Embed(WavFile.Read(reference).ToRate(encoder.SampleRate));
        return Export.AsStored(model, voice);
    }

    static PreflightReport Told(PreflightReport report, Action<Doubt>? doubt)
    {
        foreach (var each in report.Doubts)
            doubt?.Invoke(each);
        return report;
    }
}
