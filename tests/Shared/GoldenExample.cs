using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Tests;

/// <summary>
/// The samples of the goldens as training examples: a sample becomes an utterance, and the sequence writer does the rest.
/// </summary>
static class GoldenExample
{
    public static TrainingExample Create(JsonElement u, SpecialTokens ids, float[]? voice, Hypothesis? hypothesis = null)
    {
        var sequence = TalkerSequence.Prompt(new Utterance
        {
            Text = Ints(u, "text_ids"),
            Instruct = Ints(u, "instruct_ids"),
            Language = Text(u, "language"),
            Speaker = Text(u, "speaker"),
            Voice = voice,
            ReferenceText = Ints(u, "ref_ids"),
            ReferenceFrames = Frames(u, "ref_frames"),
            Layout = u.GetProperty("first").GetBoolean() ? Layout.TextFirst : Layout.Interleaved,
        }, ids);
        foreach (var frame in Frames(u, "frames"))
            sequence.Append(new CodecStep.Frame(frame));
        sequence.AppendEnd();
        return (hypothesis ?? Hypothesis.Correct).Edit(TrainingExample.FromSequence(sequence, ids), ids);
    }

    /// <summary>
    /// The model's ids. The ids of the role rows come from the sample, because no configuration has the id of the line break.
    /// </summary>
    public static SpecialTokens Ids(string model, JsonElement sample) =>
        ModelFolder.Open(Golden.Checkpoint(model)).Config.SpecialTokens(newline: 0) with { Role = Ints(sample, "head_ids") };

    static int[] Ints(JsonElement u, string key) =>
        u.TryGetProperty(key, out var v) && v.ValueKind == JsonValueKind.Array ? [.. v.EnumerateArray().Select(i => i.GetInt32())] : [];
    static int[][] Frames(JsonElement u, string key) =>
        u.TryGetProperty(key, out var v) && v.ValueKind == JsonValueKind.Array
        ? [.. v.EnumerateArray().Select(f => f.EnumerateArray().Select(c => c.GetInt32()).ToArray())] : [];
    static string? Text(JsonElement u, string key) => u.TryGetProperty(key, out var v) ? v.GetString() : null;
}
