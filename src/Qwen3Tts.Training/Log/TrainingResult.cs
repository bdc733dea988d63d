using Qwen3Tts.Data;

namespace Qwen3Tts.Training.Log;

/// <summary>The result of a run.</summary>
/// <param name="Export">Folder of the exported model.</param>
/// <param name="Log">All steps of the run.</param>
/// <param name="HeldOut">Clips that were not trained on.</param>
/// <param name="Finished">False if the run was stopped; then it can be resumed.</param>
sealed record TrainingResult(string Export, IReadOnlyList<StepReport> Log, IReadOnlyList<Clip> HeldOut, bool Finished)
{
    /// <summary>Folder of the checkpoint with the best takes; if nothing was spoken, of the last checkpoint.</summary>
    public string Best => Path.Combine(Path.GetDirectoryName(Export)!, "best") is var best && Directory.Exists(best) ? best : Export;
}
