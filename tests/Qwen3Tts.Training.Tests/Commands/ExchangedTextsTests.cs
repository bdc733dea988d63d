using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Commands;

namespace Qwen3Tts.Tests;

/// <summary>Recordings whose texts are those of other recordings: the commands refuse to train on them, and say what to do.</summary>
public sealed class ExchangedTextsTests
{
    static (int Code, string Errors) Run(params string[] arguments)
    {
        using var errors = new StringWriter();
        return (CommandRun.Run(TrainingCommands.Root(), arguments, errors), errors.ToString());
    }

    [Fact]
    public void VoiceAndTrainRefuseThemAndVoiceGoesOnWithTheRightTexts()
    {
        var (recordings, output) = (Scratch.New("recordings"), Path.Combine(Scratch.New("voice"), "station"));
        foreach (var file in Directory.GetFiles(Mini.Station).Order(StringComparer.Ordinal).Take(2 * 16))
            File.Copy(file, Path.Combine(recordings, Path.GetFileName(file)));
        string[] files = [.. Directory.GetFiles(recordings, "*.txt").Order(StringComparer.Ordinal)];
        var texts = Array.ConvertAll(files, File.ReadAllText);
        void Rotate(int by)
        {
            for (var i = 0; i < files.Length; i++)
                File.WriteAllText(files[i], texts[(i + by) % texts.Length]);
        }

        Rotate(1);
        string[] options = ["--name", "station", "--model", Mini.Model, "--held-out", "0", "--steps", "1"];
        string[] voice = ["voice", recordings, "--output", output, "--language", "English", "--say", "Set white at B four now.",
            .. options];
        var run = Path.Combine(output, "run");
        CheckRefused(Run(voice), run);
        var trained = Path.Combine(Scratch.New("run"), "run");
        CheckRefused(Run(["train", Path.Combine(output, "codes.jsonl"), "-o", trained, .. options]), trained);

        Rotate(0);
        var (code, errors) = Run(voice);
        Assert.True(code == CommandRun.Done, errors);
        Assert.True(File.Exists(Path.Combine(output, "station.wav")));
    }

    static void CheckRefused((int Code, string Errors) said, string run)
    {
        Assert.Equal(CommandRun.UsersMistake, said.Code);
        Assert.Contains("This run cannot work:", said.Errors, StringComparison.Ordinal);
        Assert.Contains("codes.jsonl: the texts fit these recordings no better than the texts of other clips do", said.Errors,
            StringComparison.Ordinal);
        Assert.Contains("Listen to a few clips beside their texts, and correct the list.", said.Errors, StringComparison.Ordinal);
        Assert.Contains("--force", said.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run)); // the next try needs no --overwrite
    }
}
