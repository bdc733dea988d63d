// The voices of a run. Each voice has one reference recording and therefore one vector. All its sequences and its exported row contain this
// vector.
using System.Security.Cryptography;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Files;
using Qwen3Tts.Kernels;
using Qwen3Tts.Speaker;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Batching;

/// <param name="Name">The name to speak with, in upper or lower case.</param>
/// <param name="Reference">The recording that the vector is taken from.</param>
/// <param name="Vector">The vector, already rounded as in the exported row, so that training and export have the same numbers.</param>
sealed record TrainingVoice(string Name, string Reference, float[] Vector)
{
    /// <summary>The hash of the recording, which is not read again: it may vanish while the run goes on.</summary>
    public string ReferenceSha256 { get; init; } = "";
}

static class TrainingVoices
{
    /// <summary>The name of a clip's voice: that of the run if it names one, otherwise the speaker of the line.</summary>
    public static string NameOf(TrainingOptions options, Clip clip) => options.Speaker ?? clip.Speaker!;

    /// <exception cref="ArgumentException">A speaker's name cannot be used, or --reference is given with several speakers.</exception>
    /// <exception cref="InvalidDataException">A line names no speaker, or a voice has several references.</exception>
    public static IReadOnlyList<TrainingVoice> Load(ModelFolder model, TrainingOptions options, IReadOnlyList<Clip> clips)
    {
        if (options.Speaker is null && clips.FirstOrDefault(c => string.IsNullOrWhiteSpace(c.Speaker)) is { } nobody)
            throw new InvalidDataException(
                $"{nobody.Place}: the line names no 'speaker', and no --name is given for all. Give --name, or name the speaker of each " +
                $"line.");
        var voices = clips.GroupBy(c => Files.SpeakerName.Key(NameOf(options, c)))
            .Select(own => (Name: NameOf(options, own.First()), Clips: own.ToList())).ToList();
        foreach (var voice in voices)
            Export.CheckName(model.Config.TalkerConfig, voice.Name);
        if (voices.Count > 1 && options.Reference is not null)
            throw new ArgumentException(
                $"--reference is one recording, and the data has {voices.Count} speakers. Leave it out; each line's 'ref_audio' names " +
                $"the recording of its speaker.");
        var references = voices.Select(v => Reference(options, v.Clips)).ToList();
        var encoder = SpeakerEncoder.Load(model, Workers.Shared);
        return [.. voices.Zip(references, (v, reference) =>
            new TrainingVoice(v.Name, reference,
            Export.AsStored(model, encoder.Embed(ClipGate.Read(options.Data, reference).Wave.ToRate(encoder.SampleRate))))
            {
                ReferenceSha256 = Convert.ToHexStringLower(SHA256.HashData(WholeFile.Read(reference))),
            })];
    }

    /// <summary>The one reference recording of a voice. A row can hold only one vector, so training must not use several.</summary>
    static string Reference(TrainingOptions options, List<Clip> clips)
    {
        var named = clips.Select(c => c.Reference!).Distinct().ToList();
        var reference = options.Reference is { } r ? Path.GetFullPath(r) : named.Count == 1 ? named[0]
            : throw new InvalidDataException(
                $"{options.Data}: the lines of '{NameOf(options, clips[0])}' name {named.Count} different references, such as " +
                $"'{named[0]}' and '{named[1]}', and one voice has one vector. Choose one with --reference, or prepare the recordings " +
                $"anew.");
        return File.Exists(reference) ? reference
            : throw new FileNotFoundException($"There is no reference recording '{reference}'. Restore it, or name one with --reference.");
    }
}
