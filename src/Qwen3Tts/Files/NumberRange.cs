using System.Globalization;

namespace Qwen3Tts.Files;

/// <summary>The allowed range of a number, for options of the command line and for settings of the library.</summary>
/// <param name="Least">The smallest value.</param>
/// <param name="Most">The largest value.</param>
/// <param name="Above">True if <paramref name="Least"/> itself is not allowed.</param>
/// <param name="Reason">A sentence that says why, or what to do instead.</param>
readonly record struct NumberRange(double Least, double Most, bool Above = false, string? Reason = null)
{
    /// <summary>True if the number is in the range. NaN is in no range.</summary>
    public bool Holds(double value) => (Above ? value > Least : value >= Least) && value <= Most;

    /// <summary>The range as text, such as "above 0 to 1".</summary>
    public string Words =>
        string.Create(CultureInfo.InvariantCulture, $"{(Above ? "above " : "")}{Least:0.#########} to {Most:0.#########}");
}
