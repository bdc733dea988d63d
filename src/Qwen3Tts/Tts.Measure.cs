// What is measured of given speech with the networks of a model, which need not have made it.
using Qwen3Tts.Audio;
using Qwen3Tts.Generation;

namespace Qwen3Tts;

public sealed partial class Tts
{
    /// <summary>The frames of speech as the codec sees it.</summary>
    /// <param name="speech">At least one sample, at any rate.</param>
    internal IReadOnlyList<int[]> FramesOf(Waveform speech)
    {
        CheckIsNotDisposed();
        return _codec.Encode(speech.ToRate(_codec.SampleRate));
    }

    /// <summary>The largest share of any <see cref="SpeechOptions.UsualMaxRepeatedSeconds"/> that repeats what was four seconds before, or
    /// less. Shorter speech counts as if silence of another kind followed.</summary>
    /// <param name="frames">Frames of the codec.</param>
    internal double RepeatedShare(IEnumerable<int[]> frames)
    {
        var guard = new RepetitionGuard((int)Math.Ceiling(SpeechOptions.UsualMaxRepeatedSeconds * FramesPerSecond));
        foreach (var frame in frames)
            guard.Add(frame);
        return guard.Share;
    }

    /// <summary>
    /// The cosine between the vector of speech and that of a voice, both of this model's speaker encoder; null if it has none.
    /// </summary>
    /// <param name="speech">Speech that could be cloned from.</param>
    /// <param name="voice">A voice of this model.</param>
    internal double? Likeness(Waveform speech, Voice voice)
    {
        CheckIsNotDisposed();
        if (_encoder is null)
            return null;
        var vector = _encoder.Embed(speech.ToRate(_encoder.SampleRate));
        return Product(vector, voice.Vector) / Math.Sqrt(Math.Max(Product(vector, vector) * Product(voice.Vector, voice.Vector), 1e-30));
    }

    static double Product(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();
}
