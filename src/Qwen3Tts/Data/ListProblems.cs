// Collects the mistakes in a set of recordings and reports one message for each cause. A mistake that many lines or files share is reported
// once, at its first place, with the number of the others and some of their places.
using Qwen3Tts.Files;

namespace Qwen3Tts.Data;

sealed class ListProblems
{
    /// <summary>Most messages that one error shows.</summary>
    const int Shown = 20;
    /// <summary>Most further places that one message names.</summary>
    const int Named = 5;

    readonly List<(string Cause, string Place, string Message, string What)> _all = [];

    public int Count => _all.Count;

    /// <summary>Number of clips that a review dropped; they are no mistakes.</summary>
    public int Dropped { get; set; }

    /// <summary>Each mistake with its place, those of one cause too.</summary>
    public IEnumerable<(string Place, string Message)> Each => _all.Select(p => (p.Place, p.Message));

    /// <summary>One message for each cause, in the order in which they were found.</summary>
    public IReadOnlyList<string> Messages => [.. _all.GroupBy(p => p.Cause).Select(g => Message([.. g]))];

    /// <param name="place">The file, or file and line; may be empty.</param>
    /// <param name="message">One or more full sentences; may begin with the place.</param>
    /// <param name="cause">A text that is equal for all places with the same mistake; null takes the message.</param>
    /// <param name="what">What a place is, in the singular, such as "line".</param>
    public void Add(string place, string message, string? cause = null, string what = "line")
    {
        message = place.Length > 0 && message.StartsWith($"{place}: ", StringComparison.Ordinal) ? message[(place.Length + 2)..] : message;
        _all.Add((cause ?? message, place, message, what));
    }

    /// <param name="place">The file and line.</param>
    /// <param name="mistake">The error; it may be marked with a cause that it shares with other lines.</param>
    /// <param name="example">A correct line; omitted if the error has a cause of its own.</param>
    public void Add(string place, InvalidDataException mistake, string example)
    {
        var cause = mistake.Cause();
        var whole = mistake.Message.StartsWith($"{place}: ", StringComparison.Ordinal);
        Add(place, whole ? mistake.Message : cause is null ? $"{mistake.Message}. {example}" : $"{mistake.Message}.", cause);
    }

    /// <exception cref="InvalidDataException">There are mistakes; the message lists the first causes, one on each line.</exception>
    public void ThrowIfAny()
    {
        if (_all.Count > 0)
            throw new InvalidDataException(ToString());
    }

    /// <summary>The first messages, one on each line, and the number of the others.</summary>
    public override string ToString()
    {
        var messages = Messages;
        return string.Join('\n', messages.Take(Shown)) + (messages.Count > Shown ? $"\n… and {messages.Count - Shown} more." : "");
    }

    static string Message((string Cause, string Place, string Message, string What)[] same)
    {
        var (_, place, message, what) = same[0];
        var others = same.Skip(1).Select(p => p.Place).ToList();
        var said = place.Length > 0 ? $"{place}: {message}" : message;
        return others.Count switch
        {
            0 => said,
            1 => $"{said} One more {what} has the same mistake: {Short(others[0])}.",
            _ => $"{said} {others.Count} more {what}s have the same mistake: "
                + $"{string.Join(", ", others.Take(Named).Select(Short))}{(others.Count > Named ? ", …" : "")}.",
        };
    }

    /// <summary>The number of a line, or the name of a file.</summary>
    static string Short(string place) =>
        place.EndsWith(')') && place.LastIndexOf('(') is >= 0 and var at ? place[(at + 1)..^1] : Path.GetFileName(place);
}
