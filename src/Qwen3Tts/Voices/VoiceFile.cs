// A voice in a file of its own: safetensors with the vector, the frames of the reference recording if there is one, and facts about the
// voice as metadata. docs/voices.md has the format. Nothing in a file is trusted; whether a voice fits a model is checked by Tts.Use.
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Voices;

/// <summary>One thing that a voice was made from.</summary>
/// <param name="Kind">recording, design or voice.</param>
/// <param name="Name">The file's name, the instruction of a designed voice, or the name of a voice that was mixed in.</param>
/// <param name="Sha256">Hash of the recording's samples or of the mixed voice's vector; null for a design.</param>
/// <param name="Weight">Its share of the vector; all shares together are 1.</param>
public sealed record VoicePart(string Kind, string Name, string? Sha256, double Weight);

/// <summary>A voice with its name and origin, which can be written to a file and read again.</summary>
/// <param name="Voice">The voice.</param>
public sealed record VoiceFile(Voice Voice)
{
    const int Version = 1;
    const string Vector = "vector", Codes = "codes";
    const string Remedy = "Make the voice again with 'qwen3tts voice create'.";

    /// <summary>The usual end of such a file's name.</summary>
    public const string Extension = ".voice.safetensors";

    /// <summary>Name of the voice, for people.</summary>
    public required string Name { get; init; }
    /// <summary>Language of the reference recording; null if it was not said.</summary>
    public string? Language { get; init; }
    /// <summary>How the speaker agreed to the voice, such as the number of a signed form; null if it was not said.</summary>
    public string? Consent { get; init; }
    /// <summary>SHA-256 of the tensors of the speaker encoder that made the vector.</summary>
    public required string EncoderSha256 { get; init; }
    /// <summary>SHA-256 of the codebooks of the codec that made the frames.</summary>
    public required string CodecSha256 { get; init; }
    /// <summary>What the voice was made from.</summary>
    public IReadOnlyList<VoicePart> Parts { get; init; } = [];
    /// <summary>Time at which it was made, in UTC, such as 2026-11-29T12:00:00Z.</summary>
    public string Made { get; init; } = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    /// <summary>Program and version that made it.</summary>
    public string MadeBy { get; init; } = $"qwen3tts {typeof(VoiceFile).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>Writes the file. It appears complete or not at all, and replaces an existing one.</summary>
    /// <param name="path">The file; a missing folder is created.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(string path) => Write(path, null);

    internal void Write(string path, OutputRecord? record)
    {
        var tensors = new List<TensorToWrite> { TensorToWrite.FromArray(Vector, [Voice.Vector.Length], Voice.Vector) };
        if (Voice.Frames is { Count: > 0 } frames)
            tensors.Add(TensorToWrite.FromArray(Codes, [frames.Count, frames[0].Length], frames.SelectMany(f => f).ToArray()));
        var metadata = new Dictionary<string, string>
        {
            ["voice_format"] = Version.ToString(CultureInfo.InvariantCulture),
            ["name"] = Name,
            ["encoder_sha256"] = EncoderSha256,
            ["codec_sha256"] = CodecSha256,
            ["made_from"] = JsonSerializer.Serialize(Parts, VoiceJson.Default.IReadOnlyListVoicePart),
            ["made"] = Made,
            ["made_by"] = MadeBy,
            ["warnings"] = JsonSerializer.Serialize(Voice.Warnings, VoiceJson.Default.IReadOnlyListString),
        };
        if (Voice.Transcript is { } transcript)
            metadata["transcript"] = transcript;
        if (Language is { } language)
            metadata["language"] = language;
        if (Consent is { } consent)
            metadata["consent"] = consent;
        SafetensorsWriter.Write(path, tensors, metadata, record);
    }

    /// <summary>True if a file begins as safetensors does, whatever its name is: a length, then JSON.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool IsVoice(string path)
    {
        if (!File.Exists(path))
            return false;
        using var file = File.OpenRead(path);
        var head = new byte[9];
        return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head[8] == (byte)'{' && head[7] == 0;
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is damaged, is no voice, or was written by a later version.</exception>
    public static VoiceFile Read(string path)
    {
        WholeFile.CheckIsThere(path);
        if (!IsVoice(path))
            throw Wrong(path, "is no voice file");
        using var file = SafetensorsFile.Open(path);
        var facts = file.Metadata;
        string Fact(string key) => facts.TryGetValue(key, out var value) ? value : throw Wrong(path, $"lacks '{key}' in its metadata");
        T List<T>(string key, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
            JsonFile.Parse(Encoding.UTF8.GetBytes(Fact(key)), $"{path}, '{key}'", type, Remedy);
        if (!facts.ContainsKey("voice_format"))
            throw Wrong(path, "is no voice file: its metadata have no 'voice_format'");
        if (Fact("voice_format") != Version.ToString(CultureInfo.InvariantCulture))
            throw new InvalidDataException($"'{Printable.Path(path)}' has the format '{Printable.Text(Fact("voice_format"))}' of a later "
                + "version of this program. Update the program.");
        var frames = Frames(file);
        if (facts.ContainsKey("transcript") != frames.Length > 0)
            throw Wrong(path, $"has {frames.Length} frames and {(frames.Length > 0 ? "no" : "a")} transcript");
        var (parts, warnings) = (List("made_from", VoiceJson.Default.IReadOnlyListVoicePart),
            List("warnings", VoiceJson.Default.IReadOnlyListString));
        if (parts.Contains(null!) || warnings.Contains(null!)) // the serializer does not check the entries of lists
            throw Wrong(path, "has null in 'made_from' or 'warnings'");
        return new(new Voice(Numbers(file)) { Transcript = facts.GetValueOrDefault("transcript"), Frames = frames, Warnings = warnings })
        {
            Name = Fact("name"),
            Language = facts.GetValueOrDefault("language"),
            Consent = facts.GetValueOrDefault("consent"),
            EncoderSha256 = Fact("encoder_sha256"),
            CodecSha256 = Fact("codec_sha256"),
            Parts = parts,
            Made = Fact("made"),
            MadeBy = Fact("made_by"),
        };
    }

    static float[] Numbers(SafetensorsFile file)
    {
        var entry = file.Entry(Vector);
        if (entry.Shape.Length != 1 || entry.Elements == 0)
            throw Wrong(file.Path, $"has a vector of shape [{string.Join(", ", entry.Shape)}], expected [hidden]");
        var vector = file.Float32(Vector);
        return Array.TrueForAll(vector, float.IsFinite) ? vector : throw Wrong(file.Path, "has a vector with NaN or infinity");
    }

    static int[][] Frames(SafetensorsFile file)
    {
        if (!file.Tensors.TryGetValue(Codes, out var entry))
            return [];
        if (entry.Shape.Length != 2 || entry.Elements == 0)
            throw Wrong(file.Path, $"has codes of shape [{string.Join(", ", entry.Shape)}], expected [frames, codes of a frame]");
        var codes = file.Int64(Codes);
        if (Array.Find(codes, c => c is < 0 or > int.MaxValue) is not 0 and var odd)
            throw Wrong(file.Path, $"has the code {odd}");
        return [.. codes.Select(c => (int)c).Chunk(entry.Shape[1])];
    }

    static InvalidDataException Wrong(string path, string what) => new($"'{Printable.Path(path)}' {what}. {Remedy}");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(IReadOnlyList<VoicePart>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
sealed partial class VoiceJson : JsonSerializerContext;
