// Debian's pocketsphinx (packages pocketsphinx, pocketsphinx-en-us) with a grammar. Its acoustic model is of 2014. It recognises the
// sentences of the grammar and nothing else, is small and fast, and always gives the same result. Its dictionary is reduced to the words of
// the grammar.
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Listening;

/// <summary>pocketsphinx_batch with a JSGF grammar.</summary>
sealed partial class PocketSphinx : SpeechRecogniser
{
    const string Program = "pocketsphinx_batch";
    const string Install = "on Debian and Ubuntu: apt-get install pocketsphinx pocketsphinx-en-us";
    static readonly string[] ModelFolders = ["/usr/share/pocketsphinx/model/en-us", "/usr/local/share/pocketsphinx/model/en-us",
        "/opt/homebrew/share/pocketsphinx/model/en-us"];

    readonly string _program, _model, _grammar;
    readonly List<string> _dictionary;

    PocketSphinx(string program, string model, string grammar, List<string> dictionary) =>
        (_program, _model, _grammar, _dictionary) = (program, model, grammar, dictionary);

    public override string Name => "pocketsphinx";

    /// <param name="expected">The grammar, which is required, and pronunciations of words that cmudict lacks.</param>
    /// <param name="reason">Why the result is null.</param>
    /// <exception cref="ArgumentException"><paramref name="expected"/> has no grammar.</exception>
    /// <exception cref="InvalidDataException">The file is no grammar, or a word of it is in no dictionary.</exception>
    /// <exception cref="IOException">The grammar or a dictionary cannot be read.</exception>
    public static new PocketSphinx? Find(ExpectedSpeech expected, out string reason)
    {
        var grammar = expected.Grammar ?? throw new ArgumentException("pocketsphinx needs a grammar. Give a JSGF file.", nameof(expected));
        reason = "";
        var program = ExternalProgram.OnPath(Program);
        if (program is null)
            reason = $"{Program} is not on the PATH ({Install})";
        else if (Array.Find(ModelFolders, Directory.Exists) is { } model)
            return new(program, model, grammar, Dictionary(grammar, [Path.Combine(model, "cmudict-en-us.dict"), .. expected.Dictionaries]));
        else
            reason = $"{Program} is there, but no acoustic model in {ModelFolders[0]} ({Install})";
        return null;
    }

    public override IReadOnlyList<string> Hear(IReadOnlyList<Waveform> clips, CancellationToken cancel = default)
    {
        var folder = Directory.CreateTempSubdirectory("qwen3tts-hear-").FullName;
        try
        {
            string In(string name) => Path.Combine(folder, name);
            for (var i = 0; i < clips.Count; i++)
                File.WriteAllBytes(In($"{i}.raw"), MemoryMarshal.AsBytes(Prepare(clips[i]).AsSpan()));
            File.WriteAllLines(In("clips.txt"), Enumerable.Range(0, clips.Count).Select(i => $"{i}"));
            File.WriteAllLines(In("words.dict"), _dictionary);
            ExternalProgram.Run(_program,
                ["-hmm", Path.Combine(_model, "en-us"), "-dict", In("words.dict"), "-jsgf", _grammar, "-ctl", In("clips.txt"), "-cepdir",
                folder, "-cepext", ".raw", "-adcin", "yes", "-hyp", In("heard.txt")], cancel);
            var heard = File.ReadLines(In("heard.txt")).Select(l => Hypothesis().Match(l)).Where(m => m.Success)
                .ToDictionary(m => m.Groups["clip"].Value, m => m.Groups["words"].Value.Trim());
            return [.. Enumerable.Range(0, clips.Count).Select(i => heard.GetValueOrDefault($"{i}", ""))];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The lines of all dictionaries for the words of the grammar, including alternatives such as <c>the(2)</c>.</summary>
    internal static List<string> Dictionary(string grammar, IEnumerable<string> files)
    {
        var text = TextFile.Read(grammar);
        if (!text.StartsWith("#JSGF", StringComparison.Ordinal))
            throw new InvalidDataException($"{grammar}: this is no JSGF grammar, because its first line does not begin with #JSGF. Give "
                + "one such as tests/Mini/grammar.jsgf in the repository.");
        var wanted = Words(text);
        var lines = files.SelectMany(TextFile.ReadLines).Where(l => wanted.Contains(WordOf(l))).ToList();
        wanted.ExceptWith(lines.Select(WordOf));
        return wanted.Count == 0 ? lines
            : throw new InvalidDataException(
                $"{grammar}: no dictionary knows how to pronounce {string.Join(", ", wanted.Order(StringComparer.Ordinal))}. Add a " +
                $"dictionary with these words, in the format of cmudict.");
    }

    /// <summary>The words of a JSGF grammar: the rest after removing header, comments, rule names, weights, tags and operators.</summary>
    internal static HashSet<string> Words(string grammar) =>
        [.. Syntax().Replace(grammar, " ").Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries).Where(w => w != "public")];

    static string WordOf(string line) => Alternative().Replace(line.Split([' ', '\t'], 2)[0], "");

    [GeneratedRegex(@"#JSGF[^;]*;|//[^\n]*|/\*.*?\*/|\b(grammar|import)\b[^;]*;|<[^>]*>|/[\d.]+/|\{[^}]*\}|[=|;()\[\]*+]",
        RegexOptions.Singleline)]
    private static partial Regex Syntax();

    [GeneratedRegex(@"\(\d+\)$")]
    private static partial Regex Alternative();

    [GeneratedRegex(@"^(?<words>.*)\((?<clip>\d+) -?\d+\)\s*$")]
    private static partial Regex Hypothesis();
}
