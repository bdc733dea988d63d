namespace Qwen3Tts.Tests;

/// <summary>Files that a command must leave as they are.</summary>
static class Bystanders
{
    /// <summary>Every file below a folder with its bytes, but for our own bookkeeping; pipes and devices by name.</summary>
    public static Dictionary<string, string> In(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Where(f => !Path.GetFileName(f).StartsWith(".qwen3tts-", StringComparison.Ordinal))
        .ToDictionary(f => f, f => Convert.ToHexString(File.ReadAllBytes(f)));

    /// <summary>Runs what must be refused: exit code 1, the words in its message, and not a byte changed.</summary>
    public static void Refused(string folder, string words, Func<TextWriter, int> run)
    {
        var (before, errors) = (In(folder), new StringWriter());
        var code = run(errors);
        Assert.True(code == 1 && errors.ToString().Contains(words, StringComparison.Ordinal), $"exit code {code}: {errors}");
        Assert.Equal(before, In(folder));
    }

    /// <summary>A copy of a folder.</summary>
    public static string Copied(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return to;
    }
}
