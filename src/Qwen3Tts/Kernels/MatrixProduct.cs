namespace Qwen3Tts.Kernels;

/// <summary>The linear layer.</summary>
static class MatrixProduct
{
    /// <summary>y[t, r] = (add ? y[t, r] : 0) + bias[r] + sum over c of w[r, c] * x[t, c], with x [count, Columns] and y [count, Rows].</summary>
    public static void Multiply(Matrix w, ReadOnlySpan<float> x, Span<float> y, int count, Workers workers, ReadOnlySpan<float> bias = default, bool add = false)
    {
        var row = new float[w.Columns];
        for (var r = 0; r < w.Rows; r++)
        {
            w.CopyRow(r, row);
            for (var t = 0; t < count; t++)
            {
                var sum = 0f;
                for (var c = 0; c < row.Length; c++)
                    sum = MathF.FusedMultiplyAdd(row[c], x[t * w.Columns + c], sum);
                if (!bias.IsEmpty)
                    sum += bias[r];
                y[t * w.Rows + r] = add ? y[t * w.Rows + r] + sum : sum;
            }
        }
    }
}
