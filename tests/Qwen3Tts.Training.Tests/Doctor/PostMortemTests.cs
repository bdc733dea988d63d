using System.Globalization;
using System.Text.RegularExpressions;

namespace Qwen3Tts.Tests;

/// <summary>Runs each command of docs/post-mortem.md as it is written there, and compares the output with the text below it.</summary>
public sealed class PostMortemTests
{
    static readonly string Document = Path.Combine(Golden.Repository, "docs", "post-mortem.md");

    [Fact]
    public void ItsCommandsPrintWhatItQuotes()
    {
        var folder = Scratch.New("post-mortem");
        var text = File.ReadAllText(Document).ReplaceLineEndings("\n");
        var written = Regex.Replace(text, "^```sh\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", block =>
        {
            var printed = string.Concat(block.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.StartsWith("cd ", StringComparison.Ordinal) ? Enter(line[3..]) : ShellCommand.Printed(line, folder)));
            if (!block.Groups[2].Success)
                return block.Value;
            if (!Readme.IsToBeWritten)
                AssertAlike(block.Groups[2].Value, printed);
            return $"```sh\n{block.Groups[1].Value}```\n```text\n{printed}```\n";
        }, RegexOptions.Multiline | RegexOptions.Singleline);
        if (Readme.IsToBeWritten)
            File.WriteAllText(Document, written);

        string Enter(string inner)
        {
            folder = Path.Combine(folder, inner);
            return "";
        }
    }

    [Fact]
    public void ItsTableIsTheMeasuredOne()
    {
        var measured = Rows(Path.Combine(Mini.Folder, "fault_table.md")).ToDictionary(r => r[1], r => r[2..5]);
        var quoted = Rows(Document).Where(r => r[1] is not ("run" or "---")).ToList();
        Assert.NotEmpty(quoted);
        Assert.All(quoted, r => Assert.Equal(measured[r[1]], r[2..5]));
    }

    static IEnumerable<string[]> Rows(string file) =>
        File.ReadLines(file).Select(l => l.Split('|', StringSplitOptions.TrimEntries)).Where(c => c.Length >= 6);

    /// <summary>Checks that the words are the same, and that numbers differ by no more than rounding on another machine explains.</summary>
    static void AssertAlike(string quoted, string printed)
    {
        const string Number = @"\d+(?:\.\d+)?(?:e-?\d+)?";
        static string Words(string text) => Regex.Replace(Regex.Replace(text, Number, "#"), @"[\s─]+", " ");
        Assert.Equal(Words(quoted), Words(printed));
        foreach (var (a, b) in Regex.Matches(quoted, Number).Zip(Regex.Matches(printed, Number)))
        {
            var (expected, actual) = (double.Parse(a.Value, CultureInfo.InvariantCulture),
                double.Parse(b.Value, CultureInfo.InvariantCulture));
            Assert.True(Math.Abs(expected - actual) <= 0.05 + 0.1 * Math.Abs(expected),
                $"The document has {a.Value}, printed is {b.Value}, in\n{printed}");
        }
    }
}
