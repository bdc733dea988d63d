// The loop that generates speech: the hidden state of the last position gives a frame's first code, the code predictor gives its other 15
// codes, and the frame is appended to the sequence, as in training.
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Generation;

/// <summary>The reason why the speech ended.</summary>
public enum FinishReason
{
    /// <summary>The model predicted the end of speech.</summary>
    End,
    /// <summary>The speech reached <see cref="SamplingOptions.MaxFrames"/>.</summary>
    Length,
    /// <summary>
    /// Prompt and speech together reached the model's <c>max_position_embeddings</c>, the longest sequence that it supports.
    /// </summary>
    Context,
    /// <summary>The speech reached <see cref="SpeechOptions.MaxFramesPerToken"/>: it was much longer than its text.</summary>
    TextLength,
    /// <summary>A cancellation token stopped the speech.</summary>
    Stopped,
}

/// <summary>Speaks one utterance. Several generators may share one talker: those that want a frame at the same time get it
/// together.</summary>
sealed class Generator
{
    readonly TalkerModel _talker;
    readonly TalkerState _state;
    readonly FrameRequest _request;
    readonly int _limit, _positions;
    int _frames;

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public Generator(TalkerModel talker, SamplingOptions options)
    {
        var config = talker.Config;
        var sampler = new Sampler(options, config.VocabSize, config.CodePredictorConfig.VocabSize, config.CodecEosTokenId);
        (_talker, _state, _limit, _positions) = (talker, talker.CreateState(), options.MaxFrames, config.MaxPositionEmbeddings);
        _request = new(_state, sampler);
    }

    /// <summary>The reason why the speech ended; null while it goes on.</summary>
    public FinishReason? Reason
    {
        get;
        private set
        {
            if (field is null && value is not null)
                _talker.Return(_state);
            field = value;
        }
    }

    /// <summary>True if the limit of frames comes from the length of the text.</summary>
    public bool LimitIsOfText { private get; init; }

    /// <summary>Stops the speech if it has not ended.</summary>
    public void Stop() => Reason ??= FinishReason.Stopped;

    /// <summary>True if the model predicted the end of speech, and no limit was reached.</summary>
    public bool Ended => Reason == FinishReason.End;

    /// <summary>All frames up to the end of speech. Each one is appended to the sequence.</summary>
    public IEnumerable<int[]> Speak(TalkerSequence sequence)
    {
        while (Next(sequence) is { } frame)
        {
            sequence.Append(frame);
            yield return frame.Codes;
        }
    }

    /// <summary>
    /// The next frame of the sequence, which the caller appends; null at the end of speech, or if the limit of frames or positions is
    /// reached.
    /// </summary>
    /// <exception cref="ArgumentException">The prompt alone is longer than the model supports.</exception>
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
        _request.Positions = sequence.Positions;
        FrameSteps.Of(_talker).Compute(_request);
        if (_request.Codes is not { } codes)
        {
            Reason = FinishReason.End;
            return null;
        }
        _frames++;
        return new(codes);
    }
}
