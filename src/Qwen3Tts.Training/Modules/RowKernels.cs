// What a layer does between its matrix products, on the CPU: a row is widened to float32 into the cache, computed there to the end, and
// rounded once on its way back, where libtorch passes memory once for every operation. The way there is computed by the kernels that
// speak. Nothing is kept for the way back but what went in: the rest is computed again beside its derivative, in the same pass.
// Blocks have a fixed size and their sums are added in order, so no bit depends on how many threads there are.
using Qwen3Tts.Kernels;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Qwen3Tts.Training.Modules;

static class RowKernels
{
    const int Block = 1 << 15, Chunk = 1 << 12; // numbers of a thread's turn; of what it has in its cache at a time

    /// <summary>RMSNorm of each row.</summary>
    public static Tensor Norm(Tensor x, Tensor weight, float epsilon) // [.., width]
    {
        var (y, width) = (empty_like(x), (int)x.shape[^1]);
        var (from, to, gain) = (new TensorMemory(x), new TensorMemory(y), new TensorMemory(weight).ToArray(width));
        InRows(x.numel() / width, width, (first, count) =>
        {
            var row = new float[width];
            for (long r = first; r < first + count; r++)
            {
                from.Load(r * width, row);
                Norms.RmsNorm(row, gain, epsilon, row, 1, width);
                to.Store(r * width, row);
            }
        });
        return y;
    }

    /// <summary>The way back through <see cref="Norm"/>; gives the gradient of the weight [width], float32.</summary>
    /// <param name="x">What was normalised.</param>
    /// <param name="weight">[width].</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="gradient">Of the norm's result; becomes that result, which the matrices behind it need.</param>
    /// <param name="sum">Gets the gradient of x added.</param>
    public static float[] NormBack(Tensor x, Tensor weight, float epsilon, Tensor gradient, Tensor sum)
    {
        var width = (int)x.shape[^1];
        var (from, g, s, gain) = (new TensorMemory(x), new TensorMemory(gradient), new TensorMemory(sum), new TensorMemory(weight).ToArray(width));
        return InRows(x.numel() / width, width, width, (first, count, gainGradient) =>
        {
            float[] row = new float[width], back = new float[width], above = new float[width];
            for (long r = first; r < first + count; r++)
            {
                from.Load(r * width, row);
                g.Load(r * width, back);
                s.Load(r * width, above);
                NormBack(row, gain, epsilon, back, gainGradient);
                TensorPrimitives.Add(above, back, above);
                g.Store(r * width, row);
                s.Store(r * width, above);
            }
        });
    }

    /// <summary>RMSNorm of each head, turned to its position, heads before positions as attention wants them.</summary>
    public static Tensor Turned(Tensor x, Tensor weight, float epsilon, Rotary rotary, int heads) // [B, T, heads * width] -> [B, heads, T, width]
    {
        var (batch, positions, width) = (x.shape[0], x.shape[1], (int)x.shape[2] / heads);
        var y = empty([batch, heads, positions, width], dtype: x.dtype);
        var (from, to, gain) = (new TensorMemory(x), new TensorMemory(y), new TensorMemory(weight).ToArray(width));
        InRows(batch * positions, heads * width, (first, count) =>
        {
            var row = new float[heads * width];
            for (long r = first; r < first + count; r++)
            {
                var (b, t) = Math.DivRem(r, positions);
                from.Load(r * row.Length, row);
                Norms.RmsNorm(row, gain, epsilon, row, heads, width);
                Kernels.Rotary.Apply(row, rotary.Cosines, rotary.Sines, 1, (int)t, heads, width);
                for (var h = 0; h < heads; h++)
                    to.Store(((b * heads + h) * positions + t) * width, row.AsSpan(h * width, width));
            }
        });
        return y;
    }

    /// <summary>The way back through <see cref="Turned"/>: the gradients of x and of the weight [width], float32.</summary>
    public static (Tensor X, float[] Weight) TurnedBack(Tensor x, Tensor weight, float epsilon, Rotary rotary, int heads, Tensor gradient) // [B, T, heads * width], [B, heads, T, width]
    {
        var (positions, width) = (x.shape[1], (int)x.shape[2] / heads);
        var result = empty_like(x);
        var (from, g, to, gain) = (new TensorMemory(x), new TensorMemory(gradient), new TensorMemory(result), new TensorMemory(weight).ToArray(width));
        return (result, InRows(x.shape[0] * positions, heads * width, width, (first, count, gainGradient) =>
        {
            float[] row = new float[heads * width], back = new float[heads * width];
            for (long r = first; r < first + count; r++)
            {
                var (b, t) = Math.DivRem(r, positions);
                from.Load(r * row.Length, row);
                for (var h = 0; h < heads; h++)
                    g.Load(((b * heads + h) * positions + t) * width, back.AsSpan(h * width, width));
                Kernels.Rotary.Apply(back, rotary.Cosines, rotary.SinesBack, 1, (int)t, heads, width);
                for (var h = 0; h < heads; h++)
                    NormBack(row.AsSpan(h * width, width), gain, epsilon, back.AsSpan(h * width, width), gainGradient);
                to.Store(r * row.Length, back);
            }
        }));
    }

    /// <summary>silu(gate) * up.</summary>
    public static Tensor Gated(Tensor gate, Tensor up)
    {
        var result = empty_like(gate);
        var (a, b, to) = (new TensorMemory(gate), new TensorMemory(up), new TensorMemory(result));
        InChunks(gate.numel(), (at, length, buffers) =>
        {
            Span<float> g = buffers[0].AsSpan(0, length), u = buffers[1].AsSpan(0, length), s = buffers[2].AsSpan(0, length);
            a.Load(at, g);
            b.Load(at, u);
            TensorPrimitives.Sigmoid(g, s);
            TensorPrimitives.Multiply(g, s, g);
            TensorPrimitives.Multiply(g, u, g);
            to.Store(at, g);
        });
        return result;
    }

    /// <summary>The way back through <see cref="Gated"/>, in place: gate and up become their gradients, the gradient of the product becomes the product.</summary>
    public static void GatedBack(Tensor gate, Tensor up, Tensor product)
    {
        var (a, b, p) = (new TensorMemory(gate), new TensorMemory(up), new TensorMemory(product));
        InChunks(gate.numel(), (at, length, buffers) =>
        {
            Span<float> g = buffers[0].AsSpan(0, length), u = buffers[1].AsSpan(0, length), s = buffers[2].AsSpan(0, length), d = buffers[3].AsSpan(0, length), slope = buffers[4].AsSpan(0, length);
            a.Load(at, g);
            b.Load(at, u);
            p.Load(at, d);
            TensorPrimitives.Sigmoid(g, s);
            TensorPrimitives.Multiply(g, s, g); // silu
            TensorPrimitives.Subtract(1f, s, slope);
            TensorPrimitives.MultiplyAdd(slope, g, s, slope); // its slope: s + silu (1 - s)
            TensorPrimitives.Multiply(slope, u, slope);
            TensorPrimitives.Multiply(slope, d, slope);
            TensorPrimitives.Multiply(d, g, d);
            TensorPrimitives.Multiply(g, u, g);
            a.Store(at, slope);
            b.Store(at, d);
            p.Store(at, g);
        });
    }

    /// <summary>Of one row: x becomes the norm's result, its gradient that of x, and the gain's is added up.</summary>
    static void NormBack(Span<float> x, ReadOnlySpan<float> gain, float epsilon, Span<float> gradient, Span<float> gainGradient)
    {
        var scale = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(x) / x.Length + epsilon);
        TensorPrimitives.Multiply(x, scale, x);
        TensorPrimitives.MultiplyAdd(gradient, x, gainGradient, gainGradient);
        TensorPrimitives.Multiply(gradient, gain, gradient);
        var along = TensorPrimitives.Dot<float>(gradient, x) / x.Length; // what would change the length of x alone
        TensorPrimitives.MultiplyAdd(x, -along, gradient, gradient);
        TensorPrimitives.Multiply(gradient, scale, gradient);
        TensorPrimitives.Multiply(x, gain, x);
    }

    static void InRows(long rows, int width, Action<int, int> body) => TensorMemory.InBlocks(rows, Math.Max(1, Block / width), body);

    /// <summary>The same with a sum over all rows.</summary>
    static float[] InRows(long rows, int width, int sumWidth, Action<int, int, float[]> body)
    {
        var block = Math.Max(1, Block / width);
        var sums = new float[(rows + block - 1) / block][];
        TensorMemory.InBlocks(rows, block, (first, count) => body(first, count, sums[first / block] = new float[sumWidth]));
        foreach (var other in sums.AsSpan(1))
            TensorPrimitives.Add(sums[0], other, sums[0]);
        return sums[0];
    }

    static void InChunks(long all, Action<int, int, float[][]> body) => TensorMemory.InBlocks(all, Block, (first, count) =>
    {
        float[][] buffers = [new float[Chunk], new float[Chunk], new float[Chunk], new float[Chunk], new float[Chunk]];
        for (var at = first; at < first + count; at += Chunk)
            body(at, Math.Min(Chunk, first + count - at), buffers);
    });
}
