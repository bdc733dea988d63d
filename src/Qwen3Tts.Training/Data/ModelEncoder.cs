using System.Security.Cryptography;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Kernels;
using Qwen3Tts.Speaker;
using Qwen3Tts.Text;

namespace Qwen3Tts.Training.Data;

/// <summary>The networks that preparation needs; each call may come from another thread.</summary>
/// <param name="SampleRate">Of the waves that are given to both.</param>
/// <param name="FrameSamples">Samples a frame.</param>
/// <param name="Fingerprint">Changes when the networks do.</param>
/// <param name="Encode">Frames of a wave, float32 and one clip at a time: the reference way.</param>
/// <param name="Voice">The speaker encoder; null for a model without one.</param>
/// <param name="Tokenizer">Null counts no tokens.</param>
sealed record ClipEncoder(int SampleRate, int FrameSamples, byte[] Fingerprint, Func<Waveform, int[][]> Encode,
    Func<Waveform, float[]>? Voice, TextTokenizer? Tokenizer = null)
{
    /// <summary>Names of the model's languages; null tells of no language that it lacks.</summary>
    public IReadOnlyList<string>? Languages { get; init; }
}

static class ModelEncoder
{
    /// <summary>
    /// Codec and speaker encoder of a model. One clip uses all threads, so clips wait for one another here; what runs beside is reading and
    /// shaping.
    /// </summary>
    public static ClipEncoder Load(ModelFolder model)
    {
        var codec = SpeechCodec.Load(model.CodecPath);
        var speaker = model.Config.SpeakerEncoderConfig is null ? null : SpeakerEncoder.Load(model, Workers.Shared);
        var gate = new Lock();
        return new(codec.SampleRate, codec.SamplesPerFrame, Fingerprint(model),
            wave => { lock (gate) return codec.Encode(wave); },
            speaker is null ? null : wave =>
                { lock (gate) return speaker.Embed(wave.ToRate(speaker.SampleRate)); }, TextTokenizer.Load(model.Path))
        {
            Languages = [.. model.Config.TalkerConfig.CodecLanguageId.Keys],
        };
    }

    /// <summary>Hash of every weight that decides codes and voices.</summary>
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
