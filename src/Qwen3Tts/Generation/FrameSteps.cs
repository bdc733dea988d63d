// Frames of several utterances at once. Reading the weights takes most of the time of a frame, and eight utterances read them once. Whoever
// wants a frame waits here; one of those who wait computes for all of them.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Generation;

/// <summary>A wish for the next frame of an utterance. An utterance has one, and uses it again for each frame.</summary>
sealed class FrameRequest(TalkerState state, Sampler sampler)
{
    public TalkerState State => state;
    public Sampler Sampler => sampler;

    /// <summary>The whole sequence so far.</summary>
    public IReadOnlyList<Position> Positions { get; set; } = [];

    /// <summary>The frame's codes; null at the end of speech.</summary>
    public int[]? Codes { get; set; }

    /// <summary>How long the prompt took to compute.</summary>
    public TimeSpan PromptTime { get; set; }

    public ExceptionDispatchInfo? Error { get; set; }
    public bool IsDone { get; set; }
}

/// <summary>Computes frames for all threads that speak with one talker.</summary>
sealed class FrameSteps
{
    const int MostTogether = 32; // limits the buffers

    static readonly ConditionalWeakTable<TalkerModel, FrameSteps> All = [];

    readonly TalkerModel _talker;
    readonly object _gate = new();
    readonly List<FrameRequest> _waiting = [], _batch = [], _speaking = [];
    IReadOnlyList<Position>[] _sequences = [];
    TalkerState[] _states = [];
    float[] _hidden = []; // [batch, hidden]
    float[] _scores = []; // [batch, vocabulary]
    int[] _codes = []; // [speaking], the last codes
    bool _busy;
    int _expected; // utterances of the last step that go on
    TimeSpan _patience; // how long a step waits for them

    readonly Func<int, TalkerState> _stateOf; // made once: a frame allocates nothing

    FrameSteps(TalkerModel talker) => (_talker, _stateOf) = (talker, i => _speaking[i].State);

    /// <summary>The steps of a talker: all generators share them.</summary>
    public static FrameSteps Of(TalkerModel talker) => All.GetValue(talker, t => new(t));

    /// <summary>Computes the request's frame, together with those that other threads ask for.</summary>
    /// <exception cref="InvalidDataException">The scores of this utterance are not finite.</exception>
    /// <exception cref="ArgumentException">An id of this utterance does not fit the model.</exception>
    public void Compute(FrameRequest request)
    {
        (request.IsDone, request.Error, request.Codes) = (false, null, null);
        lock (_gate)
        {
            _waiting.Add(request);
            Monitor.PulseAll(_gate);
            while (_busy && !request.IsDone)
                Monitor.Wait(_gate);
            if (!request.IsDone)
            {
                _busy = true;
                WaitForOthers();
                var count = Math.Min(MostTogether, _waiting.Count);
                _waiting.Remove(request); // whoever computes is in the step
                _batch.Add(request);
                _batch.AddRange(_waiting.Take(count - 1));
                _waiting.RemoveRange(0, count - 1);
            }
        }
        if (!request.IsDone)
            Lead();
        request.Error?.Throw();
    }

    /// <summary>Runs other work with the talker while no step runs.</summary>
    public T Alone<T>(Func<TalkerModel, T> work)
    {
        lock (_gate)
        {
            while (_busy)
                Monitor.Wait(_gate);
            _busy = true;
        }
        try
        {
            return work(_talker);
        }
        finally
        {
            lock (_gate)
            {
                _busy = false;
                Monitor.PulseAll(_gate);
            }
        }
    }

    // Those of the last step come back one after the other. Without waiting, the first would compute alone, and all others after it.
    void WaitForOthers()
    {
        var began = Stopwatch.GetTimestamp();
        while (_waiting.Count < _expected && _patience - Stopwatch.GetElapsedTime(began) is { Ticks: > 0 } left)
            Monitor.Wait(_gate, left);
    }

    void Lead()
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            Step();
        }
        catch (Exception e)
        {
            foreach (var request in _batch)
                request.Error ??= ExceptionDispatchInfo.Capture(e);
        }
        lock (_gate)
        {
            _patience = Stopwatch.GetElapsedTime(began) / 4;
            _expected = 0;
            foreach (var request in _batch)
            {
                request.IsDone = true;
                if (request.Codes is not null)
                    _expected++;
            }
            _batch.Clear();
            _busy = false;
            Monitor.PulseAll(_gate);
        }
    }

    void Step()
    {
        var (count, hidden, vocabulary) = (_batch.Count, _talker.Config.HiddenSize, _talker.Config.VocabSize);
        if (_sequences.Length < count)
            (_sequences, _states, _codes, _hidden, _scores) = (new IReadOnlyList<Position>[count], new TalkerState[count], new int[count],
                new float[count * hidden], new float[count * vocabulary]);
        Advance(hidden);
        _talker.Logits(_hidden, _scores, count);
        _speaking.Clear();
        for (var i = 0; i < count; i++)
            if (DrawFirst(_batch[i], _scores.AsSpan(i * vocabulary, vocabulary)))
            {
                _hidden.AsSpan(i * hidden, hidden).CopyTo(_hidden.AsSpan(_speaking.Count * hidden));
                _speaking.Add(_batch[i]);
            }
        if (_speaking.Count > 0)
            Complete(hidden);
    }

    // The hidden state of each utterance's last position. A prompt is computed alone, further positions together.
    void Advance(int hidden)
    {
        var steps = 0;
        for (var i = 0; i < _batch.Count; i++)
            if (IsStep(_batch[i]))
                (_sequences[steps], _states[steps++]) = (_batch[i].Positions, _batch[i].State);
            else
                ReadPrompt(_batch[i], _hidden.AsSpan(i * hidden, hidden));
        if (steps == 0)
            return;
        var rows = _talker.AdvanceEach(_sequences.AsSpan(0, steps), _states.AsSpan(0, steps));
        for (var (i, row) = (0, 0); row < steps; i++)
            if (ReferenceEquals(_states[row], _batch[i].State))
                rows.Slice(row++ * hidden, hidden).CopyTo(_hidden.AsSpan(i * hidden));
    }

    static bool IsStep(FrameRequest request) => request.Positions.Count == request.State.Cache.Position + 1;

    // What is wrong with one utterance is not the others' business: its error goes to the thread that speaks it.
    void ReadPrompt(FrameRequest request, Span<float> hidden)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            _talker.Advance(request.Positions, request.State)[^hidden.Length..].CopyTo(hidden);
            request.PromptTime = Stopwatch.GetElapsedTime(began);
        }
        catch (Exception e)
        {
            request.Error = ExceptionDispatchInfo.Capture(e);
        }
    }

    // True if the utterance goes on.
    bool DrawFirst(FrameRequest request, Span<float> scores)
    {
        if (request.Error is not null)
            return false;
        try
        {
            var code = request.Sampler.First(scores);
            if (code == _talker.Config.CodecEosTokenId)
                return false;
            request.Codes = new int[_talker.code_predictor.Groups];
            request.Codes[0] = code;
            return true;
        }
        catch (InvalidDataException e)
        {
            request.Error = ExceptionDispatchInfo.Capture(e);
            return false;
        }
    }

    // The other codes of the frames.
    void Complete(int hidden)
    {
        var (predictor, count) = (_talker.code_predictor, _speaking.Count);
        var codes = _codes.AsSpan(0, count);
        for (var group = 1; group < predictor.Groups; group++)
        {
            for (var i = 0; i < count; i++)
                codes[i] = _speaking[i].Codes![group - 1];
            var scores = group == 1 ? predictor.Begin(_hidden.AsSpan(0, count * hidden), codes, _stateOf)
                : predictor.Next(group - 1, codes);
            for (var i = 0; i < count; i++)
                DrawOther(_speaking[i], group, scores.Slice(i * predictor.Codebook, predictor.Codebook));
        }
    }

    static void DrawOther(FrameRequest request, int group, Span<float> scores)
    {
        if (request.Error is not null)
            return;
        try
        {
            request.Codes![group] = request.Sampler.Other(scores);
        }
        catch (InvalidDataException e)
        {
            request.Error = ExceptionDispatchInfo.Capture(e);
        }
    }
}
