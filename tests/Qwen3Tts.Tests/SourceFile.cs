using System.Text.RegularExpressions;

namespace Qwen3Tts.Tests;

/// <summary>One source file, in which comments and strings are replaced by blanks.</summary>
sealed record SourceFile(string Path, string Folder, string Head, string[] Code)
{
    /// <summary>The folder inside the project; "Program" for a file in the project's own folder.</summary>
    public string Subfolder => Path.Split('/') is [_, _, var folder, _, ..] ? folder : "Program";

    public string? OwnNamespace => Code.Select(l => Regex.Match(l, @"^namespace ([\w.]+)")).FirstOrDefault(m => m.Success)?.Groups[1].Value;

    /// <summary>Folders of the trainer that this file names.</summary>
    public IEnumerable<(int Line, string Subfolder)> UsedSubfolders(IEnumerable<string> subfolders) =>
        from line in Code.Select((text, i) => (Number: i + 1, Text: text))
        where !line.Text.StartsWith("namespace ", StringComparison.Ordinal)
        from Match match in Regex.Matches(line.Text, @"\bQwen3Tts\.Training\.([A-Z]\w*)")
        where subfolders.Contains(match.Groups[1].Value)
        select (line.Number, match.Groups[1].Value);

    public string Expected => Folder switch { "Root" => "Qwen3Tts", _ => $"Qwen3Tts.{Folder}" };
    public string? Namespace => Code.Select(l => Regex.Match(l, @"^namespace ([\w.]+)"))
        .Where(m => m.Success && m.Groups[1].Value != "System").Select(m => RemoveSubNamespace(m.Groups[1].Value)).FirstOrDefault();
    public IEnumerable<string> Types =>
        Code.SelectMany(l => Regex.Matches(l, @"\b(?:class|struct|record|enum|interface|delegate\s+[\w<>\[\]]+)\s+([A-Z]\w*)")
        .Select(m => m.Groups[1].Value));

    public static List<SourceFile> All()
    {
        var root = System.IO.Path.Combine(Golden.Repository, "src");
        return [.. Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file =>
        {
            var parts = System.IO.Path.GetRelativePath(root, file).Split(System.IO.Path.DirectorySeparatorChar);
            var folder = parts[0] == "Qwen3Tts" ? parts.Length == 2 ? "Root" : parts[1]
                : parts[0].Replace("Qwen3Tts.", "", StringComparison.Ordinal);
            return Parse($"src/{string.Join('/', parts)}", folder, File.ReadAllText(file));
        })];
    }

    public static SourceFile Parse(string path, string folder, string text)
    {
        text = text.ReplaceLineEndings("\n");
        var head = string.Join("\n", text.Split('\n').TakeWhile(l => l.StartsWith("//", StringComparison.Ordinal)));
        return new(path, folder, head, Blank(text).TrimEnd('\n').Split('\n'));
    }

    public IEnumerable<(int Number, string Text)> LinesWith(string pattern) =>
        Code.Select((text, i) => (i + 1, text)).Where(l => Regex.IsMatch(l.text, pattern));

    /// <summary>
    /// All folders of this repository that the file names: with using, by full name, or by a name relative to the namespace Qwen3Tts.
    /// </summary>
    public IEnumerable<(int Line, string Text, string Folder)> Uses(Dictionary<string, HashSet<string>> declared)
    {
        var relative = string.Join('|', declared.Keys.Where(k => k != "Root"));
        var front = string.Join('|', declared.GetValueOrDefault("Root", []).DefaultIfEmpty("\0"));
        for (var i = 0; i < Code.Length; i++)
        {
            if (Code[i].StartsWith("namespace ", StringComparison.Ordinal))
                continue;
            foreach (Match m in Regex.Matches(Code[i], @"\bQwen3Tts\.([A-Z]\w*)"))
                yield return (i + 1, m.Value, declared.ContainsKey(m.Groups[1].Value) ? m.Groups[1].Value : "Root");
            foreach (Match m in Regex.Matches(Code[i], $@"(?<![\w.])({relative})\.([A-Z]\w*)"))
                if (declared[m.Groups[1].Value].Contains(m.Groups[2].Value))
                    yield return (i + 1, m.Value, m.Groups[1].Value);
            foreach (Match m in Regex.Matches(Code[i], $@"(?<![\w.])({front})\b"))
                if (!Types.Contains(m.Value) && !HasMember(m.Value))
                    yield return (i + 1, m.Value, "Root");
        }
    }

    /// <summary>A property or parameter of this file may have the name of a type of the root.</summary>
    bool HasMember(string name) => Code.Any(l => Regex.IsMatch(l, $@"[\w\]?>] {name}( \{{| =|;|,|\))"));

    /// <summary>The network modules of the trainer may have namespaces below the project's.</summary>
    static string RemoveSubNamespace(string name) => Regex.Replace(name, @"^(Qwen3Tts\.(?:Training|Server|Cli|Doctor))\..*$", "$1");

    static string Blank(string text) => Regex.Replace(text,
        "//[^\n]*|/\\*.*?\\*/|\\$*\"\"\"+.*?\"\"\"+|[$@]*@[$]*\"(?:[^\"]|\"\")*\"|\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\\n])+'",
        m => new string('\n', m.Value.Count(c => c == '\n')) is { Length: > 0 } lines ? lines : "\"\"", RegexOptions.Singleline);
}
