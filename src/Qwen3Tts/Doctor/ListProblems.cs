// What is wrong with a list, one message for each cause: a mistake that every line repeats is told once, at its first line, with the number
// of lines that share it.
using Qwen3Tts.Files;

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

    public void WriteTo(List<string> problems) =>
        problems.AddRange(_all.GroupBy(p => p.Cause).Select(g => $"{g.First().Place}: {g.First().Message}{More(g.Count() - 1)}"));

    static string More(int count) => count switch
    {
        0 => "",
        1 => " One more line has the same mistake.",
        _ => $" {count} more lines have the same mistake.",
    };
}

/// <summary>A recording of another machine that is not here; every line of such a list has one cause.</summary>
sealed class ElsewhereException(string path, string folder) : InvalidDataException(
    $"'{Printable.Text(path)}' is a path of another machine, and no recording of that name is in '{folder}' or its folder 'wavs'. Copy the recordings there, or correct the paths")
{
    public string Cause => "elsewhere";
}
