// index.html of a run, written anew while it goes on. No run needs it: where it cannot be written, that is told, and the run goes on.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Pages;

namespace Qwen3Tts.Training.Run;

sealed class RunPageFile(RunFolder folder, PreparedRun run, Action<string> note)
{
    readonly Lazy<double> _framesPerSecond = new(() => CodecConfig.ReadFramesPerSecond(run.Model)); // read once, when a page needs it

    /// <param name="state">What the run is doing, in a few words.</param>
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
        catch (Exception e) // whatever it is: hours of training do not end for it
        {
            note($"Warning: the page '{path}' is not written: {e.Message} Training goes on without it.");
        }
    }
}
