namespace Qwen3Tts.Doctor.Faults;

/// <summary>Where a script in circulation makes a fault, and what mends it there.</summary>
/// <param name="Place">Whose file, and lines where they are known.</param>
/// <param name="Code">What stands there, in short; null where it is not known or told in words.</param>
/// <param name="Does">What that does, as the end of a sentence.</param>
/// <param name="Patch">What to do instead, without the full stop.</param>
sealed record FaultSource(string Place, string? Code, string Does, string Patch)
{
    /// <summary>The same in words.</summary>
    public string Sentence => $"{Place}: {(Code is null ? "it" : $"`{Code}`")} {Does}. Patch: {Patch}.";
}
