using Qwen3Tts.Data;

namespace Qwen3Tts.Training.Log;

/// <summary>The result of a run.</summary>
/// <param name="Export">Folder of the exported model: the best checkpoint, or the last one if no clip is held out.</param>
/// <param name="Log">All steps of the run.</param>
/// <param name="HeldOut">Clips that were not trained on.</param>
/// <param name="Finished">False if the run was stopped; then it can be resumed.</param>
sealed record TrainingResult(string Export, IReadOnlyList<StepReport> Log, IReadOnlyList<Clip> HeldOut, bool Finished);
