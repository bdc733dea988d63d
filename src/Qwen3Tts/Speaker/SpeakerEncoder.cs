// The speaker encoder: turns a recording into one vector that identifies the speaker (x-vector), by a log mel spectrogram, three residual
// blocks and pooling over time. Only Base models have it.
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;

namespace Qwen3Tts.Speaker;

/// <summary>Receives the output of a stage: the stage's name, and the rows [count, channels].</summary>
delegate void SpeakerTrace(string stage, ReadOnlySpan<float> rows);

/// <summary>A loaded speaker encoder. It holds only weights, so several threads may share it.</summary>
sealed class SpeakerEncoder
{
    const string Part = "speaker_encoder";

    readonly SpeakerEncoderConfig _config;
    readonly MelSpectrogram _mel;
    readonly TimeDelayBlock first;
    readonly SqueezeExcitationRes2NetBlock[] blocks;
    readonly TimeDelayBlock mfa;
    readonly AttentiveStatisticsPooling asp;
    readonly Linear fc;
    readonly Workers _workers;

    /// <summary>Loads the tensors <c>speaker_encoder.*</c>. The caller calls Finish on the weights.</summary>
    internal SpeakerEncoder(Weights weights, SpeakerEncoderConfig c, Workers workers)
    {
        (_config, _workers) = (c, workers);
        var (channels, taps, dilations) = (c.EncChannels, c.EncKernelSizes, c.EncDilations);
        first = new(weights, $"{Part}.blocks.0", c.MelDim, channels[0], taps[0], dilations[0]);
        blocks = [.. Enumerable.Range(1, channels.Length - 2)
            .Select(i => new SqueezeExcitationRes2NetBlock(weights, $"{Part}.blocks.{i}", channels[i - 1], channels[i], taps[i],
            dilations[i], c))];
        mfa = new(weights, $"{Part}.mfa", channels[^1], channels[^1], taps[^1], dilations[^1]);
        asp = new(weights, $"{Part}.asp", channels[^1], c.EncAttentionChannels);
        fc = Linear.LoadPointwise(weights, $"{Part}.fc", c.EncDim, 2 * channels[^1], bias: true);
        _mel = new(c.SampleRate, weights.HoldNothing ? 0 : c.MelDim);
    }

    /// <summary>Sample rate of the recordings, in samples per second: 24000 in the released models.</summary>
    public int SampleRate => _config.SampleRate;

    /// <summary>Length of the vector, which is the talker's hidden size.</summary>
    public int Dimension => _config.EncDim;

    /// <summary>
    /// The shortest recording, in samples: 1280 in the released models. A shorter one has too few rows for the mirroring at both ends.
    /// </summary>
    public int LeastSamples => Math
        .Max(MelSpectrogram.LeastSamples, MelSpectrogram.Hop * blocks.Select(b => b.LeastRows).Append(first.LeastRows).Append(mfa.LeastRows)
        .Max());

    /// <summary>Loads the speaker encoder of a Base model.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">The model has no speaker encoder, a file is damaged, or the tensors do not fit
    /// config.json.</exception>
    public static SpeakerEncoder Load(string folder) => Load(ModelFolder.Open(folder), Workers.Shared);

    internal static SpeakerEncoder Load(ModelFolder model, Workers workers)
    {
        // a fine-tuned model keeps the configuration of its base, and not its encoder
        if (!model.Config.CanClone || model.Config.SpeakerEncoderConfig is not { } config)
            throw new InvalidDataException(
                $"'{model.Path}' is a {model.Config.TtsModelType} model, which has no speaker encoder. Take a Base model, or put the " +
                "encoder of one into this model with 'qwen3tts graft'.");
        return model.Load([TensorNames.SpeakerEncoder], weights => new SpeakerEncoder(weights, config, workers));
    }

    /// <summary>Computes the vector of a voice.</summary>
    /// <param name="audio">A recording at <see cref="SampleRate"/> of at least <see cref="LeastSamples"/> samples.</param>
    /// <returns>The x-vector [<see cref="Dimension"/>]. It is not normalised: the talker is given it as it is.</returns>
    /// <exception cref="ArgumentException">The recording is too short, or has another sample rate.</exception>
    public float[] Embed(Waveform audio) => Embed(audio, null);

    internal float[] Embed(Waveform audio, SpeakerTrace? trace)
    {
        if (audio.SampleRate != SampleRate)
            throw new ArgumentException(
                $"The recording has {audio.SampleRate} samples a second, and the speaker encoder works at {SampleRate}. Convert it with " +
                $"ToRate({SampleRate}).", nameof(audio));
        if (audio.Samples.Length < LeastSamples)
            throw new ArgumentException(
                $"The recording has {audio.Samples.Length} samples ({audio.Seconds:0.000} s), and a voice needs at least {LeastSamples} " +
                $"({(double)LeastSamples / SampleRate:0.000} s). Give a longer one; a few seconds of speech are better.", nameof(audio));
        var mel = _mel.Compute(audio.Samples); // [rows, mel_dim]
        var rows = mel.Length / _config.MelDim;
        trace?.Invoke("mel", mel);
        var x = first.Apply(mel, rows, _workers);
        trace?.Invoke("block0", x);
        var all = new float[rows * mfa.Input]; // [rows, mfa.Input]: the channels of blocks 1 and later side by side
        var at = 0;
        foreach (var (i, block) in blocks.Index())
        {
            x = block.Apply(x, rows, _workers);
            trace?.Invoke($"block{i + 1}", x);
            var channels = x.Length / rows;
            for (var t = 0; t < rows; t++)
                x.AsSpan(t * channels, channels).CopyTo(all.AsSpan(t * mfa.Input + at));
            at += channels;
        }
        x = mfa.Apply(all, rows, _workers);
        trace?.Invoke("mfa", x);
        var pooled = asp.Apply(x, rows, _workers);
        trace?.Invoke("asp", pooled);
        var voice = new float[Dimension];
        fc.Apply(pooled, voice, 1, _workers);
        return voice;
    }
}
