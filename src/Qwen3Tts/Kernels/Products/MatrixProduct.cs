namespace Qwen3Tts.Kernels;

/// <summary>The linear layer: a matrix of any precision times tokens.</summary>
static unsafe class MatrixProduct
{
    /// <summary>
    /// y[t, r] = (add ? y[t, r] : 0) + (bias[r] + sum over c of w[r, c] * x[t, c]). in: w, x [count, Columns], bias [Rows] or empty · out:
    /// y [count, Rows] · overwrites: y.
    /// </summary>
    /// <exception cref="ArgumentException">A length is not what matrix and count ask for.</exception>
    public static void Multiply(Matrix w, ReadOnlySpan<float> x, Span<float> y, int count, Workers workers,
        ReadOnlySpan<float> bias = default, bool add = false) =>
        Multiply(w, x, w.Columns, y, count, workers, bias, add);

    /// <summary>The same for rows of x that begin <paramref name="xStride"/> apart, and may overlap.</summary>
    internal static void Multiply(Matrix w, ReadOnlySpan<float> x, int xStride, Span<float> y, int count, Workers workers,
        ReadOnlySpan<float> bias, bool add)
    {
        if (count == 0)
            return;
        Check(x.Length >= (count - 1L) * xStride + w.Columns, nameof(x));
        Check(y.Length >= (long)count * w.Rows, nameof(y));
        Check(bias.IsEmpty || bias.Length == w.Rows, nameof(bias));
        workers.Count((long)w.Rows * w.Columns * count, w.Bytes);
        fixed (float* from = x, to = y, biases = bias)
            w.Multiply(new()
            {
                X = from,
                XStride = xStride,
                Y = to,
                Bias = biases,
                Add = add,
                Rows = w.Rows,
                Columns = w.Columns,
                Count = count,
            }, workers);
    }

    static void Check(bool enough, string name)
    {
        if (!enough)
            throw new ArgumentException($"'{name}' has not the length that matrix and count ask for.", name);
    }
}
