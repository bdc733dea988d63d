using System.Globalization;

namespace Qwen3Tts.Files;

/// <summary>What a number may be, for options of the command line and settings of the library alike.</summary>
/// <param name="Least">The smallest.</param>
/// <param name="Most">The largest.</param>
/// <param name="Above">The smallest itself is not allowed.</param>
/// <param name="Reason">Why, as a sentence, or what to do instead.</param>
readonly record struct NumberRange(double Least, double Most, bool Above = false, string? Reason = null)
{
    /// <summary>NaN is in no range.</summary>
    public bool Holds(double value) => (Above ? value > Least : value >= Least) && value <= Most;

    /// <summary>The range in words.</summary>
    public string Words =>
        string.Create(CultureInfo.InvariantCulture, $"{(Above ? "above " : "")}{Least:0.#########} to {Most:0.#########}");
}
