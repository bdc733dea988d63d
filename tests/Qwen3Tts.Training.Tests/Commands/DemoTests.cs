using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Commands;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Tests;

/// <summary>The demo with a tiny model and two steps: every part is done, and the page plays the files that exist.</summary>
public sealed class DemoTests
{
    [Fact]
    public void ShowsTheCorrectRunBesideTheFaultyOne()
    {
        // Text and talker have the same width, so that all five faults can be planted.
        var model = Golden.Checkpoints.Select(Golden.Checkpoint)
            .First(m => ModelFolder.Open(m).Config is { CanClone: true, TalkerConfig: var t } && t.TextHiddenSize == t.HiddenSize);
        var (recordings, output) = (Scratch.New("recordings"), Path.Combine(Scratch.New("demo"), "demo"));
        foreach (var file in Directory.GetFiles(Mini.Recordings).Order(StringComparer.Ordinal).Take(2 * 4))
            File.Copy(file, Path.Combine(recordings, Path.GetFileName(file)));
        Assert.Equal(CommandRun.Done, Demo.Run(model, recordings, output, steps: 2, default, force: true));

        var page = File.ReadAllText(Path.Combine(output, "index.html"));
        var sounds = Directory.GetFiles(Path.Combine(output, "speech"));
        Assert.Equal(2 * 4, sounds.Length); // two texts; recording, before, after, with faults
        Assert.All(sounds, s => Assert.Contains($"speech/{Path.GetFileName(s)}", page));
        Assert.Contains("no_text_projection, labels_shifted_twice, own_hidden, sub_labels_shifted, no_language", page);
        Assert.Contains("Our check refuses this run; for the demo it ran anyway.", page);
        Assert.Contains("<li>", page);
        Assert.Contains("likeness", page);
        Assert.Contains("as the codec gives them back", page);
        Assert.False(File.Exists(Path.Combine(output, ".qwen3tts-lock-owner")));
        using (FolderLock.Take(output))
        {
            var error = Assert.Throws<IOException>(() => Demo.Run(model, recordings, output, steps: 2, default, force: true));
            Assert.Contains($"The demo '{output}' is in use", error.Message, StringComparison.Ordinal);
        }
        Assert.True(TrainingOptions.FromJson(File.ReadAllText(Path.Combine(output, "run-with-faults", "options.json")),
            "options.json").Force);
    }
}
