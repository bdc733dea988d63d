// Compares the change of the output heads with the change that each hypothesis would cause. The gradient of a head needs no backward pass
// through the network: each target adds e xᵀ to it, where x is the hidden state that the head reads and e = softmax(scores) -
// one-hot(code). So a forward pass of the base gives the direction in which a training under any hypothesis first changes the head. The
// heads of a checkpoint that was trained under this hypothesis have changed in this direction, even if its losses are still those of the
// base.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>The change of a head: its weights in the checkpoint minus its weights in the base.</summary>
sealed class HeadChange
{
    readonly Matrix _change; // [codes, hidden]
    readonly double _norm;

    HeadChange(int rows, int columns, float[] change) =>
        (_change, _norm) = (Matrix.Create(rows, columns, change), Math.Sqrt(change.Sum(v => (double)v * v)));

    /// <summary>The change of a head; null if it did not change, or if the two checkpoints do not both have this head in one
    /// shape.</summary>
    public static HeadChange? Compare(Weights now, Weights before, string name)
    {
        if (!now.Contains(name) || !before.Contains(name)
            || !now.FileOf(name).Entry(name).Shape.SequenceEqual(before.FileOf(name).Entry(name).Shape))
            return null;
        var shape = now.FileOf(name).Entry(name).Shape;
        return Compare(shape[0], shape[1], now.FileOf(name).Float32(name), before.FileOf(name).Float32(name));
    }

    /// <summary>The change of weights [rows, columns]; null if they did not change.</summary>
    public static HeadChange? Compare(int rows, int columns, float[] now, float[] before)
    {
        var change = new float[now.Length];
        for (var i = 0; i < change.Length; i++)
            change[i] = now[i] - before[i];
        return change.All(v => v == 0) ? null : new(rows, columns, change);
    }

    /// <summary>The change of one row; null if that row did not change.</summary>
    public HeadChange? Row(int row)
    {
        var values = new float[_change.Columns];
        _change.CopyRow(row, values);
        return values.All(v => v == 0) ? null : new(1, values.Length, values);
    }

    /// <summary>The change as it would be if the elements that changed had gone one step along a direction instead; for a single
    /// row.</summary>
    public HeadChange Along(ReadOnlySpan<double> direction)
    {
        var step = new float[_change.Columns];
        _change.CopyRow(0, step);
        for (var i = 0; i < step.Length; i++)
            step[i] = step[i] == 0 ? 0 : Math.Sign(direction[i]);
        return new(1, step.Length, step);
    }

    /// <summary>Compares the change of the first row with two directions [hidden]. Only elements count that changed and for which the two
    /// directions differ in sign. Each of them votes for the direction whose sign its change has. Signs are compared, not sizes, because
    /// optimisers move all elements about equally far.</summary>
    /// <returns>The votes for the second direction minus the votes for the first, and the number of all votes.</returns>
    public (int Lead, int Count) CountVotes(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        var row = new float[_change.Columns];
        _change.CopyRow(0, row);
        var (lead, count) = (0, 0);
        for (var i = 0; i < row.Length; i++)
            if (row[i] != 0 && Math.Sign(first[i]) != Math.Sign(second[i]))
                (lead, count) = (lead + (Math.Sign(row[i]) == Math.Sign(second[i]) ? 1 : -1), count + 1);
        return (lead, count);
    }

    /// <summary>The cosine between the change and the descent direction (the negative gradient) of these targets: 1 is one step of plain
    /// gradient descent, 0 is chance.</summary>
    /// <param name="states">The hidden state that the head reads at each target, [targets, hidden].</param>
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

/// <summary>The changes of all heads of a checkpoint.</summary>
/// <param name="Talker">The change of codec_head.</param>
/// <param name="End">The change of codec_head's row for the end of speech. If ends are taught, the row moves towards the hidden states at
/// the ends; if not, it only moves away from the hidden states at which the base expects an end.</param>
/// <param name="Predictor">The changes of the code predictor's heads, in order.</param>
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
