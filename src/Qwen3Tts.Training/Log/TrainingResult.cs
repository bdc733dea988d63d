using Qwen3Tts.Data;

namespace Qwen3Tts.Training.Log;

/// <summary>What a run left.</summary>
/// <param name="Export">The model folder.</param>
/// <param name="Log">Every step of the run.</param>
/// <param name="HeldOut">Clips that were not trained on.</param>
/// <param name="Finished">False where it was stopped; the run can be resumed.</param>
sealed record TrainingResult(string Export, IReadOnlyList<StepReport> Log, IReadOnlyList<Clip> HeldOut, bool Finished)
{
    /// <summary>The checkpoint whose takes were best; where nothing was spoken, the last one.</summary>
    public string Best => Path.Combine(Path.GetDirectoryName(Export)!, "best") is var best && Directory.Exists(best) ? best : Export;
}
