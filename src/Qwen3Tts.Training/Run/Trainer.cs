// Fine-tunes voices: prepares what a run is a function of, opens its folder and its model, trains step by step, and writes the result, a
// model folder whose rows hold the very vectors that stood in the sequences.
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Run;

static class Trainer
{
    /// <param name="options">What to do.</param>
    /// <param name="run">Folder of the run.</param>
    /// <param name="existing">What to do with a run that is there.</param>
    /// <param name="observer">Is told of what happens; null: nobody.</param>
    /// <param name="stop">Ends the run after the step it is in: state and export are written as of that step.</param>
    /// <exception cref="InvalidDataException">Data, model or a loss is not what training needs.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or the name is taken.</exception>
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
        return loop.Finish();
    }
}
