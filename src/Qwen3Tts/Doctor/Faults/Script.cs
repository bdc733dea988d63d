namespace Qwen3Tts.Doctor.Faults;

/// <summary>A published script that has several faults.</summary>
/// <param name="Hypothesis">Its name in reports.</param>
/// <param name="Faults">Its faults.</param>
/// <param name="Names">Its names for the option <c>--as</c>.</param>
sealed record Script(string Hypothesis, FaultSet Faults, params IReadOnlyList<string> Names)
{
    public static IReadOnlyList<Script> All { get; } =
    [
        new("official", FaultSet.Official, "official-022e286", "post-mortem"),
        new("official_before_022e286", FaultSet.OfficialBefore, "official-before"),
    ];
}
