using System.Text.RegularExpressions;

namespace Qwen3Tts.Tests;

/// <summary>The README's command lines, so that tests can hold them against the programs.</summary>
static class Readme
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Golden.Repository, "README.md")).ReplaceLineEndings("\n");

    /// <summary>Arguments of every command in the README's shell blocks that starts one of our programs.</summary>
    public static IEnumerable<string[]> Commands(string program, string project) =>
        from Match block in Regex.Matches(Text, "^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)
        from line in block.Groups[1].Value.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        from arguments in Arguments(line, program, project)
        select arguments;

    /// <summary>Arguments of the commands in a shell line, or a pipe of them, that start the program: by its name, or from its project with dotnet run.</summary>
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
