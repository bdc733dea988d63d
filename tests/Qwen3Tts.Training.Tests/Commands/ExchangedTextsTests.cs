using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Commands;

namespace Qwen3Tts.Tests;

/// <summary>Recordings whose texts are those of other recordings: the commands refuse to train on them, and say what to do.</summary>
public sealed class ExchangedTextsTests
{
    [Fact]
    public void VoiceAndTrainRefuseThem()
    {
        var (recordings, output) = (Scratch.New("recordings"), Path.Combine(Scratch.New("voice"), "station"));
        foreach (var file in Directory.GetFiles(Mini.Station).Order(StringComparer.Ordinal).Take(2 * 16))
            File.Copy(file, Path.Combine(recordings, Path.GetFileName(file)));
        string[] files = [.. Directory.GetFiles(recordings, "*.txt").Order(StringComparer.Ordinal)];
        var texts = Array.ConvertAll(files, File.ReadAllText);
        foreach (var (i, file) in files.Index())
            File.WriteAllText(file, texts[(i + 1) % texts.Length]);

        string[] options = ["--name", "station", "--model", Mini.Model, "--held-out", "0", "--steps", "1"];
        string[] voice = ["voice", recordings, "--output", output, "--language", "English", .. options];
        CheckRefused(voice, Path.Combine(output, "run"));
        var trained = Path.Combine(Scratch.New("run"), "run");
        CheckRefused(["train", Path.Combine(output, "codes.jsonl"), "-o", trained, .. options], trained);
    }

    static void CheckRefused(string[] arguments, string run)
    {
        using var errors = new StringWriter();
        Assert.Equal(CommandRun.UsersMistake, CommandRun.Run(TrainingCommands.Root(), arguments, errors));
        var said = errors.ToString();
        Assert.Contains("This run cannot work:", said, StringComparison.Ordinal);
        Assert.Contains("codes.jsonl: the texts fit these recordings no better than the texts of other clips do", said,
            StringComparison.Ordinal);
        Assert.Contains("Listen to a few clips beside their texts, and correct those that are wrong.", said, StringComparison.Ordinal);
        Assert.Contains("--force", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run)); // the next try needs no --overwrite
    }
}
