// What the server's page reads of a run that is being written.
using System.Text.Json;
using Qwen3Tts.Server.Studio;

namespace Qwen3Tts.Fuzz;

static class StudioTargets
{
    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new() { ["studio-losses"] = _ => Losses() };

    static FuzzTarget Losses() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["voice/run/log.jsonl"] = """
                {"step": 1, "of": 40, "talker": 5.5, "predictor": 4.25, "seconds": 0.5}
                {"step": 2, "of": 40, "talker": 5, "predictor": 4, "held_out_talker": 5.25, "held_out_predictor": 4.5}
                {"step": 3, "of": 40, "talker": 4.5, "predictor": 3.75}

                """u8.ToArray(),
        },
        Mutate = (m, _, content) => m.MutateLines(content, null),
        Read = (folder, _) => JsonSerializer.SerializeToUtf8Bytes(RunView.Losses(new("a", folder)),
            StudioJson.Default.IReadOnlyListLossPoint),
    };
}
