// qwen3tts.json beside a fine-tuned checkpoint: the conditions that its voices were trained under. Official runtimes ignore the file. This
// program reads it and warns if a voice is asked to speak under a condition that it was not trained with, which causes no error otherwise.
// The doctor measures on sequences that are written as the run wrote them.
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

/// <summary>A voice that a run added.</summary>
/// <param name="Name">Name in lower case, as it is looked up.</param>
/// <param name="Row">Row of the talker's codec embedding.</param>
/// <param name="Norm">2-norm of that row.</param>
/// <param name="Reference">File name of the recording that the voice comes from.</param>
/// <param name="ReferenceSha256">Hash of that file.</param>
sealed record TrainedVoice(string Name, int Row, double Norm, string Reference, string ReferenceSha256);

/// <summary>The training method of a run.</summary>
/// <param name="Precision">float32, mixed, bfloat16 or bfloat16-moments.</param>
/// <param name="Frozen">Parts of the talker that were not trained.</param>
/// <param name="LoraRank">Rank of the LoRA pairs; null if whole matrices were trained.</param>
/// <param name="LoraAlpha">Alpha of LoRA; null if whole matrices were trained.</param>
/// <param name="Device">cpu or cuda.</param>
sealed record TrainedMethod(string Precision, IReadOnlyList<string> Frozen, int? LoraRank, double? LoraAlpha, string Device);

sealed record RunManifest
{
    public const string FileName = "qwen3tts.json";
    public const string Auto = "auto", TextFirst = "text-first", Interleaved = "interleaved";

    public int Format { get; init; } = 1;
    /// <summary>Program and version that wrote the file.</summary>
    public required string MadeBy { get; init; }
    /// <summary>Folder name of the model that was fine-tuned.</summary>
    public required string BaseName { get; init; }
    /// <summary>Hash of that model's talker tensors, as in adapters.</summary>
    public required string BaseSha256 { get; init; }
    public required IReadOnlyList<TrainedVoice> Voices { get; init; }
    /// <summary>The layouts that were trained: <see cref="TextFirst"/>, <see cref="Interleaved"/> or both.</summary>
    public required IReadOnlyList<string> Layouts { get; init; }
    /// <summary>Languages of the prompts; <see cref="Auto"/> if some prompts had none.</summary>
    public required IReadOnlyList<string> Languages { get; init; }
    /// <summary>Some prompts had instructions.</summary>
    public bool Instruct { get; init; }
    /// <summary>Some prompts had reference recordings.</summary>
    public bool InContext { get; init; }
    /// <summary>The share of the prompts that had one; null in manifests that are older than this entry.</summary>
    public double? InContextShare { get; init; }
    /// <summary>The training method; null in manifests that are older than this entry.</summary>
    [JsonPropertyName("way")] // the key in the files of older runs
    public TrainedMethod? Method { get; init; }
    public required int Steps { get; init; }
    /// <summary>The run was started although its preflight refused it.</summary>
    public bool Forced { get; init; }

    /// <summary>Reads the manifest of a folder; null if the folder has none.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or was written by a later version.</exception>
    public static RunManifest? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return null;
        const string remedy = "Copy the file from the run that wrote the checkpoint, or delete it to do without its warnings.";
        var manifest = JsonFile.Read(path, ManifestJson.Default.RunManifest, remedy);
        // the serializer does not check the entries of lists
        if (manifest.Voices.Contains(null!) || manifest.Layouts.Contains(null!) || manifest.Languages.Contains(null!))
            throw new InvalidDataException($"{path}: an entry of 'voices', 'layouts' or 'languages' is null. {remedy}");
        return manifest.Format == 1 ? manifest
            : throw new InvalidDataException(
                $"{path}: format {manifest.Format} is of a later version of this program. Update it, or delete the file to do without " +
                $"its warnings.");
    }

    public string ToJson() => JsonSerializer.Serialize(this, ManifestJson.Default.RunManifest);

    /// <summary>The requested conditions that the voice was not trained with, one sentence for each.</summary>
    /// <param name="speaker">A speaker by name; null for a cloned voice.</param>
    /// <param name="language">A language, or <see cref="Auto"/>; in any case.</param>
    /// <param name="layout"><see cref="TextFirst"/> or <see cref="Interleaved"/>.</param>
    /// <param name="instruct">True if the request has an instruction.</param>
    /// <param name="inContext">True if the request has the transcript of a reference recording.</param>
    public IEnumerable<string> Untrained(string? speaker, string language, string layout, bool instruct, bool inContext)
    {
        if (speaker is not null && !Voices.Any(v => Files.SpeakerName.IsSame(v.Name, speaker)))
            yield break; // a speaker of the base model, which this manifest does not describe
        var who = speaker is null ? "This model" : $"'{speaker}'";
        if (!Languages.Contains(language, StringComparer.OrdinalIgnoreCase))
            yield return $"{who} was not trained with the language {language}. Trained: {string.Join(", ", Languages)}.";
        if (!Layouts.Contains(layout))
            yield return $"{who} was not trained with the layout {layout}. Trained: {string.Join(", ", Layouts)}.";
        if (instruct && !Instruct)
            yield return $"{who} was trained without instructions; this one may have no effect, or spoil the voice.";
        if (inContext && !InContext)
            yield return $"{who} was trained without recordings in its prompts; cloning with a transcript may mix two voices. Without " +
                $"the transcript it uses the vector alone.";
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RunManifest))]
sealed partial class ManifestJson : JsonSerializerContext;
