namespace Qwen3Tts.Audio;

/// <summary>Mono sound.</summary>
/// <param name="Samples">Amplitudes [n]; full scale is -1 to 1, and nothing is clipped before it is written.</param>
/// <param name="SampleRate">Samples per second.</param>
public sealed record Waveform(float[] Samples, int SampleRate)
{
    /// <summary>
    /// How many channels the file had that it was read from, and the largest amplitude in any of them; null where it was not read from one.
    /// </summary>
    internal (int Count, float? Peak) Channels { get; init; } = (1, null);

    /// <summary>Length in seconds.</summary>
    public double Seconds => (double)Samples.Length / SampleRate;

    /// <summary>The same sound at another rate; this very object if it has that rate already.</summary>
    /// <param name="sampleRate">Samples per second, 1 to 1,000,000.</param>
    /// <exception cref="ArgumentOutOfRangeException">A rate is outside 1 to 1,000,000, or the result would be too long for an
    /// array.</exception>
    public Waveform ToRate(int sampleRate) =>
        sampleRate == SampleRate ? this : new(Resampler.Resample(Samples, SampleRate, sampleRate), sampleRate);
}
