// Options whose value is one of a few words. All words are lower case with hyphens; upper case and "_" are understood, too.
using System.CommandLine;
using System.CommandLine.Parsing;
using Qwen3Tts.Files;

namespace Qwen3Tts.CommandLine;

static class Choice
{
    /// <summary>Accepts only these words, and offers them for completion.</summary>
    public static Option<T> OneOf<T>(this Option<T> option, params string[] words) where T : class?
    {
        option.CustomParser = result => (T)(object)Read(result, words)!;
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>The word that was given, as it is listed; null, with an error, if it is none of them.</summary>
    public static string? Read(ArgumentResult result, IReadOnlyList<string> words)
    {
        if (result.Tokens is not [{ Value: var given }])
            return null; // the parser itself refuses a missing value and several values
        var plain = given.Replace('_', '-');
        if (words.FirstOrDefault(w => w.Equals(plain, StringComparison.OrdinalIgnoreCase)) is { } word)
            return word;
        result.AddError($"{((OptionResult)result.Parent!).Option.Name} is '{Printable.Text(given)}'; give {Or(words)}."
            + TypedArguments.Meant(given, words));
        return null;
    }

    /// <summary>The words in a sentence, such as "a, b or c".</summary>
    static string Or(IReadOnlyList<string> words) =>
        words.Count < 2 ? string.Concat(words) : $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";
}
