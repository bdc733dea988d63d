// The loop that speaks: the hidden state of the last position gives a frame's first code, the code predictor its other fifteen, and the
// frame is appended to the same sequence that training appends its frames to.
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Generation;

/// <summary>Speaks one utterance. Several may speak by turns with one talker: a frame is made under a lock.</summary>
sealed class Generator
{
    readonly TalkerModel _talker;
    readonly TalkerState _state;
    readonly Sampler _sampler;
    readonly int _end, _limit;
    int _frames;

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public Generator(TalkerModel talker, SamplingOptions options)
    {
        var config = talker.Config;
        (_talker, _state, _end, _limit) = (talker, talker.CreateState(), config.CodecEosTokenId, options.MaxFrames);
        _sampler = new(options, config.VocabSize, config.CodePredictorConfig.VocabSize, _end);
    }

    /// <summary>The speech ended by itself, not at the limit of frames.</summary>
    public bool Ended { get; private set; }

    /// <summary>Every frame until the end of speech, each appended to the sequence.</summary>
    public IEnumerable<int[]> Speak(TalkerSequence sequence)
    {
        while (Next(sequence) is { } frame)
        {
            sequence.Append(frame);
            yield return frame.Codes;
        }
    }

    /// <summary>The frame that follows the sequence, which the caller appends; null at the end of speech or the limit of frames.</summary>
    public CodecStep.Frame? Next(TalkerSequence sequence)
    {
        if (Ended || _frames == _limit)
            return null;
        lock (_talker)
        {
            var hidden = _talker.Advance(sequence.Positions, _state)[^_talker.Config.HiddenSize..];
            var first = _sampler.First(_talker.Logits(hidden));
            if (first == _end)
            {
                Ended = true;
                return null;
            }
            _frames++;
            return new(Complete(hidden, first));
        }
    }

    int[] Complete(ReadOnlySpan<float> hidden, int first)
    {
        var predictor = _talker.code_predictor;
        var codes = new int[predictor.Groups];
        codes[0] = first;
        codes[1] = _sampler.Other(predictor.Begin(hidden, first));
        for (var i = 2; i < codes.Length; i++)
            codes[i] = _sampler.Other(predictor.Next(i - 1, codes[i - 1]));
        return codes;
    }
}
