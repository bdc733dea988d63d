// The talker: computes hidden states from positions, and the scores of the next frame's first code from a hidden state. A prompt, a single
// step and a whole training sequence use the same operation: compute the positions that the state has not seen yet.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Talker;

/// <summary>The talker's state for one sequence: its key-value cache.</summary>
sealed record TalkerState(KeyValueCache Cache)
{
    /// <summary>A copy of the state that has seen only the first positions.</summary>
    public TalkerState Beginning(int positions) => new(Cache.Beginning(positions));
}

/// <summary>An adapter as the talker applies it.</summary>
sealed record TalkerAdapter(LowRank Changes);

/// <summary>
/// All tensors under <c>talker.</c> in a checkpoint. The buffers are reused: a caller holds a lock, and uses a result before the next call.
/// </summary>
sealed class TalkerModel
{
    const int MostReturned = 4; // a state of a minute holds 170 MB in the 0.6B model

    readonly Stack<TalkerState> _returned = [];
    int _inUse;
    readonly Transformer model;
    readonly Linear codec_head;
    readonly Workers _workers;
    readonly float[] _logits; // [vocabulary]
    float[] _rows = []; // [new positions, hidden]
    KeyValueCache[] _caches = []; // of the sequences of a step

    /// <summary>Loads the talker's tensors. The caller calls Finish on the weights after all networks have loaded theirs.</summary>
    public TalkerModel(Weights weights, TalkerConfig config, Workers workers)
    {
        (Config, _workers) = (config, workers);
        var others = CodePredictor.LoadEmbeddings(weights, config);
        Input = new(weights, config, others, workers);
        model = new(weights, "talker.model", TransformerShape.FromConfig(config));
        codec_head = Linear.Load(weights, "talker.codec_head", config.VocabSize, config.HiddenSize);
        code_predictor = new(weights, config, Input.Codes, others, workers);
        _logits = weights.Room(config.VocabSize);
    }

    public TalkerConfig Config { get; }
    public TalkerInput Input { get; }
    public CodePredictor code_predictor { get; }

    /// <summary>True if the linear layers are whole numbers: stored so, or converted while the model was loaded.</summary>
    public bool IsQuantized => codec_head.Type is WeightType.Int8 or WeightType.Int4;

    /// <summary>States that were created and not returned.</summary>
    public int StatesInUse => Volatile.Read(ref _inUse);

    /// <summary>True if a layer of the talker or of the code predictor has this name.</summary>
    public bool IsLayer(string name) => model.IsLayer(name) || code_predictor.IsLayer(name);

    /// <summary>Creates an empty state. It reuses the memory of a returned state if there is one.</summary>
    /// <param name="adapter">Changes of the weights for this sequence; null for none.</param>
    public TalkerState CreateState(TalkerAdapter? adapter = null)
    {
        Interlocked.Increment(ref _inUse);
        TalkerState? state;
        lock (_returned)
            _returned.TryPop(out state);
        state ??= new(model.CreateCache());
        state.Cache.Clear();
        state.Cache.Adapter = adapter?.Changes;
        return state;
    }

    /// <summary>Returns a state that is not used any more, so that the next utterance does not allocate memory for its cache.</summary>
    public void Return(TalkerState state)
    {
        Interlocked.Decrement(ref _inUse);
        lock (_returned)
            if (_returned.Count < MostReturned)
                _returned.Push(state);
    }

    /// <summary>
    /// Computes the positions that the state has not seen, and returns their hidden states after the final norm [new positions, hidden],
    /// valid until the next call.
    /// </summary>
    /// <param name="positions">The whole sequence so far.</param>
    /// <param name="state">The talker's state for this sequence.</param>
    /// <param name="trace">Receives the layers' outputs; may be null.</param>
    /// <param name="projectsText">Whether text is projected in this call; null takes the setting of the model's input.</param>
    public ReadOnlySpan<float> Advance(
        IReadOnlyList<Position> positions, TalkerState state, TransformerTrace? trace = null, bool? projectsText = null)
    {
        var (from, hidden) = (state.Cache.Position, Config.HiddenSize);
        var length = checked((positions.Count - from) * hidden);
        if (length <= 0)
            throw new ArgumentException(
                $"The talker has seen {from} positions and the sequence has {positions.Count}: there is nothing new. Append a frame " +
                $"first.", nameof(positions));
        if (_rows.Length < length)
            _rows = new float[length];
        var rows = _rows.AsSpan(0, length);
        Input.Write(positions, from, rows, projectsText);
        model.Forward(rows, positions.Count - from, state.Cache, _workers, trace);
        return rows;
    }

    /// <summary>
    /// Computes one further position of each of several sequences. out: their hidden states after the final norm [sequences, hidden], valid
    /// until the next call. Each is that of the sequence alone, bit for bit.
    /// </summary>
    /// <param name="sequences">Whole sequences so far, one position longer than their states.</param>
    /// <param name="states">The talker's state for each.</param>
    public ReadOnlySpan<float> AdvanceEach(ReadOnlySpan<IReadOnlyList<Position>> sequences, ReadOnlySpan<TalkerState> states)
    {
        var hidden = Config.HiddenSize;
        if (_caches.Length < states.Length)
            _caches = new KeyValueCache[states.Length];
        var caches = _caches.AsSpan(0, states.Length);
        for (var i = 0; i < states.Length; i++)
            caches[i] = states[i].Cache;
        if (_rows.Length < sequences.Length * hidden)
            _rows = new float[checked(sequences.Length * hidden)];
        var rows = _rows.AsSpan(0, sequences.Length * hidden);
        for (var i = 0; i < sequences.Length; i++)
            Input.Write(sequences[i], caches[i].Position, rows.Slice(i * hidden, hidden));
        model.ForwardEach(rows, 1, caches, _workers);
        caches.Clear(); // they belong to their utterances
        return rows;
    }

    /// <summary>
    /// Scores [vocabulary] of the code that follows a hidden state [hidden]. They are valid until the next call; the caller may change
    /// them.
    /// </summary>
    public Span<float> Logits(ReadOnlySpan<float> hidden)
    {
        codec_head.Apply(hidden, _logits, 1, _workers);
        return _logits;
    }

    /// <summary>in: hidden states [count, hidden] · out: scores [count, vocabulary].</summary>
    public void Logits(ReadOnlySpan<float> hidden, Span<float> logits, int count) => codec_head.Apply(hidden, logits, count, _workers);
}
