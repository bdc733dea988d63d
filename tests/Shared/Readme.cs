using System.Text.RegularExpressions;

namespace Qwen3Tts.Tests;

/// <summary>The README's command lines, so that tests can check them against the programs.</summary>
static class Readme
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Golden.Repository, "README.md")).ReplaceLineEndings("\n");

    /// <summary>True if tests write their results into the documents, instead of comparing them with the documents.</summary>
    public static bool IsToBeWritten => Environment.GetEnvironmentVariable("QWEN3TTS_WRITE_README") == "1";

    /// <summary>Replaces the table between the comments of that name.</summary>
    /// <param name="document">The document, relative to the repository.</param>
    /// <param name="block">The name in the comments.</param>
    /// <param name="table">The new table.</param>
    public static void Write(string document, string block, string table)
    {
        using var turn = new Mutex(false, "qwen3tts-readme"); // both test programs may write at the same time
        turn.WaitOne();
        try
        {
            var path = Path.Combine(Golden.Repository, document);
            var text = File.ReadAllText(path);
            var place = Find(document, text, block);
            File.WriteAllText(path, text[..place.Start] + table + text[place.End..]);
        }
        finally
        {
            turn.ReleaseMutex();
        }
    }

    /// <summary>Compares a table with the text between the comments of that name, or writes it there.</summary>
    public static void Hold(string document, string block, string table)
    {
        if (IsToBeWritten)
            Write(document, block, table);
        var text = File.ReadAllText(Path.Combine(Golden.Repository, document)).ReplaceLineEndings("\n");
        Assert.Equal(table, text[Find(document, text, block)]);
    }

    static Range Find(string document, string text, string block)
    {
        var (begin, end) = ($"<!-- {block} -->\n", $"<!-- end {block} -->");
        var (from, to) = (text.IndexOf(begin, StringComparison.Ordinal), text.IndexOf(end, StringComparison.Ordinal));
        return from >= 0 && to >= 0 ? (from + begin.Length)..to : throw new InvalidDataException(
            $"{document} has no block '{begin.Trim()}' … '{end}'. Put both lines where the table belongs.");
    }

    /// <summary>Arguments of every command in the README's shell blocks that starts one of this repository's programs.</summary>
    public static IEnumerable<string[]> Commands(string program, string project) =>
        from Match block in Regex.Matches(Text, "^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)
        from line in block.Groups[1].Value.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        from arguments in Arguments(line, program, project)
        select arguments;

    /// <summary>
    /// Arguments of the commands in a shell line (or a pipe) that start the program: by its name, or from its project with dotnet run.
    /// </summary>
    public static IEnumerable<string[]> Arguments(string line, string program, string project)
    {
        var words = Regex.Matches(line, "\"[^\"]*\"|'[^']*'|[^\\s\"']+").Select(m => m.Value).TakeWhile(w => !w.StartsWith('#')).ToList();
        for (var i = 0; i < words.Count; i++)
        {
            var starts = words[i] == program ? i + 1 : words[i] == $"src/{project}" ? words.IndexOf("--", i) + 1 : 0;
            if (starts > 0)
                yield return [.. words.Skip(starts).TakeWhile(w => w is not ("|" or ">" or "&&")).Select(w => w.Trim('"', '\''))];
        }
    }
}
