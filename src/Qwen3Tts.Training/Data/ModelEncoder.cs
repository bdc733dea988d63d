using System.Security.Cryptography;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Generation;
using Qwen3Tts.Kernels;
using Qwen3Tts.Loading;
using Qwen3Tts.Sequence;
using Qwen3Tts.Speaker;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;

namespace Qwen3Tts.Training.Data;

/// <summary>The networks that preparation needs. Calls may come from several threads.</summary>
/// <param name="SampleRate">Sample rate of the audio for both networks.</param>
/// <param name="FrameSamples">Samples of a frame.</param>
/// <param name="Fingerprint">A hash that changes when the networks change.</param>
/// <param name="Encode">Encodes audio to frames, in float32 and one clip at a time.</param>
/// <param name="Voice">The speaker encoder; null for a model without one.</param>
/// <param name="Tokenizer">The tokenizer; null counts no tokens.</param>
sealed record ClipEncoder(int SampleRate, int FrameSamples, byte[] Fingerprint, Func<Waveform, int[][]> Encode,
    Func<Waveform, float[]>? Voice, TextTokenizer? Tokenizer = null)
{
    /// <summary>Names of the model's languages; with null, unknown languages are not reported.</summary>
    public IReadOnlyList<string>? Languages { get; init; }

    /// <summary>
    /// The mean loss of a clip's first codes with a text before them, for <see cref="TranscriptScores"/>; null compares no texts.
    /// </summary>
    public Func<ScoredClip, int[], double>? TextLoss { get; init; }
}

static class ModelEncoder
{
    /// <summary>
    /// The codec and the speaker encoder of a model. Encoding one clip uses all threads, so clips wait for one another here; meanwhile
    /// other threads read and trim recordings.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="comparesTexts">Loads the talker too, and compares the texts with the recordings.</param>
    public static ClipEncoder Load(ModelFolder model, bool comparesTexts = false)
    {
        var codec = SpeechCodec.Load(model.CodecPath);
        var speaker = model.Config.CanClone ? SpeakerEncoder.Load(model, Workers.Shared) : null;
        var gate = new Lock();
        var tokenizer = TextTokenizer.Load(model.Path);
        return new(codec.SampleRate, codec.SamplesPerFrame, Fingerprint(model),
            wave => { lock (gate) return codec.Encode(wave); },
            speaker is null ? null : wave =>
                { lock (gate) return speaker.Embed(wave.ToRate(speaker.SampleRate)); }, tokenizer)
        {
            Languages = [.. model.Config.TalkerConfig.CodecLanguageId.Keys],
            TextLoss = comparesTexts ? TextLoss(model, tokenizer) : null,
        };
    }

    static Func<ScoredClip, int[], double> TextLoss(ModelFolder model, TextTokenizer tokenizer)
    {
        var talker = ModelNetworks.Load(model, Workers.Shared).Talker;
        var ids = model.Config.SpecialTokens(tokenizer.AssistantHead[^1]);
        string? Known(string? language) => LanguageNames.Find(language, [.. model.Config.TalkerConfig.CodecLanguageId.Keys]);
        return (clip, text) => TranscriptFit.Loss(talker, ids,
            new() { Text = text, Voice = clip.Voice, Language = Known(clip.Clip.Language) }, clip.Clip.Codes!);
    }

    /// <summary>Hash of all weights that codes and voices depend on.</summary>
    static byte[] Fingerprint(ModelFolder model)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (weights, prefix) in new[] { (model.OpenCodecWeights(), ""), (model.OpenWeights(), TensorNames.SpeakerEncoder) })
            using (weights)
                foreach (var entry in weights.Entries.Where(e => e.Name.StartsWith(prefix, StringComparison.Ordinal))
                    .OrderBy(e => e.Name, StringComparer.Ordinal))
                {
                    var bytes = new byte[entry.Bytes];
                    weights.FileOf(entry.Name).Read(entry, bytes);
                    hash.AppendData(System.Text.Encoding.UTF8.GetBytes(entry.Name));
                    hash.AppendData(bytes);
                }
        return hash.GetHashAndReset();
    }
}
