// The demo's experiment: the same run with the faults of the official script. The preflight refuses such a run, so it is forced, and what
// the preflight says is kept for the page. A small model is trained on one thread, so its twin is trained beside it on another one.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Pages;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Training.Commands;

sealed class FaultyTwin : RunObserver, IDisposable
{
    readonly string _folder;
    readonly Hypothesis _planted;
    readonly CancellationTokenSource _stop;
    readonly Task<TrainingResult> _run;
    readonly TrainingPace _pace = new();
    string _progress = "Training with the faults";

    /// <summary>Begins to train.</summary>
    /// <param name="options">The options of the correct run.</param>
    /// <param name="folder">Folder of the faulty run.</param>
    /// <param name="stop">Ends it after the current step.</param>
    public FaultyTwin(TrainingOptions options, string folder, CancellationToken stop)
    {
        (_folder, _planted) = (folder, Official(ModelFolder.Open(options.Model).Config.TalkerConfig));
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _run = Task.Factory.StartNew(() =>
        {
            if (IsBeside(options.Model))
                TorchSharp.torch.set_num_threads(1);
            return Trainer.Run(options with { Planted = _planted, Force = true }, folder, Existing.Overwrite, this, _stop.Token);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>True if the twin of this model is trained beside the correct run, and not after it.</summary>
    public static bool IsBeside(string model) => !TrainingOptions.IsReleased(ModelFolder.Open(model).Config.TalkerConfig);

    /// <summary>
    /// The fault of text without its projection can only be planted if text and talker have the same width; with other models the official
    /// script itself stops.
    /// </summary>
    static Hypothesis Official(TalkerConfig talker) => Hypothesis.Combine(talker.TextHiddenSize == talker.HiddenSize ? FaultSet.Official
        : FaultSet.Official & ~FaultSet.NoTextProjection);

    /// <summary>Waits for the end with a line of progress.</summary>
    public FaultyRun Wait() => StatusLine.While(_progress, line =>
    {
        while (!((IAsyncResult)_run).AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(0.5)))
            line(Volatile.Read(ref _progress));
        var result = _run.GetAwaiter().GetResult();
        var preflight = PreflightReport.FromJson(TextFile.Read(Path.Combine(_folder, "preflight.json")));
        return new FaultyRun(result, string.Join(", ", Hypothesis.All
            .Where(h => int.PopCount((int)h.Faults) == 1 && _planted.Faults.HasFlag(h.Faults)).Select(h => h.Name)),
            [.. preflight.Doubts.Where(d => d.Refuses)]);
    });

    public override void OnStep(StepReport step) => Volatile.Write(ref _progress, _pace.Line(step));

    /// <summary>Stops the run if it goes on; its files are complete then.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        ((IAsyncResult)_run).AsyncWaitHandle.WaitOne();
        _stop.Dispose();
    }
}
