using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Tests;

/// <summary>One utterance of one request that the official wrapper was given.</summary>
sealed record GoldenRequest(string Model, string Name, int Index, JsonElement Row, ModelConfig Config)
{
    /// <summary>All utterances of all requests to a model.</summary>
    public static IEnumerable<GoldenRequest> All(string model)
    {
        var config = ModelFolder.Open(Golden.Checkpoint(model)).Config;
        foreach (var row in Golden.Json("prompts", $"{model}.json").EnumerateArray())
            for (var i = 0; i < row.GetProperty("ids").GetProperty("text").GetArrayLength(); i++)
                yield return new(model, row.GetProperty("name").GetString()!, i, row, config);
    }

    public static TheoryData<string> Models => [.. Golden.Checkpoints.Where(c => File.Exists(Golden.File("prompts", $"{c}.json")))];

    public int MaxNewTokens => Row.GetProperty("max_new_tokens").GetInt32();
    public string? Ended => Row.GetProperty("ended")[Index].GetString();
    public bool InContext => Row.TryGetProperty("ref", out _) && Pick("x") is not { ValueKind: JsonValueKind.True };
    public string? Reference => Text("ref");
    public int Samples => Row.GetProperty("samples")[Index].GetInt32();

    /// <summary>Text, speaker, language or instruction as the user wrote it; empty if there is none.</summary>
    public string Spelled(string key) => Text(key) ?? "";
    public Layout Layout => Row.TryGetProperty("first", out var first) && first.ValueKind != JsonValueKind.Null
        ? first.GetBoolean() ? Layout.TextFirst : Layout.Interleaved
        : Config.TtsModelType == "base" ? Layout.Interleaved : Layout.TextFirst;

    /// <summary>The head of the wrapped text is the role. A text that begins with a newline merges with it (quirk 4).</summary>
    public SpecialTokens Tokens => Config.SpecialTokens(newline: 0) with { Role = Ids("text")[..3] };

    public Utterance Utterance
    {
        get
        {
            var ids = Ids("text");
            var text = ids[3..^5];
            // With an empty text, the official interleaved prompt uses the token after the text, <|im_end|>, as text (quirk 5). This
            // program does not; if it is given that token as the text, both agree.
            if (text.Length == 0 && Layout == Layout.Interleaved && !InContext)
                text = ids[3..4];
            var u = new Utterance
            {
                Text = text,
                Instruct = Ids("instruct"),
                Language = Text("language"),
                Speaker = Text("speaker"),
                Layout = Layout,
            };
            if (Reference is not { } reference)
                return u;
            using var references = SafetensorsFile.Open(Golden.File("prompts", "references.safetensors"));
            u = u with { Voice = references.Float32($"{reference}.{Model}.x_vector") };
            return InContext ? u with
            {
                ReferenceText = Ids("reference")[3..^2],
                ReferenceFrames = Frames(references, $"{reference}.codes"),
            } : u;
        }
    }

    public static int[][] Frames(SafetensorsFile file, string name) =>
        [.. file.Int64(name).Select(c => (int)c).Chunk(file.Entry(name).Shape[1])];

    /// <summary>Below this margin, another order of float32 sums may choose another code.</summary>
    public const double Undecided = 1e-4;

    /// <summary>
    /// The margin of the official choice number n. In each frame the talker makes one choice and the code predictor the others.
    /// </summary>
    public static double Margin(SafetensorsFile golden, string key, int n)
    {
        var groups = golden.Entry($"{key}.codes").Shape[1];
        var (frame, group) = Math.DivRem(n, groups);
        return group == 0 ? golden.Float32($"{key}.talker_margin")[frame]
            : golden.Float32($"{key}.predictor_margin")[frame * (groups - 1) + group - 1];
    }

    public static TalkerModel Load(string model, Workers workers, TalkerConfig? config = null)
    {
        var folder = ModelFolder.Open(Golden.Checkpoint(model));
        using var weights = folder.OpenWeights();
        var talker = new TalkerModel(weights, config ?? folder.Config.TalkerConfig, workers);
        weights.Finish(name => name.StartsWith("speaker_encoder.", StringComparison.Ordinal));
        return talker;
    }

    JsonElement? Pick(string key) => !Row.TryGetProperty(key, out var v) ? null : v.ValueKind == JsonValueKind.Array ? v[Index] : v;
    string? Text(string key) => Pick(key) is { ValueKind: JsonValueKind.String } v ? v.GetString() : null;
    int[] Ids(string kind) => Row.GetProperty("ids").GetProperty(kind) is { ValueKind: JsonValueKind.Array } all
        && all[Index] is { ValueKind: JsonValueKind.Array } ids ? [.. ids.EnumerateArray().Select(i => i.GetInt32())] : [];
}
