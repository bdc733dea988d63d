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
    [InlineData("say hello --speaker nobody", "nobody")]
    [InlineData("doctor absent", "There is no folder 'absent'.")]
    [InlineData("quantize MINI -o README/out", "Choose a folder that can be written to.")]
    [InlineData("voice create --recording CLIP --model MINI -o x.wav", "Name 'x.voice.safetensors'.")]
    [InlineData("voice create --recording CLIP --model MINI --language klingon -o x", "The model has no language 'klingon'. Choose")]
    [InlineData("codec encode README --model MINI -o -", "standard output is not written to here")]
    public void AMessageSaysWhatToDo(string line, string part)
    {
        var folder = Scratch.New();
        File.WriteAllText(Path.Combine(folder, "README"), "This is not a voice.");
        var (code, _, error) = UseTests.Bytes([], folder,
            [.. line.Split(' ').Select(word => word switch
            {
                "MINI" => Mini.Model,
                "CLIP" => Path.Combine(Mini.Folder, "clips", "rms_1.wav"),
                "EMPTY" => "",
                _ => word,
            })]);
        Assert.Equal(1, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.Equal(["README"], Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName));
    }

    /// <summary>The folders of a run and of the command 'voice' are named in place of the model inside.</summary>
    [Theory]
    [InlineData("run/export")]
    [InlineData("export")]
    public void AFolderThatHasAModelInsideNamesIt(string inside)
    {
        var folder = Scratch.New();
        UntouchedFiles.Copy(Mini.Model, Path.Combine(folder, inside));
        var (code, output, error) = CommandTests.Run("doctor", folder, "--takes", "0");
        Assert.NotEqual(0, code);
        var words = string.Concat((output + error).Where(c => !char.IsWhiteSpace(c))); // as the console breaks lines
        Assert.Contains($"Namethemodelinside:{Path.Combine(folder, inside)}", words, StringComparison.Ordinal);
        Assert.NotInRange(CommandTests.Run("doctor", Path.Combine(folder, inside), "--takes", "0").Code, 1, 2);
    }

    /// <summary>A file system allows 255 bytes for a name.</summary>
    [Fact]
    public void ANameThatIsTooLongIsCalledSo()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has other limits.");
        var error = Assert.Throws<IOException>(() => OutputFile.WriteText(Path.Combine(Scratch.New(), new string('x', 250)), "a"));
        Assert.Contains("Give a shorter name.", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Commands that speak at the same time do not take the same default name.</summary>
    [Fact]
    public async Task ADefaultNameIsTakenOnce()
    {
        var folder = Scratch.New();
        File.WriteAllText(Path.Combine(folder, "speech.wav"), "theirs");
        string[] say = ["say", "Set white at B four now.", "--max-seconds", "0.2"];
        var spoken = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => UseTests.Bytes([], folder, say))));
        Assert.All(spoken, s => Assert.Equal("", s.Code == 0 ? "" : s.Error));
        Assert.Equal(["speech-2.wav", "speech-3.wav", "speech-4.wav", "speech.wav"],
            Directory.GetFiles(folder, "*.wav").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("theirs", File.ReadAllText(Path.Combine(folder, "speech.wav")));
        for (var n = 2; n <= 4; n++)
            OutputFile.CheckIsFree(Path.Combine(folder, $"speech-{n}.wav")); // the record has it
    }

    /// <summary>A name that another process takes while the file is written stays with that process.</summary>
    [Fact]
    public void ANameThatIsTakenMeanwhileIsLeft()
    {
        var folder = Scratch.New();
        string[] names = [Path.Combine(folder, "a"), Path.Combine(folder, "b"), Path.Combine(folder, "c")];
        File.WriteAllText(names[0], "theirs");
        Assert.Equal(names[2], OutputFile.WriteUnused(names, stream =>
        {
            stream.Write("_urs"u8);
            File.WriteAllText(names[1], "theirs, too");
            return "o"u8.ToArray();
        }));
        Assert.Equal(["theirs", "theirs, too", "ours"], names.Select(File.ReadAllText));
        Assert.Throws<IOException>(() => OutputFile.CheckIsFree(names[1]));
        OutputFile.CheckIsFree(names[2]);
    }

    /// <summary>A process that is killed while it speaks leaves no file under a final name.</summary>
    [Fact]
    public void WhoIsKilledLeavesNoSpeech()
    {
        var folder = Scratch.New();
        File.WriteAllText(Path.Combine(folder, "long.txt"), string.Join(' ', Enumerable.Repeat("Set white at B four now.", 500)));
        var start = new ProcessStartInfo("dotnet",
            ["exec", Path.Combine(AppContext.BaseDirectory, "Qwen3Tts.Cli.dll"), "say", "--file", "long.txt"])
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
        };
        start.Environment.Remove("QWEN3TTS_MODEL");
        using var process = Process.Start(start)!;
        try
        {
            SpinWait.SpinUntil(() => Directory.GetFiles(folder, "*.qwen3tts-tmp").Length > 0 || process.HasExited, TimeSpan.FromMinutes(1));
        }
        finally
        {
            process.Kill();
        }
        process.WaitForExit();
        Assert.Single(Directory.GetFiles(folder, "*.qwen3tts-tmp"));
        Assert.Equal(2, Directory.GetFiles(folder).Length); // and the text
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
