using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training;
using Qwen3Tts.Training.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>The training goldens as the engine's own types: samples become utterances, and the sequence writer makes the rest.</summary>
static class TrainingGolden
{
    static readonly Lazy<JsonElement> Samples = new(() => Golden.Json("training", "samples.json"));
    static readonly Lazy<SafetensorsFile> Batches = new(() => SafetensorsFile.Open(Golden.File("training", "batches.safetensors")));

    // Tests run beside each other, and the networks are tiny.
    static TrainingGolden() => set_num_threads(1);

    public static IEnumerable<string> Cases => Samples.Value.EnumerateObject().Select(c => c.Name);

    public static string Model(string name) => Samples.Value.GetProperty(name).GetProperty("model").GetString()!;

    public static List<TrainingExample> Examples(string name) => [.. Samples.Value.GetProperty(name).GetProperty("samples").EnumerateArray()
        .Select((u, i) => Example(u, Ids(Model(name), u), Batches.Value.Tensors.ContainsKey($"{name}.{i}.voice") ? Batches.Value.Float32($"{name}.{i}.voice") : null))];

    public static TrainingBatch Batch(string name) => Batch(Model(name), Examples(name));
    public static TrainingBatch Batch(string model, IReadOnlyList<TrainingExample> examples) => new(examples, Folder(model).Config.TalkerConfig.CodecEosTokenId, CPU);

    public static ModelFolder Folder(string model) => ModelFolder.Open(Golden.Checkpoint(model));
    public static TalkerModule Talker(string model) => TalkerWeights.Load(Folder(model), Placement.Float32OnCpu);

    public static TrainingExample Example(JsonElement u, SpecialTokens ids, float[]? voice, Hypothesis? hypothesis = null)
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
        return (hypothesis ?? Hypothesis.Correct).Edit(TrainingExample.Of(sequence, ids), ids);
    }

    /// <summary>The model's ids; the role rows are the sample's, because the line break's id stands in no configuration.</summary>
    public static SpecialTokens Ids(string model, JsonElement sample)
    {
        var c = Folder(model).Config;
        var t = c.TalkerConfig;
        return new()
        {
            Role = Ints(sample, "head_ids"),
            TextPad = c.TtsPadTokenId,
            TextBos = c.TtsBosTokenId,
            TextEos = c.TtsEosTokenId,
            CodecPad = t.CodecPadId,
            CodecBos = t.CodecBosId,
            CodecEos = t.CodecEosTokenId,
            Think = t.CodecThinkId,
            NoThink = t.CodecNothinkId,
            ThinkBos = t.CodecThinkBosId,
            ThinkEos = t.CodecThinkEosId,
            CodeGroups = t.NumCodeGroups,
            Languages = t.CodecLanguageId,
            Speakers = t.SpkId.ToDictionary(p => p.Key, p => new NamedSpeaker(p.Value, t.DialectOf(p.Key))),
        };
    }

    public static float[] Values(Tensor t)
    {
        using var flat = t.detach().cpu().contiguous();
        return flat.data<float>().ToArray();
    }

    public static long[] Whole(Tensor t) => t.data<long>().ToArray();

    static int[] Ints(JsonElement u, string key) => u.TryGetProperty(key, out var v) && v.ValueKind == JsonValueKind.Array ? [.. v.EnumerateArray().Select(i => i.GetInt32())] : [];
    static int[][] Frames(JsonElement u, string key) => u.TryGetProperty(key, out var v) && v.ValueKind == JsonValueKind.Array ? [.. v.EnumerateArray().Select(f => f.EnumerateArray().Select(c => c.GetInt32()).ToArray())] : [];
    static string? Text(JsonElement u, string key) => u.TryGetProperty(key, out var v) ? v.GetString() : null;
}
