// The miniature model that comes with this program, so that it speaks without a download. It speaks only the sentences of its grammar, in
// a voice that comes with it.
using System.Text.RegularExpressions;
using Qwen3Tts.Files;

namespace Qwen3Tts.Cli;

static partial class Miniature
{
    /// <summary>The folder of the model, beside the program.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "mini");

    /// <summary>A recording of the voice that it speaks with unless another one is named.</summary>
    public static string Voice => Path.Combine(Folder, "voice.wav");

    static string Grammar => Path.Combine(Folder, "grammar.jsgf");

    /// <summary>What to know when it speaks because no model was named: what it can say, and how to get a model that says all.</summary>
    /// <exception cref="FileNotFoundException">The model is not there.</exception>
    public static string Introduce(string text)
    {
        const string Released = "Qwen/Qwen3-TTS-12Hz-0.6B-CustomVoice";
        var download = $"'qwen3tts models download {Released}', then --model {Released} --speaker vivian";
        if (!File.Exists(Grammar))
            throw new FileNotFoundException($"No model is named, and the miniature is not beside this program ({Folder}). "
                + $"For any text: {download}.");
        var words = Words(TextFile.Read(Grammar));
        var unknown = Unknown(text, words).ToList();
        return $"No model is named, so the miniature in this program speaks. It knows {words.Count} words, in sentences such as "
            + $"\"Set white at B four now.\" For any text: {download}."
            + (unknown.Count == 0 ? "" : $"{Environment.NewLine}It does not know {string.Join(", ", unknown.Select(w => $"'{w}'"))}: "
                + "this will not be understandable.");
    }

    /// <summary>The words of a text that are not among these.</summary>
    internal static IEnumerable<string> Unknown(string text, IReadOnlySet<string> words) =>
        Word().Matches(text).Select(m => m.Value.ToLowerInvariant()).Distinct().Where(w => !words.Contains(w));

    /// <summary>The words of a JSGF grammar: those on the right side of its rules.</summary>
    internal static IReadOnlySet<string> Words(string grammar) => grammar.Split('\n').Where(l => l.Contains('=', StringComparison.Ordinal))
        .SelectMany(l => Word().Matches(Reference().Replace(l[(l.IndexOf('=', StringComparison.Ordinal) + 1)..], " ")))
        .Select(m => m.Value).ToHashSet();

    [GeneratedRegex(@"[\p{L}\p{N}']+")]
    private static partial Regex Word();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Reference();
}
