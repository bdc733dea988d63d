// The loop that speaks: the hidden state of the last position gives a frame's first code, the code predictor its other fifteen, and the
// frame is appended to the same sequence that training appends its frames to.
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Generation;

/// <summary>Why speech is over.</summary>
public enum FinishReason
{
    /// <summary>It ended by itself.</summary>
    End,
    /// <summary>It was cut off at <see cref="SamplingOptions.MaxFrames"/>.</summary>
    Length,
    /// <summary>
    /// It was cut off at the model's <c>max_position_embeddings</c>: prompt and speech together are as long as the model can see.
    /// </summary>
    Context,
    /// <summary>It was cut off at <see cref="SpeechOptions.MaxFramesPerToken"/>: it was far longer than its text.</summary>
    TextLength,
    /// <summary>It was stopped from outside, by a cancellation token.</summary>
    Stopped,
}

/// <summary>Speaks one utterance. Several may speak by turns with one talker: a frame is made under a lock.</summary>
sealed class Generator
{
    readonly TalkerModel _talker;
    readonly TalkerState _state;
    readonly Sampler _sampler;
    readonly int _end, _limit, _positions;
    int _frames;

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public Generator(TalkerModel talker, SamplingOptions options)
    {
        var config = talker.Config;
        (_talker, _state, _end, _limit, _positions) = (talker, talker.CreateState(), config.CodecEosTokenId, options.MaxFrames,
            config.MaxPositionEmbeddings);
        _sampler = new(options, config.VocabSize, config.CodePredictorConfig.VocabSize, _end);
    }

    /// <summary>Why the speech is over; null while it goes on.</summary>
    public FinishReason? Reason { get; private set; }

    /// <summary>The limit of frames was made of the text's length.</summary>
    public bool LimitIsOfText { private get; init; }

    /// <summary>Ends the speech here, if it goes on.</summary>
    public void Stop() => Reason ??= FinishReason.Stopped;

    /// <summary>The speech ended by itself, not at a limit.</summary>
    public bool Ended => Reason == FinishReason.End;

    /// <summary>Every frame until the end of speech, each appended to the sequence.</summary>
    public IEnumerable<int[]> Speak(TalkerSequence sequence)
    {
        while (Next(sequence) is { } frame)
        {
            sequence.Append(frame);
            yield return frame.Codes;
        }
    }

    /// <summary>
    /// The frame that follows the sequence, which the caller appends; null at the end of speech, the limit of frames or that of positions.
    /// </summary>
    /// <exception cref="ArgumentException">The prompt alone is longer than the model can see.</exception>
    public CodecStep.Frame? Next(TalkerSequence sequence)
    {
        if (Reason is null && _frames == _limit)
            Reason = LimitIsOfText ? FinishReason.TextLength : FinishReason.Length;
        if (Reason is null && sequence.Positions.Count > _positions)
            Reason = _frames > 0 ? FinishReason.Context
                : throw new ArgumentException(
                    $"The text, with what stands before it, has {sequence.Positions.Count} positions, and this model sees {_positions} " +
                    $"(max_position_embeddings in config.json). Speak the text in parts.");
        if (Reason is not null)
            return null;
        lock (_talker)
        {
            var hidden = _talker.Advance(sequence.Positions, _state)[^_talker.Config.HiddenSize..];
            var first = _sampler.First(_talker.Logits(hidden));
            if (first == _end)
            {
                Reason = FinishReason.End;
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
