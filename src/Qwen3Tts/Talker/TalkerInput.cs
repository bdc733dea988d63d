// The only place where positions become vectors: text side + codec side, where an absent side is a zero vector. The text side is always
// projected. An absent text side is zero after the projection; projecting a zero vector would add the biases of the projection. A frame is
// the sum of its 16 embeddings. Sums are computed in float32 and in a fixed order: E0 + E1 + … + E15, then the text.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Talker;

sealed class TalkerInput : IDisposable
{
    const int LargestPiece = 256; // most rows that are projected together; limits the size of the buffers

    readonly Matrix text_embedding; // [text vocabulary, text hidden]
    readonly Linear linear_fc1, linear_fc2; // text_projection
    readonly Matrix codec_embedding; // E0 [vocabulary, hidden]
    readonly Matrix[] _others; // E1 … E15 [codebook, hidden], owned by the code predictor
    readonly Workers _workers;
    readonly float[] _text, _inner, _projected; // [LargestPiece, …]
    readonly float[] _last; // [hidden], projection of _lastId; most frames have the same text token, tts_pad
    int _lastId = -1;
    bool _lastIsProjected;

    public TalkerInput(Weights weights, TalkerConfig config, Matrix[] others, Workers workers)
    {
        var (text, hidden) = (config.TextHiddenSize, config.HiddenSize);
        text_embedding = weights.RowsInFile(TensorNames.TextEmbedding, config.TextVocabSize, text);
        linear_fc1 = Linear.Load(weights, TensorNames.TextProjection1, text, text, bias: true);
        linear_fc2 = Linear.Load(weights, TensorNames.TextProjection2, hidden, text, bias: true);
        codec_embedding = weights.Matrix(TensorNames.CodecEmbedding, config.VocabSize, hidden);
        (_others, _workers, _last) = (others, workers, weights.Room(hidden));
        (_text, _inner, _projected) = (weights.Room((long)LargestPiece * text), weights.Room((long)LargestPiece * text),
            weights.Room((long)LargestPiece * hidden));
    }

    int Hidden => codec_embedding.Columns;

    /// <summary>
    /// False only to feed a model as a faulty trainer did: text without its projection. Possible if text and talker have the same width.
    /// </summary>
    /// <exception cref="ArgumentException">The widths differ.</exception>
    public bool ProjectsText
    {
        get;
        set
        {
            CheckCanEnter(value);
            field = value;
        }
    } = true;

    void CheckCanEnter(bool projected)
    {
        if (!projected && !CanSkipProjection)
            throw new ArgumentException($"Text of width {text_embedding.Columns} cannot enter a talker of width {Hidden} without its "
                + "projection, and so no such model was ever trained. Leave the projection on.");
    }

    public bool CanSkipProjection => text_embedding.Columns == Hidden;

    /// <summary>E0, with which the code predictor embeds the frame's first code.</summary>
    public Matrix Codes => codec_embedding;

    /// <summary>
    /// Writes the vectors of the positions from <paramref name="from"/> on [positions, hidden] into <paramref name="rows"/>.
    /// </summary>
    /// <param name="positions">The sequence.</param>
    /// <param name="from">The first position whose vector is written.</param>
    /// <param name="rows">Receives the vectors.</param>
    /// <param name="projectsText">Whether text is projected in these rows; null takes <see cref="ProjectsText"/>.</param>
    /// <exception cref="ArgumentException">An id, a code or the length of a voice does not fit this model.</exception>
    public void Write(IReadOnlyList<Position> positions, int from, Span<float> rows, bool? projectsText = null)
    {
        var projected = projectsText ?? ProjectsText;
        CheckCanEnter(projected);
        for (; from < positions.Count; from += LargestPiece)
        {
            var count = Math.Min(LargestPiece, positions.Count - from);
            for (var i = 0; i < count; i++)
                WriteCodec(positions[from + i].Codec, rows.Slice(i * Hidden, Hidden));
            AddText(positions, from, count, rows, projected);
            rows = rows[(count * Hidden)..];
        }
    }

    void WriteCodec(CodecStep? step, Span<float> row)
    {
        row.Clear();
        switch (step)
        {
            case CodecStep.Token(var id):
                codec_embedding.CopyRow(Checked(id, codec_embedding.Rows, "codec id"), row);
                break;
            case CodecStep.Voice(var vector):
                if (vector.Length != Hidden)
                    throw new ArgumentException(
                        $"The voice has {vector.Length} numbers, this model's voices have {Hidden}. Make it again with the speaker " +
                        $"encoder of this model.");
                vector.CopyTo(row);
                break;
            case CodecStep.Frame(var codes):
                codec_embedding.CopyRow(Checked(codes[0], _others[0].Rows, "code"), row);
                for (var i = 1; i < codes.Length; i++)
                    _others[i - 1].AddRow(Checked(codes[i], _others[i - 1].Rows, "code"), row);
                break;
        }
    }

    void AddText(IReadOnlyList<Position> positions, int from, int count, Span<float> rows, bool projects)
    {
        if (count == 1 && positions[from].Text == _lastId && projects == _lastIsProjected)
        {
            Activations.AddScaled(rows[..Hidden], _last, 1);
            return;
        }
        var written = 0;
        for (var i = 0; i < count; i++)
            if (positions[from + i].Text is { } id)
                text_embedding.CopyRow(Checked(id, text_embedding.Rows, "text id"),
                    _text.AsSpan(written++ * text_embedding.Columns, text_embedding.Columns));
        Project(written, projects);
        written = 0;
        for (var i = 0; i < count; i++)
            if (positions[from + i].Text is { } id)
            {
                var projected = _projected.AsSpan(written++ * Hidden, Hidden);
                Activations.AddScaled(rows.Slice(i * Hidden, Hidden), projected, 1);
                projected.CopyTo(_last);
                (_lastId, _lastIsProjected) = (id, projects);
            }
    }

    /// <summary>Projects the first rows of _text into those of _projected.</summary>
    void Project(int count, bool projects)
    {
        if (!projects)
        {
            _text.AsSpan(0, count * Hidden).CopyTo(_projected);
            return;
        }
        linear_fc1.Apply(_text, _inner, count, _workers);
        Activations.Silu(_inner.AsSpan(0, count * linear_fc1.Output));
        linear_fc2.Apply(_inner, _projected, count, _workers);
    }

    /// <summary>Closes the file of an embedding table that stays in its file.</summary>
    public void Dispose() => (text_embedding as IDisposable)?.Dispose();

    static int Checked(int id, int below, string what) =>
        (uint)id < (uint)below ? id : throw new ArgumentException(
            $"The {what} {id} does not exist in this model, whose ids are below {below}. Data and model must belong together.");
}
