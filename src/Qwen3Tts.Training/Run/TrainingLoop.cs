// A run from its first step, or from its last saved state, to its end. Every few steps the held-out loss is measured, and the checkpoint is
// exported where it is the lowest so far; so export/ is always the best checkpoint, and a resumed run finds it. The state is saved before
// an evaluation, so that a failure during the evaluation loses no step.
using System.Diagnostics;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Run;

sealed class TrainingLoop : IDisposable
{
    readonly PreparedRun _run;
    readonly RunFolder _folder;
    readonly RunObserver _observer;
    readonly TalkerModule _talker;
    readonly AdamW _optimizer;
    readonly Evaluator _evaluator;
    readonly RunPageFile _page;
    readonly HeldOutMeter _meter;
    readonly List<StepReport> _log; // of all steps so far
    HeldOutCourse? _course; // null if no clip is held out
    bool _toldOverfitting;
    int _step; // number of updates so far
    int _saved; // the step that the saved state has

    TrainingLoop(PreparedRun run, RunFolder folder, RunObserver observer, TalkerModule talker, AdamW optimizer)
    {
        (_run, _folder, _observer, _talker, _optimizer) = (run, folder, observer, talker, optimizer);
        _step = _saved = folder.Restore(optimizer, observer.OnNote);
        _log = folder.ReadLog();
        _evaluator = new(folder, run.Options, run.Data.HeldOutClips, new(run.Options, run.Data.TrainingClips), _step, observer.OnNote);
        _page = new(folder, run, observer.OnNote);
        _meter = new(talker, run);
        _course = run.Data.HeldOut.Count == 0 ? null
            : HeldOutCourse.Of(_log, folder.ReadPreflight()?.HeldOut ?? (_step == 0 ? _meter.Measure() : null));
    }

    TrainingOptions Options => _run.Options;

    /// <summary>Loads the model, starts the run in its folder or resumes it, and reports the chosen settings.</summary>
    /// <exception cref="InvalidDataException">The run cannot work and is not forced, or the saved state belongs to another
    /// model.</exception>
    public static TrainingLoop Open(PreparedRun run, RunFolder folder, Existing existing, RunObserver observer)
    {
        var options = run.Options;
        var talker = TalkerWeights.Load(run.Model, Placement.Create(options.Method, run.Device));
        AdamW? optimizer = null;
        try
        {
            Freezing.Apply(talker, options.Method);
            run.Language?.InitializeRow(talker);
            if (existing != Existing.Resume)
                Begin(run, folder, talker, observer);
            TellChoices(run, observer);
            folder.Keep(run.Voices);
            optimizer = TrainingStep.CreateOptimizer(talker, options.Method,
                new() { WeightDecay = options.WeightDecay, Seed = options.Seed });
            return new(run, folder, observer, talker, optimizer);
        }
        catch
        {
            optimizer?.Dispose();
            talker.Dispose();
            throw;
        }
    }

    static void Begin(PreparedRun run, RunFolder folder, TalkerModule talker, RunObserver observer)
    {
        observer.OnWork("Measuring the untouched model");
        var preflight = Preflight.Run(talker, run.Model, run.Data, run.Ids, run.Voices, run.Options) with
        {
            HeldOut = new HeldOutMeter(talker, run).Measure(),
        };
        foreach (var finding in preflight.Doubts)
            observer.OnFinding(finding);
        folder.Begin(run.Options, observer.OnNote, preflight);
    }

    static void TellChoices(PreparedRun run, RunObserver observer)
    {
        var options = run.Options;
        if (run.DroppedInstructions > 0)
            observer.OnFinding(new(
                false, $"{run.DroppedInstructions} lines have an 'instruct', and a model with tts_model_size " +
                    $"'{run.Model.Config.TtsModelSize}' "
                    + "takes none: they are trained without.", "Take a larger model to keep instructions."));
        observer.OnNote(MemoryChoice.Table(run.Plan.Memory, run.Plan.Budget));
        foreach (var finding in LongClips.Find(run))
            observer.OnFinding(finding);
        observer.OnNote(run.Data.HeldOutClips.Count == 0
            ? $"No clip is held out: nothing can be measured, and the result is the checkpoint of step {options.Steps}. With " +
                $"{Data.HeldOut.Fewest} clips or more, an eighth is held out by default (--held-out)."
            : $"Held out: {run.Data.HeldOutClips.Count} clips. The result is the checkpoint with the lowest loss on them.");
        if (options.MicroBatch > 1)
            observer.OnNote(DescribePadding(run.Data, options));
    }

    static string DescribePadding(TrainingData data, TrainingOptions options)
    {
        double Share(int bucket) => data.Padding(options.MicroBatch!.Value, bucket);
        var without = options.Bucket > 1 ? FormattableString.Invariant($"; without --bucket {options.Bucket} it would be {Share(1):P0}")
            : "";
        return FormattableString.Invariant($"Padding: {Share(options.Bucket!.Value):P0} of what is computed{without}.");
    }

    /// <summary>Trains until the last step, until the held-out loss has not fallen for long enough, or until it is cancelled.</summary>
    /// <exception cref="InvalidDataException">A loss or a gradient is not finite.</exception>
    /// <exception cref="IOException">The best checkpoint of a resumed run is gone.</exception>
    public void Run(CancellationToken stop)
    {
        CheckBestIsThere();
        KeepIfBest(_step == 0 || !Directory.Exists(_folder.Export));
        while (true)
        {
            if (_evaluator.IsDue(_step) && !IsDone)
                Evaluate(stop);
            if (IsDone || stop.IsCancellationRequested)
                break;
            var report = TrainOneStep();
            _log.Add(report);
            KeepIfBest(report.HeldOutTotal is { } total
                && (_course = HeldOutCourse.With(_course, _step, total, report.HeldOutEach)).Best == _step);
            TellOverfitting();
            _folder.Log(report);
            _observer.OnStep(report);
            if (_step % Options.SaveEvery == 0)
            {
                Save();
                _page.Write("Training");
            }
        }
    }

    /// <summary>Refuses to export a later checkpoint in the place of the best one, which cannot be made again.</summary>
    void CheckBestIsThere()
    {
        if (_course is not null && _course.Best != _step && !Directory.Exists(_folder.Export))
            throw new IOException($"'{_folder.Export}' is gone, and with it the best checkpoint so far, that of step {_course.Best}. " +
                "Restore it, or start again with --overwrite.");
    }

    /// <summary>
    /// Exports the checkpoint in the place of the last one. A kill before the step is logged does no harm: the resumed run makes the step
    /// again, with the same result.
    /// </summary>
    void KeepIfBest(bool isBest)
    {
        if (isBest && _course is not null)
            WriteExport(_folder.Export);
    }

    void TellOverfitting()
    {
        if (_toldOverfitting || _course is null || !_course.IsOverfitted(_log))
            return;
        _toldOverfitting = true;
        _observer.OnNote($"Warning: {_course.Overfitting(_log)}The checkpoint of step {_course.Best} is kept, unless the loss falls " +
            "again.");
    }

    bool IsDone => _step == Options.Steps || _course is not null && _course.HasEnded(Options.Patience!.Value);

    StepReport TrainOneStep()
    {
        using var scope = NewDisposeScope();
        var watch = Stopwatch.StartNew();
        var examples = _run.Data.Batch(_step);
        var batches = TrainingData.InParts(examples, Options.MicroBatch!.Value, e => e.Positions.Count)
            .Select(part => new TrainingBatch(part, _run.Ids.CodecEos, _run.Device)).ToList();
        var rate = LearningRate.At(Options, _step++);
        var (loss, norm) = TrainingStep.Run(_talker, batches, _optimizer, rate, Options.LargestNorm, Options.Method.Checkpointing);
        batches.ForEach(b => b.Dispose());
        if (!double.IsFinite(loss.Total) || !double.IsFinite(norm))
            throw new InvalidDataException(
                $"Step {_step}: the loss is {loss.Total} and its gradient's norm {norm}. Train with a lower --lr than {rate:g2}.");
        var report = new StepReport(_step, Options.Steps!.Value, loss.Talker, loss.Predictor, loss.End, norm, rate,
            examples.Sum(e => e.Positions.Count), watch.Elapsed.TotalSeconds);
        return _step % Options.MeasureEvery == 0 || _step == Options.Steps ? _meter.Add(report) : report;
    }

    void Evaluate(CancellationToken stop)
    {
        Save();
        _observer.OnWork($"step {_step} of {Options.Steps} · speaking held-out texts");
        _evaluator.Run(_step, WriteExport, stop);
        _page.Write("Training");
    }

    void Save()
    {
        if (_saved != _step)
            _folder.Save(_step, _optimizer);
        _saved = _step;
    }

    void WriteExport(string target) => RunExport.Write(
        target, _run.Model, Options, _talker, _optimizer, _run.Data, _run.Voices, _run.Language, _step);

    /// <summary>
    /// Saves the state and writes the result, which is there already if clips are held out. A run that is done is compared with the clone,
    /// and its state is removed.
    /// </summary>
    public TrainingResult Finish(CancellationToken stop)
    {
        Save();
        if (_course is null)
            WriteExport(_folder.Export);
        if (IsDone && _course is not null)
        {
            _observer.OnWork($"Speaking held-out texts with the result, the checkpoint of step {_course.Best}");
            _evaluator.RunResult(_course.Best, stop);
        }
        var finished = IsDone && !stop.IsCancellationRequested;
        _page.Write(finished ? "Done" : "Stopped");
        if (finished)
            _folder.Finish(_step);
        return new(_folder.Export, _folder.ReadLog(), _run.Data.HeldOutClips, finished);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _talker.Dispose();
    }
}
