// The commands of qwen3tts-train.
using System.CommandLine;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Training.Commands;

static class TrainingCommands
{
    public static RootCommand Root()
    {
        var root = new RootCommand("Fine-tunes Qwen3-TTS on a voice.") { HelpName = "qwen3tts-train" };
        Command[] all =
        [
            new SliceCommand(), new ImportCommand(), new ReviewCommand(), new PrepareCommand(), new TrainCommand(), new VoiceCommand(),
            new ExportCommand(), new DemoCommand(), new EnginesCommand(), new BenchCommand(), new CompletionCommand(root),
        ];
        foreach (var command in all)
            root.Add(command);
        return root;
    }
}
