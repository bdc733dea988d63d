// The only writer of the format. Every position has a text side and a codec side; either may be absent, and the input vector of the
// position is the sum of both. Speaking and training call the same two operations, Prompt and Append: a generated sequence is a training
// sequence whose frames come from the sampler. The targets are given as explicit pairs (position, code), so that nothing has to be shifted
// anywhere.
namespace Qwen3Tts.Sequence;

/// <summary>The codec side of a position.</summary>
abstract record CodecStep
{
    CodecStep() { }

    /// <summary>One row of the talker's codec embedding: a control id, a language or a named speaker.</summary>
    public sealed record Token(int Id) : CodecStep;

    /// <summary>A voice: a vector [hidden] of the speaker encoder.</summary>
    public sealed record Voice(float[] Vector) : CodecStep;

    /// <summary>A frame of 16 codes, whose embeddings are summed.</summary>
    public sealed record Frame(int[] Codes) : CodecStep;
}

/// <summary>One position: a text id and a codec step. Either may be absent.</summary>
readonly record struct Position(int? Text, CodecStep? Codec);

/// <summary>
/// The talker's output at <paramref name="Position"/> predicts <paramref name="Code"/>: codebook 0 of a frame, or end of speech.
/// </summary>
readonly record struct TalkerTarget(int Position, int Code);

/// <summary>
/// The code predictor predicts codes 1 to 15 of <paramref name="Frame"/> from the talker's output at <paramref name="Position"/>, which
/// also predicted the frame's first code.
/// </summary>
readonly record struct FrameTarget(int Position, int[] Frame);

/// <summary>A sequence of positions for the talker, to which frames are appended.</summary>
sealed class TalkerSequence
{
    readonly List<Position> _positions = [];
    readonly Queue<int> _text = []; // tokens that no step has taken yet
    readonly Queue<CodecStep> _steps = []; // steps whose text token has not arrived yet
    readonly SpecialTokens _ids;
    int _start;
    bool _textEnded;

    TalkerSequence(SpecialTokens ids) => _ids = ids;

    /// <summary>All positions written so far. A position is written when both its text and its codec step are known.</summary>
    public IReadOnlyList<Position> Positions => _positions;

    /// <summary>S: the position of frame 0, which is the length of the prompt.</summary>
    public int Start => _start;

    /// <summary>The frames after the prompt, without the end of speech.</summary>
    public IEnumerable<int[]> Frames => _positions.Skip(_start).Select(p => p.Codec).OfType<CodecStep.Frame>().Select(f => f.Codes);

    /// <summary>Writes all positions before frame 0.</summary>
    /// <exception cref="ArgumentException">The language or speaker is unknown, a speaker and a voice are both given, or a reference lacks
    /// its text or its frames, or a text that is not complete is to stand before the frames.</exception>
    public static TalkerSequence Prompt(Utterance u, SpecialTokens ids)
    {
        if (u.Voice is not null && !string.IsNullOrEmpty(u.Speaker))
            throw new ArgumentException($"The utterance names the speaker '{u.Speaker}' and brings a voice as well. Give one of the two.");
        if (u.ReferenceText.Count == 0 != (u.ReferenceFrames.Count == 0))
            throw new ArgumentException(
                $"The reference has {u.ReferenceFrames.Count} frames and {u.ReferenceText.Count} text tokens. In-context cloning needs " +
                $"the recording and its transcript.");
        if (u.TextFollows && u.Layout == Layout.TextFirst)
            throw new ArgumentException("The text is not complete, and in this layout all of it stands before the first frame. Wait for "
                + "the whole text, or take the interleaved layout.");
        var s = new TalkerSequence(ids) { _textEnded = !u.TextFollows };
        foreach (var id in u.Instruct)
            s._positions.Add(new(id, null));
        foreach (var id in ids.Role)
            s._positions.Add(new(id, null));
        s.WriteControl(u);
        foreach (var id in (int[])[.. u.ReferenceText, .. u.Text, .. u.TextFollows ? Array.Empty<int>() : [ids.TextEos]])
            if (u.Layout == Layout.TextFirst)
                s._positions.Add(new(id, new CodecStep.Token(ids.CodecPad)));
            else
                s._text.Enqueue(id);
        s.Append(new CodecStep.Token(ids.CodecBos));
        foreach (var frame in u.ReferenceFrames)
            s.Append(new CodecStep.Frame(frame));
        s._start = s._positions.Count + s._steps.Count;
        return s;
    }

    void WriteControl(Utterance u)
    {
        List<CodecStep> steps = _ids.Language(u.Language, u.Speaker) is { } language
            ? [new CodecStep.Token(_ids.Think), new CodecStep.Token(_ids.ThinkBos), new CodecStep.Token(language),
                new CodecStep.Token(_ids.ThinkEos)]
            : [new CodecStep.Token(_ids.NoThink), new CodecStep.Token(_ids.ThinkBos), new CodecStep.Token(_ids.ThinkEos)];
        if (u.Voice is { } voice)
            steps.Add(new CodecStep.Voice(voice));
        else if (!string.IsNullOrEmpty(u.Speaker))
            steps.Add(new CodecStep.Token(_ids.Speaker(u.Speaker).Row));
        foreach (var step in steps)
            _positions.Add(new(_ids.TextPad, step));
        _positions.Add(new(_ids.TextBos, new CodecStep.Token(_ids.CodecPad)));
        if (u.Compatibility.HasFlag(Compatibility.SpeakerAt6) && ControlRows.FindThink(_positions, _ids) is { } think)
            ControlRows.PutSpeakerAt6(_positions, think, _ids);
    }

    /// <summary>
    /// Appends one codec step: a frame of the data set in training, a sampled frame in speaking. Its text side is the next text token that
    /// is left, or <c>tts_pad</c> if none is left. If the text goes on and its next token has not arrived, the position is written when it
    /// arrives.
    /// </summary>
    public void Append(CodecStep step)
    {
        if (step is CodecStep.Frame { Codes.Length: var n } && n != _ids.CodeGroups)
            throw new ArgumentException($"A frame of {n} codes was given; this model's frames have {_ids.CodeGroups}.", nameof(step));
        _steps.Enqueue(step);
        WritePositions();
    }

    /// <summary>True if the last step waits for a text token that has not arrived.</summary>
    public bool AwaitsText => _steps.Count > 0;

    /// <summary>Appends text to an utterance whose text follows (<see cref="Utterance.TextFollows"/>).</summary>
    /// <exception cref="InvalidOperationException">The text is complete.</exception>
    public void AppendText(IEnumerable<int> ids)
    {
        if (_textEnded)
            throw new InvalidOperationException("The text of this sequence is complete. Begin a new sequence for more text.");
        foreach (var id in ids)
            _text.Enqueue(id);
        WritePositions();
    }

    /// <summary>Ends a text that was appended.</summary>
    /// <exception cref="InvalidOperationException">The text is complete already.</exception>
    public void EndText()
    {
        AppendText([_ids.TextEos]);
        _textEnded = true;
        WritePositions();
    }

    void WritePositions()
    {
        while (_steps.Count > 0 && (_text.Count > 0 || _textEnded))
            _positions.Add(new(_text.TryDequeue(out var text) ? text : _ids.TextPad, _steps.Dequeue()));
    }

    /// <summary>Appends the end of speech, which completes a training sequence.</summary>
    public void AppendEnd() => Append(new CodecStep.Token(_ids.CodecEos));

    /// <summary>
    /// All pairs (position, code) that the talker's head is trained to predict: the first code of each frame, and the end of speech if it
    /// was appended.
    /// </summary>
    public IEnumerable<TalkerTarget> TalkerTargets()
    {
        for (var p = _start; p < _positions.Count; p++)
            yield return new(p - 1, _positions[p].Codec switch
            {
                CodecStep.Frame f => f.Codes[0],
                CodecStep.Token t when t.Id == _ids.CodecEos => t.Id,
                _ => throw new InvalidOperationException($"Position {p} after the prompt holds neither a frame nor the end of speech."),
            });
    }

    /// <summary>Every frame after the prompt, with the position whose hidden state the code predictor gets.</summary>
    public IEnumerable<FrameTarget> FrameTargets()
    {
        for (var p = _start; p < _positions.Count; p++)
            if (_positions[p].Codec is CodecStep.Frame f)
                yield return new(p - 1, f.Codes);
    }
}
