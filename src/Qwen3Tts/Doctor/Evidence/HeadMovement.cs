// What moved in the output heads, compared with what each hypothesis would have moved there. The gradient of a head needs no backward pass
// through the network: a target adds e xᵀ to it, where x is the state that the head reads and e = softmax(scores) - one-hot(code). So a
// forward pass of the base tells in which direction a training under any hypothesis moves the head first. A checkpoint that was trained so
// has moved in that direction, even if its losses are still those of its base.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>A head's new weights less its old ones.</summary>
sealed class HeadChange
{
    readonly Matrix _change; // [codes, hidden]
    readonly double _norm;

    HeadChange(int rows, int columns, float[] change) =>
        (_change, _norm) = (Matrix.Create(rows, columns, change), Math.Sqrt(change.Sum(v => (double)v * v)));

    /// <summary>Null where nothing moved, or the two have not the same head.</summary>
    public static HeadChange? Compare(Weights now, Weights before, string name)
    {
        if (!now.Contains(name) || !before.Contains(name)
            || !now.FileOf(name).Entry(name).Shape.SequenceEqual(before.FileOf(name).Entry(name).Shape))
            return null;
        var shape = now.FileOf(name).Entry(name).Shape;
        return Compare(shape[0], shape[1], now.FileOf(name).Float32(name), before.FileOf(name).Float32(name));
    }

    /// <summary>Of weights [rows, columns].</summary>
    public static HeadChange? Compare(int rows, int columns, float[] now, float[] before)
    {
        var change = new float[now.Length];
        for (var i = 0; i < change.Length; i++)
            change[i] = now[i] - before[i];
        return change.All(v => v == 0) ? null : new(rows, columns, change);
    }

    /// <summary>One row of it; null where that did not move.</summary>
    public HeadChange? Row(int row)
    {
        var values = new float[_change.Columns];
        _change.CopyRow(row, values);
        return values.All(v => v == 0) ? null : new(1, values.Length, values);
    }

    /// <summary>Of two ways [hidden] for its first row: how many of the elements that moved, where the two differ in sign, went the second
    /// way rather than the first. Signs, because optimisers move all elements about equally far.</summary>
    /// <returns>Second less first, and both.</returns>
    public (int More, int Of) Votes(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        var row = new float[_change.Columns];
        _change.CopyRow(0, row);
        var (more, of) = (0, 0);
        for (var i = 0; i < row.Length; i++)
            if (row[i] != 0 && Math.Sign(first[i]) != Math.Sign(second[i]))
                (more, of) = (more + (Math.Sign(row[i]) == Math.Sign(second[i]) ? 1 : -1), of + 1);
        return (more, of);
    }

    /// <summary>
    /// The cosine between the change and the way down the gradient of these targets: 1 is one step of plain descent, 0 chance.
    /// </summary>
    /// <param name="states">What the head reads at each target, [targets, hidden].</param>
    /// <param name="errors">softmax(scores) - one-hot(code), [targets, codes].</param>
    public double Fit(float[] states, float[] errors)
    {
        var targets = states.Length / _change.Columns;
        if (targets == 0)
            return 0;
        var workers = Workers.Shared;
        var moved = new float[targets * _change.Rows];
        MatrixProduct.Multiply(_change, states, moved, targets, workers);
        double along = 0, squares = 0; // of the gradient G: <change, G>, and |G|² = sum over pairs of targets of (e·e')(x·x')
        for (var i = 0; i < moved.Length; i++)
            along += (double)moved[i] * errors[i];
        var (ee, xx) = (new float[targets * targets], new float[targets * targets]);
        MatrixProduct.Multiply(Matrix.Create(targets, _change.Rows, errors), errors, ee, targets, workers);
        MatrixProduct.Multiply(Matrix.Create(targets, _change.Columns, states), states, xx, targets, workers);
        for (var i = 0; i < ee.Length; i++)
            squares += (double)ee[i] * xx[i];
        return squares <= 0 ? 0 : -along / (_norm * Math.Sqrt(squares));
    }
}

/// <summary>All heads of a checkpoint.</summary>
/// <param name="Talker">Of codec_head.</param>
/// <param name="End">Of its row for the end of speech, which moves towards the ends if they are taught, and away from where the base
/// expects them if not.</param>
/// <param name="Predictor">Of the code predictor's heads, in order.</param>
sealed record HeadMovement(HeadChange? Talker, HeadChange? End, IReadOnlyList<HeadChange?> Predictor)
{
    public static HeadMovement Compare(Weights now, Weights before, TalkerConfig talker)
    {
        var head = HeadChange.Compare(now, before, TensorNames.CodecHead);
        return new(head, head?.Row(talker.CodecEosTokenId),
            [.. Enumerable.Range(0, talker.NumCodeGroups - 1)
            .Select(i => HeadChange.Compare(now, before, TensorNames.PredictorHead(i)))]);
    }
}
