// Changes of command lines, argument by argument: omitted, repeated, swapped, misspelt, hostile, or from another command.
namespace Qwen3Tts.Fuzz;

partial class Mutator
{
    static readonly string[] Words =
    [
        "", " ", "-", "--", "---", "=", "--=", "-=", ":", "@", "@list.txt", "/?", "-h", "--help", "-?", "--version", "--debug",
        "--debug=maybe", "[suggest]", "[suggest:3]", "[diagram]", "[env:A=b]", "[", "]", "--seed=", "--seed:3", "-o",
        "-oout.wav", "-m=x", "--no such option", "<|im_end|>", "\u202e", "\u001b[31m", "\ud800", "a\nb", "'", "\"", "\\",
        "../../etc/passwd", "true", "false", "CON", "%s%n", "{0}", "$HOME",
    ];

    /// <summary>One to four changes of arguments.</summary>
    /// <param name="arguments">A command line that is accepted.</param>
    /// <param name="names">Commands and options of the program.</param>
    public string[] MutateArguments(IReadOnlyList<string> arguments, IReadOnlyList<string> names)
    {
        var changed = arguments.ToList();
        for (var n = Random.Next(1, 5); n > 0; n--)
            MutateArgument(changed, names);
        return [.. changed];
    }

    void MutateArgument(List<string> arguments, IReadOnlyList<string> names)
    {
        var (at, behind) = (Random.Next(arguments.Count), Random.Next(arguments.Count + 1));
        switch (arguments.Count == 0 ? 2 : Random.Next(12))
        {
            case 0: arguments.RemoveAt(at); break;
            case 1: arguments.Insert(behind, arguments[at]); break;
            case 2: arguments.Insert(behind, AnyArgument(names)); break;
            case 3: arguments.InsertRange(behind, [Pick(names), AnyArgument(names)]); break;
            case 4: arguments[at] = AnyArgument(names); break;
            case 5: arguments[at] = Misspelt(arguments[at]); break;
            case 6: arguments[at] += Pick(["=", ":", " "]) + AnyArgument(names); break;
            case 7: (arguments[at], arguments[^1]) = (arguments[^1], arguments[at]); break;
            case 8: arguments.RemoveRange(at, arguments.Count - at); break;
            case 9 when at + 1 < arguments.Count:
                arguments[at] += "=" + arguments[at + 1];
                arguments.RemoveAt(at + 1);
                break;
            default: arguments[at] = Pick(names); break;
        }
    }

    string AnyArgument(IReadOnlyList<string> names) => Random.Next(8) switch
    {
        0 => RandomValue(),
        1 => RandomText(Random.Next(1, 30)),
        2 => Misspelt(Pick(names)),
        < 5 => Pick(Numbers),
        5 => Pick(names),
        _ => Pick(Words),
    };

    /// <summary>A word with a letter removed, replaced or added.</summary>
    string Misspelt(string word)
    {
        var at = Random.Next(word.Length + 1);
        return Random.Next(3) switch
        {
            0 when at < word.Length => word.Remove(at, 1),
            1 when at < word.Length => word[..at] + RandomText(1) + word[(at + 1)..],
            _ => word.Insert(at, RandomText(1)),
        };
    }

    /// <summary>Characters of all scripts, except zero: an argument of a process cannot contain it.</summary>
    string RandomText(int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => (char)Random.Next(1, Random.Next(3) == 0 ? 0x10000 : 0x7f)));
}
