// What is wrong with a list, one message for each cause: a mistake that every line repeats is told once, at its first line, with the number
// of lines that share it.
namespace Qwen3Tts.Doctor;

sealed class ListProblems
{
    readonly List<(string Cause, string Place, string Message)> _all = [];

    public int Count => _all.Count;

    /// <param name="place">The file, or file and line.</param>
    /// <param name="message">Full sentences.</param>
    /// <param name="cause">What lines of the same mistake share; the message if null.</param>
    public void Add(string place, string message, string? cause = null)
    {
        message = message.StartsWith($"{place}: ", StringComparison.Ordinal) ? message[(place.Length + 2)..] : message;
        _all.Add((cause ?? message, place, message));
    }

    /// <param name="place">The file and line.</param>
    /// <param name="mistake">What is wrong; may say in its data which cause it shares with other lines.</param>
    /// <param name="example">How a line must look; left out where the mistake has a cause of its own.</param>
    public void Add(string place, InvalidDataException mistake, string example)
    {
        var cause = mistake.Data["cause"] as string;
        var whole = mistake.Message.StartsWith($"{place}: ", StringComparison.Ordinal);
        Add(place, whole ? mistake.Message : cause is null ? $"{mistake.Message}. {example}" : $"{mistake.Message}.", cause);
    }

    /// <param name="message">Has its place already.</param>
    public void AddWhole(string message) => _all.Add((message, "", message));

    /// <param name="problems">Gets the messages.</param>
    /// <param name="what">What each place is: a line of a list, or a file of a folder.</param>
    public void WriteTo(List<string> problems, string what = "line") => problems.AddRange(_all.GroupBy(p => p.Cause)
        .Select(g => $"{(g.First().Place.Length > 0 ? $"{g.First().Place}: " : "")}{g.First().Message}{More(g.Count() - 1, what)}"));

    static string More(int count, string what) => count switch
    {
        0 => "",
        1 => $" One more {what} has the same mistake.",
        _ => $" {count} more {what}s have the same mistake.",
    };
}
