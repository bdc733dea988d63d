// A text to be spoken, and the value of an option, may begin with "--" or "@". The parser would read some of these as options. So a value
// is joined to its option with "=", and a text is put behind "--". Only a single word that looks like an option and is none is refused,
// because it is probably a misspelt option.
using System.CommandLine;
using Qwen3Tts.Files;

namespace Qwen3Tts.CommandLine;

static class TypedArguments
{
    const string End = "--"; // ends the options

    /// <summary>The arguments in the form that the parser gets, or what is wrong with them.</summary>
    public static (IReadOnlyList<string> Arguments, string? Wrong) Read(RootCommand root, IReadOnlyList<string> typed)
    {
        var command = typed.Aggregate((Command)root, (outer, a) => outer.Subcommands.FirstOrDefault(c => c.Name == a) ?? outer);
        var options = command.Options.Concat(root.Options).SelectMany(o => o.Aliases.Append(o.Name), (o, name) => (o, name))
            .DistinctBy(p => p.name).ToDictionary(p => p.name, p => p.o);
        var (parsed, texts) = (new List<string>(), new List<string>());
        for (var i = 0; i < typed.Count; i++)
        {
            var argument = typed[i];
            if (argument == End)
            {
                texts.AddRange(typed.Skip(i + 1));
                break;
            }
            if (options.TryGetValue(argument, out var option))
            {
                if (i + 1 < typed.Count && TakesText(option) && IsLikeOption(typed[i + 1]) && typed[i + 1] != End)
                {
                    var value = typed[++i];
                    var itself = $"If it is the value of {argument}, write {argument}={Printable.Text(value)}.";
                    if (options.ContainsKey(value) || (IsOneWord(value) && options.ContainsKey(BeforeEquals(value))))
                        return ([], $"{argument} has no value: '{Printable.Text(value)}' is the next option. {itself}");
                    if (IsOneWord(value) && value.StartsWith(End, StringComparison.Ordinal))
                        return ([], Refusal(value, options.Keys, itself));
                    argument = $"{argument}={value}";
                }
                parsed.Add(argument);
            }
            else if (!IsLikeOption(argument) || options.ContainsKey(BeforeEquals(argument)))
                parsed.Add(argument);
            else if (!IsOneWord(argument))
                texts.Add(argument);
            else if (argument.StartsWith(End, StringComparison.Ordinal) && !options.ContainsKey(argument.Split(':')[0]))
                return ([], Refusal(argument, options.Keys, "If it is a text, write -- before it."));
            else
                parsed.Add(argument);
        }
        return (texts.Count == 0 ? parsed : [.. parsed, End, .. texts], null);
    }

    static string Refusal(string word, IEnumerable<string> names, string remedy) =>
        $"'{Printable.Text(word)}' is not an option of this command.{Meant(word, names)} {remedy}";

    /// <summary>A sentence with the name that was probably meant; empty if no name is similar.</summary>
    public static string Meant(string typed, IEnumerable<string> names)
    {
        const int Shortest = 3;
        var word = BeforeEquals(typed);
        var known = names.Where(n => n.Length > 2).ToList();
        var begun = word.TrimStart('-').Length < Shortest ? []
            : known.Where(n => n.StartsWith(word, StringComparison.OrdinalIgnoreCase)).ToList();
        var best = known.Select(n => (Name: n, Steps: Mistakes(word, n))).OrderBy(n => n.Steps).FirstOrDefault();
        // Two typing mistakes at most; in a short word, two mistakes could turn it into any other word.
        return best.Name is not null && best.Steps <= Math.Min(2, best.Name.Length / 3) ? $" Did you mean {best.Name}?"
            : begun.Count == 1 ? $" Did you mean {begun[0]}?" : "";
    }

    static bool TakesText(Option option) => option.Arity.MaximumNumberOfValues > 0
        && option.ValueType != typeof(bool) && option.ValueType != typeof(bool?);

    static bool IsLikeOption(string argument) => argument.Length > 1 && argument[0] == '-';

    static bool IsOneWord(string argument) => !argument.Any(char.IsWhiteSpace);

    static string BeforeEquals(string argument) => argument.Split('=')[0];

    /// <summary>Typing mistakes; the same letters in another order, such as sya, are one less.</summary>
    static int Mistakes(string typed, string name) => Distance(typed, name) - (typed.Order().SequenceEqual(name.Order()) ? 1 : 0);

    /// <summary>The Levenshtein distance: the number of letters to insert, remove or replace.</summary>
    static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }
}
