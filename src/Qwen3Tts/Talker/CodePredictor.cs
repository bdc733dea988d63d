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
    readonly KeyValueCache _cache; // of ScoreFrames
    KeyValueCache[] _caches; // of each utterance whose frame is begun
    float[] _inputs; // [frames, groups, talker hidden]
    float[] _rows; // [frames, groups, hidden]
    float[] _read = []; // [frames, hidden], the input of one head
    float[] _scores = []; // [frames, codebook], of one head

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
        (_cache, _caches) = (model.CreateCache(Groups), weights.HoldNothing ? [] : [CreateCache()]);
        (_inputs, _rows) = (weights.Room((long)Groups * talker.HiddenSize), weights.Room((long)Groups * config.HiddenSize));
    }

    /// <summary>Number of codes of a frame.</summary>
    public int Groups { get; }

    /// <summary>Number of entries of a codebook.</summary>
    public int Codebook { get; }

    /// <summary>True if a layer has this name.</summary>
    public bool IsLayer(string name) => model.IsLayer(name);

    /// <summary>E1 … E15, which are also summed in the talker's input.</summary>
    public static Matrix[] LoadEmbeddings(Weights weights, TalkerConfig talker)
    {
        weights.Expect(TensorNames.PredictorEmbeddings, talker.NumCodeGroups - 1);
        return [.. Enumerable.Range(0, talker.NumCodeGroups - 1)
            .Select(i => weights.Matrix(TensorNames.PredictorEmbedding(i), talker.CodePredictorConfig.VocabSize,
            talker.HiddenSize))];
    }

    /// <summary>
    /// Begins a frame of each of several utterances. in: the hidden states [utterances, talker hidden] that predicted the first codes
    /// [utterances] · out: the scores [utterances, codebook] of code 1, valid until the next call; the caller may change them.
    /// </summary>
    /// <param name="hidden">The hidden states.</param>
    /// <param name="codes">The first codes.</param>
    /// <param name="stateOf">The state of an utterance, which has its adapter; null if none has one.</param>
    public Span<float> Begin(ReadOnlySpan<float> hidden, ReadOnlySpan<int> codes, Func<int, TalkerState>? stateOf = null)
    {
        var (count, width) = (codes.Length, hidden.Length / codes.Length);
        Grow(2 * count, width, count);
        while (_caches.Length < count)
            _caches = [.. _caches, CreateCache()];
        for (var i = 0; i < count; i++)
        {
            _caches[i].Clear();
            _caches[i].Adapter = stateOf?.Invoke(i).Cache.Adapter;
            hidden.Slice(i * width, width).CopyTo(_inputs.AsSpan(2 * i * width));
            _first.CopyRow(codes[i], _inputs.AsSpan((2 * i + 1) * width, width));
        }
        return Head(0, Step(count, 2), count);
    }

    /// <summary>
    /// The scores [utterances, codebook] of the codes that follow <paramref name="codes"/> [utterances], which are number
    /// <paramref name="group"/> of their frames, from 1 on.
    /// </summary>
    public Span<float> Next(int group, ReadOnlySpan<int> codes)
    {
        var embedding = codec_embedding[group - 1];
        for (var i = 0; i < codes.Length; i++)
            embedding.CopyRow(codes[i], _inputs.AsSpan(i * embedding.Columns, embedding.Columns));
        return Head(group, Step(codes.Length, 1), codes.Length);
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
        Grow(frames * Groups, width, frames);
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

    // Room for rows that enter the layers, and for those that enter a head.
    void Grow(int rows, int width, int read)
    {
        if (_inputs.Length < rows * width)
            (_inputs, _rows) = (new float[checked(rows * width)], new float[checked(rows * model.Shape.Hidden)]);
        if (_read.Length < read * model.Shape.Hidden)
            (_read, _scores) = (new float[read * model.Shape.Hidden], new float[read * Codebook]);
    }

    KeyValueCache CreateCache()
    {
        var cache = model.CreateCache();
        cache.Reserve(Groups);
        return cache;
    }

    ReadOnlySpan<float> Forward(int count, TransformerTrace? trace = null)
    {
        var rows = Project(count);
        trace?.Invoke(-1, rows);
        model.Forward(rows, count, _cache, _workers, trace);
        return rows;
    }

    // The next rows [utterances, count, hidden] of all utterances.
    ReadOnlySpan<float> Step(int utterances, int count)
    {
        var rows = Project(utterances * count);
        model.ForwardEach(rows, count, _caches.AsSpan(0, utterances), _workers);
        return rows;
    }

    Span<float> Project(int count)
    {
        var rows = _rows.AsSpan(0, count * model.Shape.Hidden);
        if (small_to_mtp_projection is { } projection)
            projection.Apply(_inputs, rows, count, _workers);
        else
            _inputs.AsSpan(0, rows.Length).CopyTo(rows);
        return rows;
    }

    // From the last row of each utterance.
    Span<float> Head(int head, ReadOnlySpan<float> rows, int utterances)
    {
        var (width, each) = (model.Shape.Hidden, rows.Length / utterances);
        if (each > width)
        {
            for (var i = 0; i < utterances; i++)
                rows.Slice((i + 1) * each - width, width).CopyTo(_read.AsSpan(i * width));
            rows = _read;
        }
        lm_head[head].Apply(rows, _scores, utterances, _workers);
        return _scores.AsSpan(0, utterances * Codebook);
    }
}
