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
    /// <summary>
    /// The speech did not end by itself: it reached <see cref="SpeechOptions.MaxFramesPerToken"/>, so it was much longer than its text, or
    /// it repeated itself for <see cref="SpeechOptions.MaxRepeatedSeconds"/>.
    /// </summary>
    Runaway,
    /// <summary>A cancellation token stopped the speech.</summary>
    Cancelled,
}

/// <summary>Speaks one utterance. Several generators may share one talker: those that want a frame at the same time get it
/// together.</summary>
sealed class Generator
{
    readonly TalkerModel _talker;
    readonly Sampler _sampler;
    readonly int _limit, _positions;
    FrameRequest? _request; // with the key-value cache, from the first frame until the end
    int _frames;

    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public Generator(TalkerModel talker, SamplingOptions options)
    {
        var config = talker.Config;
        _sampler = new(options, config.VocabSize, config.CodePredictorConfig.VocabSize, config.CodecEosTokenId);
        (_talker, _limit, _positions) = (talker, options.MaxFrames, config.MaxPositionEmbeddings);
    }

    /// <summary>The text, which may limit the frames, and may still arrive; null is a whole text without a limit.</summary>
    public ArrivingText? Text { private get; init; }

    /// <summary>Changes of the weights for this utterance; null for none.</summary>
    public TalkerAdapter? Adapter { private get; init; }

    /// <summary>Finds out that the speech repeats itself; null to let it.</summary>
    public RepetitionGuard? Repetition { private get; init; }

    /// <summary>The reason why the speech ended; null while it goes on.</summary>
    public FinishReason? Reason
    {
        get;
        private set
        {
            field = value;
            if (value is not null && Interlocked.Exchange(ref _request, null) is { } request)
                _talker.Return(request.State);
        }
    }

    /// <summary>Stops the speech if it has not ended.</summary>
    public void Stop() => Reason ??= FinishReason.Cancelled;

    /// <summary>True if the model predicted the end of speech, and no limit was reached.</summary>
    public bool Ended => Reason == FinishReason.End;

    /// <summary>How long the prompt took to compute.</summary>
    public TimeSpan PromptTime { get; private set; }

    /// <summary>All frames up to the end of speech. Each one is appended to the sequence. Who stops enumerating stops the
    /// speech.</summary>
    /// <param name="sequence">A prompt.</param>
    /// <param name="stop">Checked after each frame, and while text is waited for.</param>
    public IEnumerable<int[]> Speak(TalkerSequence sequence, CancellationToken stop = default)
    {
        try
        {
            while (Next(sequence, stop) is { } frame)
            {
                sequence.Append(frame);
                if (sequence.AwaitsText)
                    Text?.Read(sequence, wait: false, stop);
                yield return frame.Codes;
                if (stop.IsCancellationRequested)
                    Stop();
            }
        }
        finally
        {
            Stop(); // after an error, or if the enumeration was abandoned
        }
    }

    /// <summary>
    /// The next frame of the sequence, which the caller appends; null at the end of speech, or if the limit of frames or positions is
    /// reached.
    /// </summary>
    /// <exception cref="ArgumentException">The prompt alone is longer than the model supports.</exception>
    public CodecStep.Frame? Next(TalkerSequence sequence, CancellationToken stop = default)
    {
        Reason ??= Limit(sequence, stop);
        if (Reason is not null)
            return null;
        _request ??= new(_talker.CreateState(Adapter), _sampler);
        _request.Positions = sequence.Positions;
        FrameSteps.Of(_talker).Compute(_request);
        if (_request.Codes is not { } codes)
        {
            Reason = FinishReason.End;
            return null;
        }
        if (_frames++ == 0)
            PromptTime = _request.PromptTime;
        Repetition?.Add(codes);
        return new(codes);
    }

    /// <summary>The limit that the speech has reached, after waiting for the text that the next frame needs.</summary>
    FinishReason? Limit(TalkerSequence sequence, CancellationToken stop)
    {
        if (_frames == _limit)
            return FinishReason.Length;
        if (Repetition?.IsRunaway == true)
            return FinishReason.Runaway;
        try
        {
            while (Text is { IsComplete: false } && (sequence.AwaitsText || _frames >= Text.MostFrames))
                Text.Read(sequence, wait: true, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return FinishReason.Cancelled;
        }
        if (_frames >= Text?.MostFrames)
            return FinishReason.Runaway;
        if (sequence.Positions.Count <= _positions)
            return null;
        return _frames > 0 ? FinishReason.Context
            : throw new ArgumentException(
                $"The text, with what stands before it, has {sequence.Positions.Count} positions, and this model sees {_positions} " +
                $"(max_position_embeddings in config.json). Speak the text in parts.");
    }
}
