using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Decision;

/// <summary>What a checkpoint was trained with, and how sure that is.</summary>
/// <param name="Hypothesis">The name.</param>
/// <param name="Confidence">Share of resampled sets of clips that say so.</param>
/// <param name="Next">The best of those that can be told from it; null where there is none.</param>
/// <param name="Margin">How many times better the evidence for it is than for <paramref name="Next"/>; 1 where nothing can be told.</param>
/// <param name="Alike">What cannot be told from it on these clips.</param>
/// <param name="ByLossAlone">What moved was not there to tell: then a fault that training has not carried far looks like none.</param>
sealed record Diagnosis(
    Hypothesis Hypothesis, double Confidence, Hypothesis? Next, double Margin, IReadOnlyList<Hypothesis> Alike, bool ByLossAlone);
