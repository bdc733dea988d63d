// The talker: positions in, hidden states out, and from a hidden state the scores of the next frame's first code. A prompt, a step and a
// whole training sequence are one operation: pass on what the state has not seen yet.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Talker;

/// <summary>What the talker remembers of one sequence.</summary>
sealed record TalkerState(KeyValueCache Cache)
{
    /// <summary>A state of its own that has seen the first positions alone.</summary>
    public TalkerState Beginning(int positions) => new(Cache.Beginning(positions));
}

/// <summary>Everything under <c>talker.</c> in a checkpoint. Its buffers are reused: whoever calls it holds a lock on it, and takes what it
/// returns before the next call.</summary>
sealed class TalkerModel
{
    readonly Transformer model;
    readonly Linear codec_head;
    readonly Workers _workers;
    readonly float[] _logits; // [vocabulary]
    float[] _rows = []; // [new positions, hidden]

    /// <summary>Takes its tensors; the caller finishes the weights when every network has taken its own.</summary>
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

    public TalkerState CreateState() => new(model.CreateCache());

    /// <summary>Passes the positions that the state has not seen through the talker; their hidden states after the final norm
    /// [new positions, hidden], valid until the next call.</summary>
    /// <param name="positions">The sequence so far.</param>
    /// <param name="state">What the talker has seen of it.</param>
    /// <param name="trace">Where the layers' outputs go, if anywhere.</param>
    /// <param name="projectsText">Whether text enters projected in this call; null for what the model's input says.</param>
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
    /// Scores [vocabulary] of the code that follows a hidden state [hidden], valid until the next call; the caller may change them.
    /// </summary>
    public Span<float> Logits(ReadOnlySpan<float> hidden)
    {
        codec_head.Apply(hidden, _logits, 1, _workers);
        return _logits;
    }

    /// <summary>Scores [count, vocabulary] of many hidden states [count, hidden] at once.</summary>
    public void Logits(ReadOnlySpan<float> hidden, Span<float> logits, int count) => codec_head.Apply(hidden, logits, count, _workers);
}
