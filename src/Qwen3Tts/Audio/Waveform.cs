namespace Qwen3Tts.Audio;

/// <summary>Mono audio.</summary>
/// <param name="Samples">Amplitudes [n]. Full scale is -1 to 1; values beyond it are clipped only when a file of integers is
/// written.</param>
/// <param name="SampleRate">Samples per second.</param>
public sealed record Waveform(float[] Samples, int SampleRate)
{
    /// <summary>
    /// The number of channels of the file that the audio was read from, and the largest amplitude in any of them. The amplitude is null if
    /// the audio was not read from a file.
    /// </summary>
    internal (int Count, float? Peak) Channels { get; init; } = (1, null);

    /// <summary>Length in seconds.</summary>
    public double Seconds => (double)Samples.Length / SampleRate;

    /// <summary>The same audio at another sample rate; this object itself if the rate is equal.</summary>
    /// <param name="sampleRate">Samples per second, 1 to 1,000,000.</param>
    /// <exception cref="ArgumentOutOfRangeException">A rate is outside 1 to 1,000,000, or the result would be too long for an
    /// array.</exception>
    public Waveform ToRate(int sampleRate) =>
        sampleRate == SampleRate ? this : new(Resampler.Resample(Samples, SampleRate, sampleRate), sampleRate);
}
