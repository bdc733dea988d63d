// Voices between voices: weighted means of their vectors.
using System.Runtime.InteropServices;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Voices;

/// <summary>Mixes voices.</summary>
public static class VoiceMix
{
    /// <summary>The weighted mean of voices. It has no reference recording, so it cannot clone in context.</summary>
    /// <param name="voices">Two or more voices of one speaker encoder, each with its weight above 0. The weights are divided by their
    /// sum.</param>
    /// <param name="name">Name of the new voice.</param>
    /// <exception cref="ArgumentException">There are fewer than two voices, a weight is not a number above 0, or the voices are of
    /// different speaker encoders.</exception>
    public static VoiceFile Mix(IReadOnlyList<(VoiceFile Voice, double Weight)> voices, string name)
    {
        if (voices.Count < 2)
            throw new ArgumentException($"A mix needs two voices or more, and {voices.Count} was given. Give more.");
        foreach (var (voice, weight) in voices)
            if (!double.IsFinite(weight) || weight <= 0)
                throw new ArgumentException(FormattableString.Invariant(
                    $"The weight of '{voice.Name}' is {weight}. Give a number above 0, such as 0.5."));
        var first = voices[0].Voice;
        foreach (var (voice, _) in voices)
            if (voice.EncoderSha256 != first.EncoderSha256 || voice.Voice.Vector.Length != first.Voice.Vector.Length)
                throw new ArgumentException($"'{voice.Name}' has {voice.Voice.Vector.Length} numbers of the speaker encoder "
                    + $"{Short(voice.EncoderSha256)}, and '{first.Name}' has {first.Voice.Vector.Length} of {Short(first.EncoderSha256)}. "
                    + "Make both with one Base model.");
        var sum = voices.Sum(v => v.Weight);
        return new(new Voice(Mean([.. voices.Select(v => (v.Voice.Voice.Vector, v.Weight / sum))]))
        {
            Warnings = [.. voices.SelectMany(v => v.Voice.Voice.Warnings.Select(w => $"{v.Voice.Name}: {w}"))],
        })
        {
            Name = name,
            EncoderSha256 = first.EncoderSha256,
            CodecSha256 = first.CodecSha256,
            Parts = [.. voices.Select(v => new VoicePart("voice", v.Voice.Name, HashOf(v.Voice.Voice.Vector), v.Weight / sum))],
        };
    }

    /// <summary>The weighted mean [hidden] of vectors, summed in double and rounded to float32.</summary>
    internal static float[] Mean(IReadOnlyList<(float[] Vector, double Weight)> parts) =>
        [.. Enumerable.Range(0, parts[0].Vector.Length).Select(i => (float)parts.Sum(p => p.Weight * p.Vector[i]))];

    internal static string HashOf(float[] numbers) =>
        Convert.ToHexStringLower(Sha256.Of(MemoryMarshal.AsBytes(numbers.AsSpan())));

    internal static string Short(string hash) => Printable.Text(hash.Length > 12 ? hash[..12] : hash);
}
