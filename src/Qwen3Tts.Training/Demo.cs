using Qwen3Tts.CommandLine;
namespace Qwen3Tts.Training;

static class Demo
{
    public static int Run(string? model, string? recordings, string output, int? steps, CancellationToken stop) => CommandRun.Done;
}
