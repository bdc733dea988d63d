// Decides how the measured clips are written: as the run wrote them, if its manifest lies beside the checkpoint; otherwise as the list of
// clips says. If clips were written in another way than in training, a correct training would look faulty.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>How the run that made a checkpoint wrote its clips, according to its manifest.</summary>
/// <param name="manifest">The manifest; null if there is none.</param>
/// <param name="source">Where the conditions come from, in words.</param>
sealed class TrainedConditions(RunManifest? manifest, string source)
{
    const string TheList = "the list";

    /// <exception cref="InvalidDataException">The manifest is damaged, or of a later version.</exception>
    public static TrainedConditions Read(ModelFolder model) => RunManifest.Read(model.Path) is not { } manifest ? new(null, TheList)
        : IsOf(manifest, model.Config.TalkerConfig) ? new(manifest, RunManifest.FileName)
        : new(null, $"{TheList}, as {RunManifest.FileName} names voices that this checkpoint lacks");

    /// <summary>Whether the manifest belongs to this checkpoint. A script that copies the folder of its base also copies the manifest of
    /// another run.</summary>
    static bool IsOf(RunManifest manifest, TalkerConfig talker) => manifest.Voices.Count > 0 && manifest.Voices.All(v =>
        talker.SpkId.Any(s => Files.SpeakerName.IsSame(s.Key, v.Name) && s.Value == v.Row));

    public string Source => source;

    /// <summary>The layout of the run. If the run used both layouts, text first, which half of its sequences had.</summary>
    public Layout Layout { get; } = manifest is null || manifest.Layouts.Contains(RunManifest.TextFirst) ? Layout.TextFirst
        : Layout.Interleaved;

    /// <summary>Whether the prompts of at least half of the sequences began with the voice's reference recording.</summary>
    public bool InContext { get; } = manifest is { InContext: true } && manifest.InContextShare is null or >= 0.5;

    /// <summary>The clip, with its instruction only if the run used instructions and the model takes them; models of the small size take
    /// none.</summary>
    public Clip WithInstruct(Clip clip, ModelConfig model) =>
        clip with { Instruct = (manifest?.Instruct ?? true) && !model.IgnoresInstruct ? clip.Instruct : null };

    /// <summary>The language of a clip's prompt.</summary>
    /// <param name="named">The language that the clip names; null if none.</param>
    /// <param name="asked">The language that the user gave for clips that name none; null if none.</param>
    /// <param name="known">The languages of the model.</param>
    public string? ChooseLanguage(string? named, string? asked, IEnumerable<string> known)
    {
        if (manifest is null || (named is null && asked is not null))
            return named ?? asked;
        if (manifest.Languages.Contains(LanguageNames.Find(named, known) ?? "", StringComparer.OrdinalIgnoreCase))
            return named;
        return manifest.Languages.Contains(RunManifest.Auto) || manifest.Languages is not [var only] ? null : only;
    }

    /// <summary>The clip whose recording is in the prompts of a voice; null if there is none.</summary>
    /// <param name="speaker">The name of the voice; null if the checkpoint has no speaker.</param>
    /// <param name="clips">All clips of the data.</param>
    /// <param name="doubts">Receives a sentence if the run's reference is none of the clips.</param>
    public Clip? FindReference(string? speaker, IReadOnlyList<Clip> clips, List<string> doubts)
    {
        if (!InContext)
            return null;
        var voice = manifest!.Voices.FirstOrDefault(v => Files.SpeakerName.IsSame(v.Name, speaker ?? "")) ?? manifest.Voices[0];
        var found = clips.FirstOrDefault(c => Path.GetFileName(c.Audio) == voice.Reference && File.Exists(c.Audio)
            && Convert.ToHexStringLower(Sha256.Of(File.ReadAllBytes(c.Audio))) == voice.ReferenceSha256);
        if (found is null)
            doubts.Add($"The run's prompts began with the recording '{voice.Reference}', which is none of the clips, so the "
                + "measured prompts lack it. Give the list that the run was trained on.");
        return found;
    }
}
