// Turns amplitudes into integers: the one rule for every file of integers.
namespace Qwen3Tts.Audio;

static class PcmSamples
{
    /// <summary>The integer of so many bits that is nearest to an amplitude; values beyond full scale are clipped.</summary>
    public static int Of(float amplitude, int bits)
    {
        var scale = 1 << bits - 1;
        return (int)Math.Clamp(MathF.Round(amplitude * scale), -scale, scale - 1);
    }

    /// <exception cref="ArgumentException">A sample is not a finite number.</exception>
    public static void CheckFinite(ReadOnlySpan<float> samples)
    {
        for (var i = 0; i < samples.Length; i++)
            if (!float.IsFinite(samples[i]))
                throw new ArgumentException(
                    $"Sample {i} is {samples[i]}, which is not a valid amplitude. Look for the cause where the audio was made: " +
                    $"damaged weights, or a precision that overflows.", nameof(samples));
    }
}
