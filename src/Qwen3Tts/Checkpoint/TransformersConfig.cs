// config.json in the layout of Hugging Face transformers' own integration, of the model and of the codec. TransformersLayout.cs has the
// names of tensors, and says where the facts come from. What differs:
//   - rope_theta and rope_scaling are one object, rope_parameters. Its 'interleaved' is false, as transformers computes the same angles in
//     another order; here the three axes have equal positions, so neither order matters.
//   - assistant_token_id is absent; it is the id of 'assistant' in the vocabulary. Newer states drop tts_model_type and tts_model_size:
//     a model with a speaker encoder is a base, one with speakers is a custom_voice; the size follows from the widths.
//   - the codec's model_type has another name, and its decoder has no num_semantic_quantizers, which is always 1.
// One stored state of the conversion script loses the code predictor's rope_theta. The doctor compares it with the talker's.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

static class TransformersConfig
{
    const string Talker = "talker_config", Predictor = "code_predictor_config", Encoder = "speaker_encoder_config";
    const string EncoderType = "qwen3_tts_speaker_encoder", OfficialCodec = "qwen3_tts_tokenizer_12hz",
        Codec = "qwen3_tts_tokenizer_multi_codebook", OfficialCodecClass = "Qwen3TTSTokenizerV2Model",
        CodecClass = "Qwen3TTSTokenizerMultiCodebookModel";

    /// <summary>The model types of codecs, for messages.</summary>
    public const string CodecTypes = $"{OfficialCodec} or {Codec}";

    /// <summary>The layout of a codec's configuration by its model_type; null if it is no codec that is read.</summary>
    public static FoundLayout? OfCodec(string? modelType) => modelType switch
    {
        OfficialCodec => new(CheckpointLayout.Official, $"model_type '{OfficialCodec}'"),
        Codec => new(CheckpointLayout.Transformers, $"model_type '{Codec}'"),
        _ => null,
    };

    /// <summary>The layout of config.json, and its text with the keys that this layout leaves out.</summary>
    /// <returns>No layout if the text has no sign of one, such as that of a program with the official classes on transformers 5.</returns>
    public static (FoundLayout? Layout, byte[] Utf8) Complete(byte[] utf8, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(TextFile.Decode(utf8, path));
            return Complete(utf8, path, document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or InvalidDataException)
        {
            return (null, utf8); // the strict reader says what is wrong
        }
    }

    static (FoundLayout? Layout, byte[] Utf8) Complete(byte[] utf8, string path, JsonElement root)
    {
        if (OfCodec(Text(root, "model_type")) is { } codec)
            return (codec, codec.Layout == CheckpointLayout.Official ? utf8 : Insert(utf8, path, "decoder_config",
                Absent(Object(root, "decoder_config"), "num_semantic_quantizers", () => "1")));
        var layout = Recognise(root);
        if (layout?.Layout != CheckpointLayout.Transformers || Object(root, Talker) is not { } talker)
            return (layout, utf8);
        var added = Absent(root, "tts_model_type", () => Object(root, Encoder) is not null ? "\"base\""
                : Object(talker, "spk_id") is { } speakers && speakers.EnumerateObject().Any() ? "\"custom_voice\"" : "\"voice_design\"")
            + Absent(root, "tts_model_size", () => Number(talker, "hidden_size") == Number(Object(talker, Predictor), "hidden_size")
                ? "\"0b6\"" : "\"1b7\"")
            + Absent(root, "assistant_token_id", () => AssistantId(Path.GetDirectoryName(path)!));
        return (layout, Insert(utf8, path, null, added));
    }

    /// <summary>Converts a configuration of a model or of a codec, which was read without errors.</summary>
    /// <exception cref="InvalidDataException">A key is there twice, or has a value of another kind.</exception>
    public static JsonObject Convert(byte[] utf8, string path, CheckpointLayout to)
    {
        const string remedy = "Take the file of the model that this one was made from.";
        try
        {
            return JsonNode.Parse(TextFile.Decode(Complete(utf8, path).Utf8, path), documentOptions: Strict) is JsonObject config
                ? Convert(config, to) : throw new InvalidDataException($"{path} holds no JSON object. {remedy}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path} cannot be converted: {Printable.Text(e.Message)} {remedy}", e);
        }
    }

    static JsonDocumentOptions Strict => new() { AllowDuplicateProperties = false };

    static JsonObject Part(JsonObject of, string key) =>
        of[key] as JsonObject ?? throw new InvalidOperationException($"'{key}' is no object.");

    static JsonObject Convert(JsonObject config, CheckpointLayout to)
    {
        Action<JsonObject, bool?> rope = to == CheckpointLayout.Official ? SplitRope : JoinRope;
        if (OfCodec((string?)config["model_type"]) is not null)
        {
            config["model_type"] = to == CheckpointLayout.Official ? OfficialCodec : Codec;
            if (config["architectures"] is JsonArray)
                config["architectures"] = new JsonArray(to == CheckpointLayout.Official ? OfficialCodecClass : CodecClass);
            rope(Part(config, "decoder_config"), null);
            rope(Part(config, "encoder_config"), null);
            return config;
        }
        var talker = Part(config, Talker);
        rope(talker, true);
        rope(Part(talker, Predictor), false);
        if (config[Encoder] is JsonObject encoder)
            if (to == CheckpointLayout.Official)
                encoder.Remove("model_type");
            else
                encoder["model_type"] = EncoderType;
        return config;
    }

    /// <summary>The folders beside a model in which its codec may be, the one that processor_config.json names first.</summary>
    public static IEnumerable<string> CodecNames(string model)
    {
        var named = Look(Path.Combine(model, "processor_config.json"), root =>
            Text(Object(root, "audio_tokenizer"), "audio_tokenizer_name_or_path"));
        var last = named?.Split('/', '\\').LastOrDefault(part => part.Length > 0); // a path, or owner/name on the hub
        return new[] { last, TransformersLayout.Codec, "Qwen3-TTS-Tokenizer-12Hz", "qwen3-tts-tokenizer-multi-codebook-hf" }
            .OfType<string>().Where(name => name is not ("." or "..") && !name.Any(char.IsControl));
    }

    static FoundLayout? Recognise(JsonElement root)
    {
        if (Object(root, Talker) is not { } talker)
            return null;
        foreach (var key in new[] { "rope_theta", "rope_scaling" })
            if (Value(talker, key) is not null)
                return new(CheckpointLayout.Official, $"'{Talker}.{key}'");
        if (Object(talker, "rope_parameters") is not { } rope)
            return null;
        var sign = Value(rope, "interleaved")?.ValueKind == JsonValueKind.False ? $"'{Talker}.rope_parameters.interleaved', which is false"
            : Text(Object(root, Encoder), "model_type") == EncoderType ? $"'{Encoder}.model_type'"
            : Value(root, "assistant_token_id") is null ? "the absence of 'assistant_token_id'" : null;
        return sign is null ? null : new(CheckpointLayout.Transformers, sign);
    }

    /// <summary>The official keys from rope_parameters. A talker has rope_scaling, a code predictor null, a codec none.</summary>
    static void SplitRope(JsonObject part, bool? isTalker)
    {
        if (part["rope_parameters"] is not JsonObject rope)
            return;
        part.Remove("rope_parameters");
        if (rope["rope_theta"] is { } theta)
            (part["rope_theta"], _) = (theta.DeepClone(), rope.Remove("rope_theta"));
        if (rope["interleaved"]?.GetValueKind() == JsonValueKind.False)
            rope["interleaved"] = true;
        if (part["rope_scaling"] is not null)
            return;
        if (isTalker == true || rope.Any(p => p.Key != "rope_type"))
            part["rope_scaling"] = rope;
        else if (isTalker == false)
            part["rope_scaling"] = null;
    }

    static void JoinRope(JsonObject part, bool? isTalker)
    {
        var joined = new JsonObject();
        foreach (var (key, value) in new[] { part["rope_scaling"], part["rope_parameters"] }.OfType<JsonObject>().SelectMany(o => o))
            joined[key] = value?.DeepClone();
        if (part["rope_theta"] is { } theta)
            joined["rope_theta"] = theta.DeepClone();
        if (joined.Count == 0)
            return;
        if (!joined.ContainsKey("rope_type") && !joined.ContainsKey("type"))
            joined["rope_type"] = "default";
        if (joined["interleaved"]?.GetValueKind() == JsonValueKind.True)
            joined["interleaved"] = false;
        foreach (var key in new[] { "rope_theta", "rope_scaling", "rope_parameters" })
            part.Remove(key);
        part["rope_parameters"] = joined;
    }

    /// <summary>The id of 'assistant' in the vocabulary of a folder, as JSON; null if there is none.</summary>
    static string? AssistantId(string folder)
    {
        const string token = "assistant";
        var id = Look(Path.Combine(folder, "vocab.json"), root => Number(root, token))
            ?? Look(Path.Combine(folder, "tokenizer.json"), root => Number(Object(Object(root, "model"), "vocab"), token));
        return id?.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>A key with its value, ready to be inserted, if the object lacks it; otherwise empty.</summary>
    static string Absent(JsonElement? part, string key, Func<string?> value) =>
        part is { } o && Value(o, key) is null && !o.TryGetProperty(key, out _) && value() is { } json ? $"\"{key}\": {json}, " : "";

    /// <summary>Inserts text at the beginning of an object that is not empty: on its first line, so that errors keep their lines.</summary>
    static byte[] Insert(byte[] utf8, string path, string? key, string text)
    {
        if (text.Length == 0)
            return utf8;
        utf8 = Encoding.UTF8.GetBytes(TextFile.Decode(utf8, path));
        var reader = new Utf8JsonReader(utf8);
        while (reader.Read())
            if (key is null || reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals(key))
            {
                if (key is not null)
                    reader.Read();
                var at = (int)reader.TokenStartIndex + 1;
                return [.. utf8.AsSpan(0, at), .. Encoding.UTF8.GetBytes(text), .. utf8.AsSpan(at)];
            }
        return utf8;
    }

    /// <summary>A value in a JSON file; default if the file is not there, or is damaged, which its own reader reports.</summary>
    static T? Look<T>(string path, Func<JsonElement, T?> find)
    {
        try
        {
            using var document = File.Exists(path) ? JsonDocument.Parse(TextFile.Read(path)) : null;
            return document is null ? default : find(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or InvalidDataException)
        {
            return default;
        }
    }

    static JsonElement? Value(JsonElement? o, string key) =>
        o is { ValueKind: JsonValueKind.Object } && o.Value.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null
            ? value : null;

    static JsonElement? Object(JsonElement? o, string key) =>
        Value(o, key) is { ValueKind: JsonValueKind.Object } value && value.EnumerateObject().Any() ? value : null;

    static string? Text(JsonElement? o, string key) =>
        Value(o, key) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    static long? Number(JsonElement? o, string key) =>
        Value(o, key) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;
}
