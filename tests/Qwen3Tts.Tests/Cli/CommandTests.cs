using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Qwen3Tts.Cli;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Tests.Cli;

/// <summary>Runs the program as a user does: as a process with arguments, two output streams and an exit code.</summary>
public sealed class CommandTests
{
    [Fact]
    public void HelpShowsEveryCommand()
    {
        var (code, output, error) = Run("--help");
        Assert.Equal((0, ""), (code, error));
        Assert.All(Commands.Root().Subcommands, c => Assert.Contains(c.Name, output, StringComparison.Ordinal));
    }

    [Fact]
    public void EveryCommandOfThisProgramHasExamplesThatItUnderstands()
    {
        var root = Commands.Root();
        Assert.All(root.Subcommands.Where(c => HandOver.Commands.All(h => h.Name != c.Name)), c =>
        {
            var examples = Assert.IsAssignableFrom<DocumentedCommand>(c).Examples;
            Assert.NotEmpty(examples);
            Assert.All(examples, e => AssertUnderstood(e, Assert.Single(Readme.Arguments(e, "qwen3tts", "Qwen3Tts.Cli"))));
            var help = Run(c.Name, "--help").Output;
            Assert.All(examples, e => Assert.Contains(e, help, StringComparison.Ordinal));
        });
    }

    internal static void AssertUnderstood(string line, string[] arguments)
    {
        var errors = Commands.Root().Parse(HandOver.Protect(arguments)).Errors;
        Assert.True(errors.Count == 0, $"'{line}': {string.Join(' ', errors.Select(e => e.Message))}");
    }

    [Theory]
    [InlineData("nonsense", "'nonsense'")]
    [InlineData("inspect", "model")]
    [InlineData("inspect --nonsense x", "'--nonsense'")]
    [InlineData("convert mini --layout official", "--output")]
    [InlineData("say hello --sped 2 -o x.wav", "'--sped'")]
    [InlineData("say hello --layout sideways -o x.wav", "text-first")]
    [InlineData("say hello --temperature warm -o x.wav", "'warm'")]
    [InlineData("say hello --seed -1 -o x.wav", "--seed is -1")]
    [InlineData("say hello --threads 0 -o x.wav", "--threads is 0")]
    public void AWrongCommandLineGivesOneSentenceAndNamesTheHelp(string line, string named)
    {
        var (code, output, error) = Run(line.Split(' '));
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(named, error, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("--help", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public void AMistakeIsReportedWithoutAStackTraceUnlessAskedFor()
    {
        var folder = Path.Combine(Scratch.New(), "absent");
        var (code, output, error) = Run("inspect", folder);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(folder, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Contains("   at ", Run("inspect", folder, "--debug").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void TheExitCodeSaysWhoseMistakeItWas()
    {
        static (int, string) Throws(Exception e)
        {
            var command = new Command("do", "");
            command.Does((_, _) => throw e);
            var errors = new StringWriter();
            return (CommandRun.Run(new RootCommand { command }, ["do"], errors), errors.ToString().Trim());
        }
        Assert.Equal((1, "damaged"), Throws(new InvalidDataException("damaged")));
        Assert.Equal((1, "missing"), Throws(new FileNotFoundException("missing")));
        Assert.Equal((1, "no such speaker"), Throws(new ArgumentException("no such speaker", "speaker")));
        var (code, message) = Throws(new ArgumentOutOfRangeException("index"));
        Assert.Equal(2, code);
        Assert.Contains("--debug", message, StringComparison.Ordinal);
        Assert.Equal(2, Throws(new InvalidOperationException("should not be")).Item1);
    }

    [Fact]
    public void InspectDescribesTheMiniature()
    {
        var (code, output, error) = Run("inspect", Mini.Model, "--json");
        Assert.Equal((0, ""), (code, error));
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal("base", report.GetProperty("type").GetString());
        Assert.Empty(report.GetProperty("problems").EnumerateArray());
        Assert.Equal(["talker", "code predictor", "speaker encoder", "codec encoder", "codec decoder"],
            report.GetProperty("parts").EnumerateArray().Select(p => p.GetProperty("name").GetString()));
        var stored = Directory.GetFiles(Mini.Model, "*.safetensors", SearchOption.AllDirectories)
            .Sum(f => new FileInfo(f).Length - 8 - BitConverter.ToInt64(File.ReadAllBytes(f).AsSpan(0, 8)));
        Assert.Equal(stored, report.GetProperty("parts").EnumerateArray().Sum(p => p.GetProperty("bytes").GetInt64()));
        Assert.Contains("It loads", Run("inspect", Mini.Model).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void InspectDescribesEveryCheckpoint() => Assert.All(Golden.Checkpoints, name =>
    {
        var (code, output, error) = Run("inspect", Golden.Checkpoint(name), "--json");
        Assert.True(code == 0, $"{name}: {error}{output}");
        var speakers = JsonDocument.Parse(File.ReadAllText(Path.Combine(Golden.Checkpoint(name), "config.json"))).RootElement.GetProperty(
            "talker_config").GetProperty("spk_id").EnumerateObject().Count();
        var told = JsonDocument.Parse(output).RootElement.GetProperty("speakers").EnumerateArray().ToList();
        Assert.Equal(speakers, told.Count);
        Assert.All(told, s => Assert.True(s.GetProperty("norm").GetDouble() > 0));
    });

    [Fact]
    public void InspectNamesEveryBrokenPart()
    {
        var folder = Scratch.New();
        foreach (var file in Directory.GetFiles(Mini.Model, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(folder, Path.GetRelativePath(Mini.Model, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        File.WriteAllText(Path.Combine(folder, "config.json"), File.ReadAllText(Path.Combine(folder, "config.json"))
            .Replace("\"intermediate_size\": 384", "\"intermediate_size\": 383", StringComparison.Ordinal));
        File.Delete(Path.Combine(folder, "merges.txt"));
        var (code, output, _) = Run("inspect", folder);
        Assert.Equal(1, code);
        Assert.Contains("2 problems", output, StringComparison.Ordinal);
        Assert.Contains("merges.txt", output, StringComparison.Ordinal);
        Assert.Contains("talker.model.layers.0.mlp.gate_proj.weight", output, StringComparison.Ordinal);
    }

    internal static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, ProgressLines.Remove(error.Result));
    }

    internal static Process Start(params string[] arguments) => Start(command => [.. command], arguments);

    internal static Process Start(Func<IEnumerable<string>, string[]> launched, params string[] arguments)
    {
        var command = launched(["dotnet", "exec", Path.Combine(AppContext.BaseDirectory, "Qwen3Tts.Cli.dll"), .. arguments]);
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Scratch.New(),
        };
        start.Environment.Remove("QWEN3TTS_MODEL");
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
