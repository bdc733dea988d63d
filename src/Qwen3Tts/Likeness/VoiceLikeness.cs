using Qwen3Tts.Audio;

namespace Qwen3Tts.Likeness;

/// <summary>
/// Likeness of speech to one voice where recordings of other voices are at hand: its position between the mean long-term spectrum of the
/// others (0) and that of the voice's own recordings (1). Single recordings of the voice lie around 1.
/// </summary>
sealed class VoiceLikeness
{
    readonly double[] _others, _towards; // [bands]

    /// <param name="own">Recordings of the voice.</param>
    /// <param name="others">Recordings of each other voice.</param>
    public VoiceLikeness(IEnumerable<Waveform> own, IEnumerable<IEnumerable<Waveform>> others)
    {
        static double[] Mean(IEnumerable<Waveform> voice) => LongTermSpectrum.Mean([.. voice.Select(LongTermSpectrum.Compute)]);
        _others = LongTermSpectrum.Mean([.. others.Select(Mean)]);
        _towards = [.. Mean(own).Zip(_others, (a, b) => a - b)];
    }

    /// <summary>The position of speech: 0 at the other voices, 1 at this one.</summary>
    public double Measure(Waveform wave) =>
        LongTermSpectrum.Compute(wave).Zip(_others, (a, b) => a - b).Zip(_towards, (a, b) => a * b).Sum() / _towards.Sum(v => v * v);
}
