namespace Qwen3Tts.Tests;

/// <summary>Checks that a command leaves files as they are.</summary>
static class UntouchedFiles
{
    /// <summary>Every file below a folder with its bytes in hexadecimal, except this program's records and locks.</summary>
    public static Dictionary<string, string> Read(string folder) => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
        .Where(f => !Path.GetFileName(f).StartsWith(".qwen3tts-", StringComparison.Ordinal))
        .ToDictionary(f => f, f => Convert.ToHexString(File.ReadAllBytes(f)));

    /// <summary>Runs a command that must be refused: exit code 1, the words in its message, and no byte changed.</summary>
    public static void CheckRefusal(string folder, string words, Func<TextWriter, int> run)
    {
        var (before, errors) = (Read(folder), new StringWriter());
        var code = run(errors);
        Assert.True(code == 1 && errors.ToString().Contains(words, StringComparison.Ordinal), $"exit code {code}: {errors}");
        Assert.Equal(before, Read(folder));
    }

    /// <summary>Copies a folder, and returns the path of the copy.</summary>
    public static string Copy(string from, string to)
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
