namespace Qwen3Tts.CommandLine;

static class ShellWord
{
    /// <summary>A word of a command line that is shown to be typed: in quotes if a shell would split it or change it.</summary>
    public static string Quoted(string word)
    {
        var plain = OperatingSystem.IsWindows() ? "-_./\\:@+" : "-_./:@+";
        return word.Length > 0 && word.All(c => char.IsLetterOrDigit(c) || plain.Contains(c)) ? word
            : OperatingSystem.IsWindows() || word.AsSpan().IndexOfAny("\"$`\\!") < 0 ? $"\"{word}\""
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }
}
