// The text of an utterance as the generator sees it: whole, or arriving while it is spoken. What depends on text that has not arrived waits
// for it, so the speech is that of the whole text, bit for bit, and no frame is made up in the meantime.
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Generation;

/// <summary>The next ids of a text that arrives; null at its end.</summary>
/// <param name="wait">False to not wait if none are there; the list is empty then.</param>
/// <param name="stop">Ends the wait.</param>
/// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
delegate IReadOnlyList<int>? NextIds(bool wait, CancellationToken stop);

sealed class ArrivingText
{
    const int FramesBeyondText = 25; // two seconds at 12.5 frames a second

    readonly NextIds? _next;
    readonly double? _framesPerToken;
    long _tokens;

    ArrivingText(long tokens, double? framesPerToken, NextIds? next) =>
        (_tokens, _framesPerToken, _next, IsComplete) = (tokens, framesPerToken, next, next is null);

    /// <summary>A whole text.</summary>
    /// <param name="tokens">Its tokens.</param>
    /// <param name="framesPerToken">Most frames for each token; null is no limit.</param>
    public static ArrivingText Whole(long tokens, double? framesPerToken) => new(tokens, framesPerToken, null);

    /// <summary>A text that arrives.</summary>
    /// <param name="next">Gives the ids.</param>
    /// <param name="framesPerToken">As for <see cref="Whole"/>.</param>
    public static ArrivingText From(NextIds next, double? framesPerToken) => new(0, framesPerToken, next);

    public bool IsComplete { get; private set; }

    /// <summary>The most frames that the text so far allows.</summary>
    public long MostFrames =>
        _framesPerToken is { } each ? FramesBeyondText + (long)Math.Clamp(each * _tokens, 0, 1e9) : long.MaxValue;

    /// <summary>Appends more text to the sequence: what is there, or what is waited for.</summary>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public void Read(TalkerSequence sequence, bool wait, CancellationToken stop)
    {
        if (IsComplete)
            return;
        if (_next!(wait, stop) is { } ids)
        {
            _tokens += ids.Count;
            sequence.AppendText(ids);
            return;
        }
        IsComplete = true;
        sequence.EndText();
    }
}
