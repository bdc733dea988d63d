using System.Diagnostics;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests.Cli;

/// <summary>Mistakes that users make at first, and the sentences that they read then.</summary>
public sealed class MistakeTests
{
    [Theory]
    [InlineData("say set white", "quotation marks")]
    [InlineData("sya hello", "Did you mean say?")]
    [InlineData("codec", "Name what to do: encode, decode.")]
    [InlineData("inspect", "<model> is missing; give it behind 'inspect'.")]
    [InlineData("voice shw", "Did you mean show?")]
    [InlineData("voice show .", "'.' is a folder")]
    [InlineData("voice show nothing", "There is no file 'nothing'. Check the path.")]
    [InlineData("voice show README", "is no voice file")]
    [InlineData("say --file .", "'.' is a folder")]
    [InlineData("say --file nothing", "There is no file 'nothing'. Check the path.")]
    [InlineData("say hello --voice .", ". is a folder. Name a recording in it.")]
    [InlineData("say hello --output EMPTY", "is empty")]
    [InlineData("say hello --precision int2", "Did you mean int8? See")]
    [InlineData("codec encode README --model MINI -o -", "standard output is not written to here")]
    public void AMessageSaysWhatToDo(string line, string part)
    {
        var folder = Scratch.New();
        File.WriteAllText(Path.Combine(folder, "README"), "This is not a voice.");
        var (code, _, error) = UseTests.Bytes([], folder,
            [.. line.Split(' ').Select(word => word switch { "MINI" => Mini.Model, "EMPTY" => "", _ => word })]);
        Assert.Equal(1, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Equal(["README"], Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName)
            .Where(name => name != OutputRecord.FileName));
    }

    /// <summary>A file system allows 255 bytes for a name.</summary>
    [Fact]
    public void ANameThatIsTooLongIsCalledSo()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has other limits.");
        var error = Assert.Throws<IOException>(() => OutputFile.WriteText(Path.Combine(Scratch.New(), new string('x', 250)), "a"));
        Assert.Contains("Give a shorter name.", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Two commands that start at the same time do not take the same default name.</summary>
    [Fact]
    public async Task ADefaultNameIsTakenOnce()
    {
        var folder = Scratch.New();
        var path = Path.Combine(folder, "speech.wav");
        Assert.True(OutputFile.TryTakeName(path));
        Assert.False(OutputFile.TryTakeName(path));
        string[] say = ["say", "Set white at B four now.", "--max-seconds", "0.2"];
        Assert.Equal(1, UseTests.Bytes([], folder, [.. say, "--speaker", "nobody"]).Code);
        Assert.False(File.Exists(Path.Combine(folder, "speech-2.wav"))); // a name is given back if nothing is spoken
        var spoken = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => UseTests.Bytes([], folder, say))));
        Assert.All(spoken, s => Assert.Equal("", s.Code == 0 ? "" : s.Error));
        Assert.Equal([2, 3, 4], Enumerable.Range(2, 8).Where(n => File.Exists(Path.Combine(folder, $"speech-{n}.wav"))));
        Assert.Equal(0, new FileInfo(path).Length);
        OutputFile.WriteText(path, "the one that took it");
        Assert.Equal("the one that took it", File.ReadAllText(path));
    }

    /// <summary>Speech ends when the program that reads it has ended.</summary>
    [Fact]
    public async Task SpeechForAReaderThatHasEndedStops()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The console's stream of Windows hides this.");
        var folder = Scratch.New();
        File.WriteAllText(Path.Combine(folder, "long.txt"),
            string.Join(' ', Enumerable.Repeat("Set white at B four now. Robert has nine yellow pencils.", 500))); // about an hour
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Qwen3Tts.Cli.dll"), "say", "--file",
            "long.txt", "-o", "-"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment.Remove("QWEN3TTS_MODEL");
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        process.StandardOutput.BaseStream.ReadExactly(new byte[1000]);
        process.StandardOutput.Close();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.Equal(1, process.ExitCode);
        Assert.Contains("the program that reads it has ended", await error, StringComparison.Ordinal);
    }
}
