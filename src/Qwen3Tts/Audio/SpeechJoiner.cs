// Joins speech that was made part by part. Between two parts there is a pause of a given length, measured from the last sound of one part
// to the first sound of the next. Silence that the parts have is kept as far as it fits in; the rest of the pause is filled with zeros.
// What is cut is faded over some milliseconds, so it does not click. The level of the speech is not changed. Samples go out as soon as it
// is known that they are not the silence at the end of their part.
using System.Runtime.InteropServices;

namespace Qwen3Tts.Audio;

/// <summary>Joins the parts of a speech. For each: <see cref="Begin"/>, <see cref="Push"/> for each chunk, <see cref="End"/>.</summary>
/// <param name="rate">Samples per second.</param>
sealed class SpeechJoiner(int rate)
{
    // Sound is what reaches a fiftieth (-34 dB) of the loudest window so far, as in the levels of recordings. Until there is speech, only
    // what would not be heard beside it is silence: the floor is -66 dB of full scale.
    const double WindowSeconds = 0.01, Relative = 0.02, Lowest = 0.0005;
    // Before the first sound, this much silence is kept: consonants begin softly. Behind the last sound twice as much: vowels fade slowly.
    const double Onset = 0.04, Decay = 0.08;

    readonly int _window = Math.Max(1, (int)Math.Round(WindowSeconds * rate));
    readonly List<float> _held = []; // silence that may be the end of the part, and less than a window that is not measured yet
    double _loudest;
    int _measured; // samples of _held that were found silent
    int? _pause; // the pause before this part, in samples; null for the first part
    bool _sounded;
    float[] _last = []; // the last window that sounds; it waits, because it is faded if the part ends with it

    /// <summary>Begins a part.</summary>
    /// <param name="pauseBefore">The pause that the part before ended with, in samples; null for the first part, which keeps the silence
    /// before its first sound.</param>
    public void Begin(int? pauseBefore) => (_pause, _sounded) = (pauseBefore, false);

    /// <summary>Takes samples of the part, and returns those that can be played now; possibly none.</summary>
    public float[] Push(ReadOnlySpan<float> samples)
    {
        _held.AddRange(samples);
        var ready = new List<float>(samples.Length);
        while (_held.Count - _measured >= _window)
        {
            var loudness = ClipLevels.RmsOf(CollectionsMarshal.AsSpan(_held).Slice(_measured, _window));
            _measured += _window;
            if (loudness <= Math.Max(Lowest, Relative * _loudest))
                continue;
            _loudest = Math.Max(_loudest, loudness);
            if (!_sounded && _pause is { } pause)
                TrimStart(OnsetOf(pause));
            _sounded = true;
            ready.AddRange(_last);
            ready.AddRange(_held[..(_measured - _window)]);
            _last = [.. _held[(_measured - _window).._measured]];
            _held.RemoveRange(0, _measured);
            _measured = 0;
        }
        return [.. ready];
    }

    /// <summary>Ends a part that another one follows. Returns the rest of the part; a pause begins with it.</summary>
    /// <param name="pause">Samples from the last sound of this part to the first sound of the next one.</param>
    /// <returns>The rest, with <c>Sound</c> samples that belong to the part and then the pause without what the next part
    /// adds.</returns>
    public (float[] Samples, int Sound) End(int pause)
    {
        var rest = new List<float>(_last);
        var silence = Math.Max(0, pause - OnsetOf(pause));
        var kept = Math.Min(_held.Count, silence);
        rest.AddRange(_held[..kept]);
        FadeOut(rest);
        var sound = _sounded ? _last.Length + Math.Min(kept, (int)(Decay * rate)) : 0;
        rest.AddRange(new float[silence - kept]);
        Clear();
        return ([.. rest], sound);
    }

    /// <summary>Ends the last part of a speech. Returns the rest of it, unchanged; all of it belongs to the part.</summary>
    public (float[] Samples, int Sound) EndAll()
    {
        float[] rest = [.. _last, .. _held];
        Clear();
        return (rest, rest.Length);
    }

    /// <summary>Samples from the start of a part to its first sound, if a pause comes before it; 0 for the first part.</summary>
    public int Lead(int? pauseBefore) => pauseBefore is { } pause ? OnsetOf(pause) : 0;

    /// <summary>Samples of silence that the next part keeps before its first sound, of a pause of this length.</summary>
    int OnsetOf(int pause) => Math.Min((int)(Onset * rate), pause / 2);

    /// <summary>Leaves as much silence before the first sound as the pause still needs, and fades in.</summary>
    void TrimStart(int keep)
    {
        var has = _measured - _window;
        if (has > keep)
            _held.RemoveRange(0, has - keep);
        else
            _held.InsertRange(0, new float[keep - has]);
        _measured += keep - has;
        var fade = Math.Min(keep, _window / 2);
        for (var i = 0; i < fade; i++)
            _held[Math.Max(0, keep - has) + i] *= (float)i / fade;
    }

    void FadeOut(List<float> samples)
    {
        var fade = Math.Min(samples.Count, _window);
        for (var i = 0; i < fade; i++)
            samples[samples.Count - 1 - i] *= (float)i / fade;
    }

    void Clear()
    {
        _held.Clear();
        (_last, _measured) = ([], 0);
    }
}
