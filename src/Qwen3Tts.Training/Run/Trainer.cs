// Fine-tunes voices: reads and checks the inputs, opens the run's folder and the model, trains step by step, and writes the result: a model
// folder whose rows are the same voice vectors as those in the training sequences.
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Run;

static class Trainer
{
    /// <param name="options">The options of the run.</param>
    /// <param name="run">Folder of the run.</param>
    /// <param name="existing">What to do if the folder already has a run.</param>
    /// <param name="observer">Receives the run's events; may be null.</param>
    /// <param name="stop">Ends the run after the current step, whose state is saved.</param>
    /// <exception cref="InvalidDataException">The data or the model does not fit, or a loss is not finite.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or the name is used already.</exception>
    public static TrainingResult Run(TrainingOptions options, string run, Existing existing, RunObserver? observer, CancellationToken stop)
    {
        PeakMemory.KeepFreed();
        var prepared = PreparedRun.Load(options, run, existing);
        if (existing == Existing.Overwrite)
            RunFolder.CheckInputs(run, prepared.Inputs);
        using var folder = RunFolder.Open(run, prepared.Options, existing);
        if (existing == Existing.Resume && folder.IsFinished)
            return new(folder.Export, folder.ReadLog(), prepared.Data.HeldOutClips, Finished: true);
        using var loop = TrainingLoop.Open(prepared, folder, existing, observer ?? new());
        loop.Run(stop);
        return loop.Finish(stop);
    }
}
