// The code predictor completes a frame. Slot 0 reads the talker's hidden state that predicted the frame's first code, slot 1 reads E0[c0],
// slot i reads E(i-1)[c(i-1)]; slot i predicts code i through lm_head[i-1]. Every frame is a sequence of its own. If the talker is wider
// than the code predictor (1.7B), inputs pass small_to_mtp_projection; otherwise (0.6B) that tensor does not exist.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;

namespace Qwen3Tts.Talker;

sealed class CodePredictor
{
    readonly Transformer model;
    readonly Linear? small_to_mtp_projection;
    readonly Linear[] lm_head;
    readonly Matrix _first; // E0 [talker vocabulary, talker hidden]
    readonly Matrix[] codec_embedding; // E1 … E15 [codebook, talker hidden]
    readonly Workers _workers;
    readonly KeyValueCache _cache;
    float[] _inputs; // [frames, groups, talker hidden]
    float[] _rows; // [frames, groups, hidden]
    readonly float[] _logits; // [codebook]
    float[] _read = []; // [frames, hidden], the input of one head
    float[] _scores = []; // [frames, codebook]

    public CodePredictor(Weights weights, TalkerConfig talker, Matrix first, Matrix[] others, Workers workers)
    {
        const string name = "talker.code_predictor";
        var config = talker.CodePredictorConfig;
        (Groups, Codebook, _first, codec_embedding, _workers) = (talker.NumCodeGroups, config.VocabSize, first, others, workers);
        model = new(weights, $"{name}.model", TransformerShape.FromConfig(config));
        small_to_mtp_projection = talker.HiddenSize == config.HiddenSize ? null
            : Linear.Load(weights, $"{name}.small_to_mtp_projection", config.HiddenSize, talker.HiddenSize, bias: true);
        lm_head = [.. Enumerable.Range(0, Groups - 1)
            .Select(i => Linear.Load(weights, $"{name}.lm_head.{i}", Codebook, config.HiddenSize))];
        _cache = model.CreateCache(Groups);
        if (!weights.HoldNothing)
            _cache.Reserve(Groups);
        (_inputs, _rows, _logits) = (weights.Room((long)Groups * talker.HiddenSize), weights.Room((long)Groups * config.HiddenSize),
            weights.Room(Codebook));
    }

    /// <summary>Number of codes of a frame.</summary>
    public int Groups { get; }

    /// <summary>Number of entries of a codebook.</summary>
    public int Codebook { get; }

    /// <summary>E1 … E15, which are also summed in the talker's input.</summary>
    public static Matrix[] LoadEmbeddings(Weights weights, TalkerConfig talker)
    {
        weights.Expect(TensorNames.PredictorEmbeddings, talker.NumCodeGroups - 1);
        return [.. Enumerable.Range(0, talker.NumCodeGroups - 1)
            .Select(i => weights.Matrix(TensorNames.PredictorEmbedding(i), talker.CodePredictorConfig.VocabSize,
            talker.HiddenSize))];
    }

    /// <summary>
    /// Begins a frame from the hidden state [talker hidden] that predicted its first code, and returns the scores [codebook] of code 1. The
    /// scores are valid until the next call; the caller may change them.
    /// </summary>
    public Span<float> Begin(ReadOnlySpan<float> hidden, int code)
    {
        _cache.Clear();
        hidden.CopyTo(_inputs);
        _first.CopyRow(code, _inputs.AsSpan(hidden.Length));
        return Head(0, Forward(2));
    }

    /// <summary>
    /// The scores [codebook] of the code that follows <paramref name="code"/>. <paramref name="group"/> is the number of
    /// <paramref name="code"/> in the frame, from 1 on.
    /// </summary>
    public Span<float> Next(int group, int code)
    {
        codec_embedding[group - 1].CopyRow(code, _inputs);
        return Head(group, Forward(1));
    }

    /// <summary>
    /// Computes whole frames with teacher forcing. in: for each frame the hidden state [frames, talker hidden] and the codes [frames,
    /// groups] · out: scores [frames, groups - 1, codebook] of codes 1 and later, and as the return value the states [frames, groups,
    /// hidden] that the heads read (no head reads the first row of a frame), valid until the next call. Frames of one call read the weights
    /// once.
    /// </summary>
    public ReadOnlySpan<float> ScoreFrames(ReadOnlySpan<float> hidden, ReadOnlySpan<int> codes, Span<float> logits,
        TransformerTrace? trace = null)
    {
        _cache.Clear();
        var frames = codes.Length / Groups;
        var (width, state) = (hidden.Length / frames, model.Shape.Hidden);
        Grow(frames, width);
        for (var row = 0; row < frames * Groups; row++)
        {
            var (frame, slot) = Math.DivRem(row, Groups);
            var input = _inputs.AsSpan(row * width, width);
            if (slot == 0)
                hidden.Slice(frame * width, width).CopyTo(input);
            else
                (slot == 1 ? _first : codec_embedding[slot - 2]).CopyRow(codes[row - 1], input);
        }
        var rows = Forward(frames * Groups, trace);
        for (var head = 0; head < Groups - 1; head++)
        {
            for (var frame = 0; frame < frames; frame++)
                rows.Slice((frame * Groups + head + 1) * state, state).CopyTo(_read.AsSpan(frame * state));
            lm_head[head].Apply(_read, _scores, frames, _workers);
            for (var frame = 0; frame < frames; frame++)
                _scores.AsSpan(frame * Codebook, Codebook).CopyTo(logits[((frame * (Groups - 1) + head) * Codebook)..]);
        }
        return rows;
    }

    void Grow(int frames, int width)
    {
        if (_read.Length >= frames * model.Shape.Hidden)
            return;
        (_inputs, _rows) = (new float[checked(frames * Groups * width)], new float[checked(frames * Groups * model.Shape.Hidden)]);
        (_read, _scores) = (new float[frames * model.Shape.Hidden], new float[frames * Codebook]);
    }

    ReadOnlySpan<float> Forward(int count, TransformerTrace? trace = null)
    {
        var rows = _rows.AsSpan(0, count * model.Shape.Hidden);
        if (small_to_mtp_projection is { } projection)
            projection.Apply(_inputs, rows, count, _workers);
        else
            _inputs.AsSpan(0, rows.Length).CopyTo(rows);
        trace?.Invoke(-1, rows);
        model.Forward(rows, count, _cache, _workers, trace);
        return rows;
    }

    Span<float> Head(int head, ReadOnlySpan<float> rows)
    {
        lm_head[head].Apply(rows[^model.Shape.Hidden..], _logits, 1, _workers);
        return _logits;
    }
}
