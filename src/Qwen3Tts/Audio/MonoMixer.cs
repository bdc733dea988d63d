// Collects the samples of a recording and averages its channels: the one rule for every format. Memory grows with the samples that really
// arrive.
namespace Qwen3Tts.Audio;

/// <param name="channels">Number of channels of the file, at least 1.</param>
/// <param name="errors">Makes the messages.</param>
/// <param name="expected">Number of samples to reserve memory for. It must be known from the size of the file, not from a header.</param>
sealed class MonoMixer(int channels, AudioErrors errors, long expected = 0)
{
    float[] _samples = new float[Math.Clamp(expected, 0, errors.MostSamples)];
    float _peak; // largest amplitude of any channel

    /// <summary>Number of samples so far.</summary>
    public int Count { get; private set; }

    /// <summary>Adds the mean of the channels for each point in time.</summary>
    /// <param name="interleaved">Amplitudes [points in time × channels].</param>
    /// <exception cref="InvalidDataException">A mean is not a finite number, or there are too many samples for an array.</exception>
    public void Add(ReadOnlySpan<float> interleaved)
    {
        var more = interleaved.Length / channels;
        if (Count > errors.MostSamples - more)
            throw errors.Bad($"it has more than {errors.MostSamples} samples", "Cut it into pieces.");
        if (Count + more > _samples.Length)
            Array.Resize(ref _samples, (int)Math.Min(errors.MostSamples, Math.Max(2L * _samples.Length, Count + more)));
        for (var t = 0; t < more; t++)
        {
            _samples[Count] = Mean(interleaved.Slice(t * channels, channels));
            Count++;
        }
    }

    float Mean(ReadOnlySpan<float> channelsAtOnce)
    {
        var sum = 0f; // float32 in the order of the channels, as the official loader's mean
        foreach (var sample in channelsAtOnce)
        {
            _peak = Math.Max(_peak, Math.Abs(sample));
            sum += sample;
        }
        return float.IsFinite(sum) ? sum / channels : throw errors.Bad($"its sample {Count + 1} is not a finite number", errors.Convert);
    }

    /// <summary>The recording.</summary>
    /// <param name="rate">Samples per second.</param>
    /// <param name="skip">Number of samples at the beginning that do not belong to the recording.</param>
    /// <param name="length">Number of samples after them; null takes all.</param>
    public Waveform Finish(int rate, long skip = 0, long? length = null)
    {
        var begin = (int)Math.Clamp(skip, 0, Count);
        var count = (int)Math.Clamp(length ?? Count, 0, Count - begin);
        if (begin > 0)
            Array.Copy(_samples, begin, _samples, 0, count);
        Array.Resize(ref _samples, count);
        return new(_samples, rate) { Channels = (channels, _peak) };
    }
}
