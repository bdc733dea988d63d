// Writes index.html of a run, again and again while the run goes on. Training does not need it: if it cannot be written, a warning is
// given, and training goes on.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Pages;

namespace Qwen3Tts.Training.Run;

sealed class RunPageFile(RunFolder folder, PreparedRun run, Action<string> note)
{
    readonly Lazy<double> _framesPerSecond = new(() => CodecConfig.ReadFramesPerSecond(run.Model)); // read once, for the first page

    /// <param name="state">A few words about the state of the run.</param>
    public void Write(string state)
    {
        var path = Path.Combine(folder.Path, "index.html");
        try
        {
            var heldOut = run.Data.HeldOutClips;
            var spoken = Evaluator.ChooseClips(heldOut, run.Options);
            var page = new RunPageData(folder.Path, run.Options, run.Clips, heldOut, spoken)
            {
                FramesPerSecond = _framesPerSecond.Value,
                State = state,
                Log = folder.ReadLog(),
                Evaluations = Evaluation.ReadAll(folder.Path),
                Preflight = folder.ReadPreflight(),
            };
            OutputFile.WriteText(path, RunPage.Write(page), folder.Record);
        }
        catch (Exception e) // any error: it must not end hours of training
        {
            note($"Warning: the page '{path}' is not written: {e.Message} Training goes on without it.");
        }
    }
}
