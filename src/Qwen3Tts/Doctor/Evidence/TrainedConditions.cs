// How the clips are written that the losses are measured on: as the run wrote them, where it left its manifest beside the checkpoint, and
// else as the list says. Another sequence than the trained one would make a right training look faulty.
using System.Security.Cryptography;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>The manifest of the run that made a checkpoint, as far as it says how clips are written.</summary>
/// <param name="manifest">Null where there is none.</param>
/// <param name="source">Where the conditions are from, in words.</param>
sealed class TrainedConditions(RunManifest? manifest, string source)
{
    const string TheList = "the list";

    /// <exception cref="InvalidDataException">The manifest is damaged, or of a later version.</exception>
    public static TrainedConditions Read(ModelFolder model) => RunManifest.Read(model.Path) is not { } manifest ? new(null, TheList)
        : IsOf(manifest, model.Config.TalkerConfig) ? new(manifest, RunManifest.FileName)
        : new(null, $"{TheList}, as {RunManifest.FileName} names voices that this checkpoint lacks");

    /// <summary>A script that copies the folder that it begins from copies the manifest of another run, too.</summary>
    static bool IsOf(RunManifest manifest, TalkerConfig talker) => manifest.Voices.Count > 0 && manifest.Voices.All(v =>
        talker.SpkId.Any(s => Files.SpeakerName.IsSame(s.Key, v.Name) && s.Value == v.Row));

    public string Source => source;

    /// <summary>The run's layout; of a run that drew from both, text first, which half of its sequences had.</summary>
    public Layout Layout { get; } = manifest is null || manifest.Layouts.Contains(RunManifest.TextFirst) ? Layout.TextFirst
        : Layout.Interleaved;

    /// <summary>Whether at least half of the sequences began with the voice's reference recording.</summary>
    public bool InContext { get; } = manifest is { InContext: true } && manifest.InContextShare is null or >= 0.5;

    /// <summary>The clip with its instruction only if that was trained: models of the small size take none.</summary>
    public Clip WithInstruct(Clip clip, ModelConfig model) =>
        clip with { Instruct = (manifest?.Instruct ?? true) && !model.IgnoresInstruct ? clip.Instruct : null };

    /// <summary>The language of a clip's prompt.</summary>
    /// <param name="named">By the clip.</param>
    /// <param name="asked">By the user, for clips that name none.</param>
    /// <param name="known">The model's languages.</param>
    public string? ChooseLanguage(string? named, string? asked, IEnumerable<string> known)
    {
        if (manifest is null || (named is null && asked is not null))
            return named ?? asked;
        if (manifest.Languages.Contains(LanguageNames.Find(named, known) ?? "", StringComparer.OrdinalIgnoreCase))
            return named;
        return manifest.Languages.Contains(RunManifest.Auto) || manifest.Languages is not [var only] ? null : only;
    }

    /// <summary>The clip that stands in the prompts of a voice, or null if none does.</summary>
    /// <param name="speaker">The voice's name; null where the checkpoint has no speaker.</param>
    /// <param name="clips">Of the data, all.</param>
    /// <param name="doubts">Gets a sentence where the run's reference is none of the clips.</param>
    public Clip? FindReference(string? speaker, IReadOnlyList<Clip> clips, List<string> doubts)
    {
        if (!InContext)
            return null;
        var voice = manifest!.Voices.FirstOrDefault(v => Files.SpeakerName.IsSame(v.Name, speaker ?? "")) ?? manifest.Voices[0];
        var found = clips.FirstOrDefault(c => Path.GetFileName(c.Audio) == voice.Reference && File.Exists(c.Audio)
            && Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(c.Audio))) == voice.ReferenceSha256);
        if (found is null)
            doubts.Add($"The run's prompts began with the recording '{voice.Reference}', which is none of the clips, so what is measured "
                + "lacks it. Give the list that the run was trained on.");
        return found;
    }
}
