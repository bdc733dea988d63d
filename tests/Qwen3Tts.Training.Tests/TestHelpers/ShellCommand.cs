using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Qwen3Tts.Tests;

/// <summary>Runs command lines of documents, as they are written there, with the programs that were built beside these tests.</summary>
static class ShellCommand
{
    /// <summary>Runs one command of this project, with an optional pipe into head or tail. Exit code 2, an error of the program, fails the
    /// test.</summary>
    /// <param name="line">The line.</param>
    /// <param name="folder">The folder that it runs in.</param>
    /// <param name="environment">Variables that are set.</param>
    /// <returns>Its lines on standard output; after exit code 1 those on standard error, too.</returns>
    public static string Printed(string line, string folder, params (string Name, string Value)[] environment)
    {
        var (code, output, error) = Run(line, folder, environment);
        Assert.True(code != 2, $"{line}: {error}");
        var lines = (output + (code == 1 ? error : "")).ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimEnd())
            .Where(l => l.Length > 0);
        var part = Regex.Match(line, @"\| (head|tail) -(\d+)$");
        lines = part.Groups[1].Value switch
        {
            "head" => lines.Take(int.Parse(part.Groups[2].Value, CultureInfo.InvariantCulture)),
            "tail" => lines.TakeLast(int.Parse(part.Groups[2].Value, CultureInfo.InvariantCulture)),
            _ => lines
        };
        return string.Concat(lines.Select(l => l + "\n"));
    }

    /// <summary>Runs one command of this project.</summary>
    public static (int Code, string Output, string Error) Run(string line, string folder, params (string Name, string Value)[] environment)
    {
        using var process = Start(line, folder, environment);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, ProgressLines.Remove(error.Result));
    }

    /// <summary>Starts one command of this project.</summary>
    public static Process Start(string line, string folder, params (string Name, string Value)[] environment)
    {
        var trains = line.StartsWith("qwen3tts-train ", StringComparison.Ordinal);
        var arguments = Assert.Single(Readme.Arguments(line, trains ? "qwen3tts-train" : "qwen3tts", "-"));
        // Both programs are built beside these tests, in folders named like their projects.
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var program = Path.GetFullPath(
            Path.Combine(AppContext.BaseDirectory, "..", "..", trains ? "Qwen3Tts.Training" : "Qwen3Tts.Cli", configuration, trains
            ? "qwen3tts-train.dll" : "Qwen3Tts.Cli.dll"));
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment.Append(("NO_COLOR", "1")).Append(("QWEN3TTS_WRITE_README", "")))
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
