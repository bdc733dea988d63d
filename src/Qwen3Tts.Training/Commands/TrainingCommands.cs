// The commands of qwen3tts-train.
using System.CommandLine;

namespace Qwen3Tts.Training.Commands;

static class TrainingCommands
{
    public static RootCommand Root() => new("Fine-tunes Qwen3-TTS on a voice.")
    {
        new ImportCommand(), new PrepareCommand(), new TrainCommand(), new VoiceCommand(), new ExportCommand(), new DemoCommand(),
        new EnginesCommand(), new BenchCommand(),
    };
}
