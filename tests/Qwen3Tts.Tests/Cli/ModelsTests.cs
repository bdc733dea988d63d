using System.Diagnostics;
using System.Text.Json;
using Qwen3Tts.Cli;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Tests.Cli;

/// <summary>The commands that list, download, check and remove models, run as a user does.</summary>
public sealed class ModelsTests : IDisposable
{
    readonly HubServer _server = new();
    readonly string _home = Scratch.New("home");

    public ModelsTests()
    {
        foreach (var file in Directory.GetFiles(Mini.Model, "*", SearchOption.AllDirectories))
            _server.Files[Path.GetRelativePath(Mini.Model, file).Replace('\\', '/')] = File.ReadAllBytes(file);
    }

    public void Dispose() => _server.Dispose();

    (int Code, string Output, string Error) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Qwen3Tts.Cli.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Scratch.New(),
        };
        static bool IsOurs(string name) => name.StartsWith("HF_", StringComparison.Ordinal) || name == "QWEN3TTS_MODEL";
        foreach (var name in start.Environment.Keys.Where(IsOurs).ToList())
            start.Environment.Remove(name);
        (start.Environment["HF_HOME"], start.Environment["HF_ENDPOINT"]) = (_home, _server.Address);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, ProgressLines.Remove(error.Result));
    }

    [Fact]
    public void AModelIsDownloadedSpokenWithCheckedAndRemoved()
    {
        const string id = "tiny/mini-tts";
        var (code, output, error) = Run("say", "hello", "--model", id, "-o", "x.wav");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains($"qwen3tts models download {id}", error, StringComparison.Ordinal);
        Assert.Empty(_server.Requests); // nothing is fetched silently

        (code, output, error) = Run("models", "download", id);
        Assert.True(code == 0, error);
        Assert.Contains($"--model {id}", output, StringComparison.Ordinal);

        (code, output, _) = Run("models", "list", "--json");
        var entries = JsonDocument.Parse(output).RootElement.GetProperty("models").EnumerateArray().ToList();
        var mine = entries.Single(e => e.GetProperty("id").GetString() == id);
        Assert.True(mine.GetProperty("complete").GetBoolean());
        Assert.Equal(_server.Commit, mine.GetProperty("commit").GetString());
        var other = entries.Single(e => e.GetProperty("id").GetString() == "Qwen/Qwen3-TTS-12Hz-1.7B-Base");
        Assert.False(other.GetProperty("complete").GetBoolean());

        Assert.Contains("It loads", Run("inspect", id).Output, StringComparison.Ordinal);
        Assert.Equal(0, Run("say", "Set white at B four now.", "--model", id, "--max-seconds", "0.5", "--voice",
            Path.Combine(Golden.Repository, "tests", "Mini", "clips", "rms_1.wav"), "-o", "x.wav").Code);
        Assert.Equal(0, Run("models", "verify", id).Code);

        var weights = Path.Combine(mine.GetProperty("folder").GetString()!, "model.safetensors");
        using (var file = new FileStream(weights, FileMode.Open, FileAccess.Write))
            file.WriteByte(0xFF);
        (code, output, _) = Run("models", "verify", id);
        Assert.Equal(1, code);
        Assert.Contains("model.safetensors is damaged", output, StringComparison.Ordinal);

        (code, output, _) = Run("models", "remove", id);
        Assert.Equal(0, code);
        Assert.Contains("14.1 MB are free now", output, StringComparison.Ordinal);
        Assert.Equal(1, Run("models", "remove", id).Code);
    }

    [Fact]
    public void TheListShowsWhatIsReleased()
    {
        var (code, output, error) = Run("models", "list");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Qwen/Qwen3-TTS-12Hz-0.6B-Base", output, StringComparison.Ordinal);
        Assert.Contains("not downloaded", output, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryCommandOfModelsHasExamplesThatItUnderstands() => Assert.All(new ModelsCommand().Subcommands, c =>
    {
        var examples = Assert.IsAssignableFrom<DocumentedCommand>(c).Examples;
        Assert.NotEmpty(examples);
        Assert.All(examples, e => CommandTests.AssertUnderstood(e, Assert.Single(Readme.Arguments(e, "qwen3tts", "Qwen3Tts.Cli"))));
        var help = Run("models", c.Name, "--help").Output;
        Assert.All(examples, e => Assert.Contains(e, help, StringComparison.Ordinal));
    });

    [Theory]
    [InlineData("models", "models --help")]
    [InlineData("models download", "models download --help")]
    [InlineData("models download a/b --revison x", "--revision")]
    [InlineData("models fetch a/b", "models --help")]
    public void AWrongCommandLineNamesTheHelpOfItsCommand(string line, string named)
    {
        var (code, output, error) = Run(line.Split(' '));
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public void ATextThatIsNoIdIsAMistakeOfTheUser()
    {
        var (code, _, error) = Run("models", "download", "mini");
        Assert.Equal(1, code);
        Assert.Contains("owner/name", error, StringComparison.Ordinal);
    }
}
