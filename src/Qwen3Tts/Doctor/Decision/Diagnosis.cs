using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>What a checkpoint was trained with, and how sure that is.</summary>
/// <param name="Hypothesis">The hypothesis that is named.</param>
/// <param name="Confidence">Share of resampled sets of clips that give this answer.</param>
/// <param name="Next">The best hypothesis that can be distinguished from the named one; null if there is none.</param>
/// <param name="Margin">How many times better the evidence for the named hypothesis is than for <paramref name="Next"/>; 1 if there is no
/// next.</param>
/// <param name="Alike">Hypotheses that these clips cannot distinguish from the named one.</param>
/// <param name="ByLossAlone">Whether only losses gave the answer, because the change of the weights gave no evidence. A checkpoint after a
/// short training with a fault then looks correct.</param>
sealed record Diagnosis(
    Hypothesis Hypothesis, double Confidence, Hypothesis? Next, double Margin, IReadOnlyList<Hypothesis> Alike, bool ByLossAlone);
