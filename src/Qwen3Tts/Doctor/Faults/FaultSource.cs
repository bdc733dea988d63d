namespace Qwen3Tts.Doctor.Faults;

/// <summary>Where a published script makes a fault, and the patch for it.</summary>
/// <param name="Place">Script and file, and the lines if they are known.</param>
/// <param name="Code">The code at that place, in short; null if it is not known or is described in words.</param>
/// <param name="Does">What this code does, as the end of a sentence.</param>
/// <param name="Patch">What to do instead, without the full stop.</param>
sealed record FaultSource(string Place, string? Code, string Does, string Patch)
{
    /// <summary>The same in words.</summary>
    public string Sentence => $"{Place}: {(Code is null ? "it" : $"`{Code}`")} {Does}. Patch: {Patch}.";
}
