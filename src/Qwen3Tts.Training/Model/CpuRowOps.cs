// The row operations on the CPU, for float32 and BF16. A row is converted to float32 in the processor's cache, all operations are done
// there, and it is rounded once when it is stored; libtorch would read and write memory for every operation. The forward pass uses the
// kernels of the inference engine. Only the inputs are saved for backward: all other values are computed again, together with their
// derivatives. Blocks have a fixed size, and their sums are added in a fixed order, so the result does not depend on the number of threads.
using Qwen3Tts.Kernels;
using Qwen3Tts.Training.Memory;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Qwen3Tts.Training.Model;

sealed class CpuRowOps : IRowOps
{
    const int Block = 1 << 15; // elements that one thread takes at a time
    const int Chunk = 1 << 12; // elements that it holds in its cache at a time

    public static CpuRowOps Instance { get; } = new();

    public Tensor Normalize(Tensor x, RmsNorm norm) // [.., width]
    {
        var (y, width, epsilon) = (empty_like(x), (int)x.shape[^1], norm.EpsilonValue);
        var (from, to, weight) = (new TensorMemory(x), new TensorMemory(y), new TensorMemory(norm.Weight).ToArray(width));
        ForRows(x.numel() / width, width, (first, count) =>
        {
            var row = new float[width];
            for (long r = first; r < first + count; r++)
            {
                from.Load(r * width, row);
                Norms.RmsNorm(row, weight, epsilon, row, 1, width);
                to.Store(r * width, row);
            }
        });
        return y;
    }

    public void NormalizeBackward(Tensor x, RmsNorm norm, Tensor gradient, Tensor sum)
    {
        var (width, epsilon) = ((int)x.shape[^1], norm.EpsilonValue);
        var (from, g, s, weight) = (new TensorMemory(x), new TensorMemory(gradient), new TensorMemory(sum),
            new TensorMemory(norm.Weight).ToArray(width));
        norm.AddWeightGradient(SumOverRows(x.numel() / width, width, width, (first, count, weightGradient) =>
        {
            float[] row = new float[width], back = new float[width], above = new float[width];
            for (long r = first; r < first + count; r++)
            {
                from.Load(r * width, row);
                g.Load(r * width, back);
                s.Load(r * width, above);
                RowBackward(row, weight, epsilon, back, weightGradient);
                TensorPrimitives.Add(above, back, above);
                g.Store(r * width, row);
                s.Store(r * width, above);
            }
        }));
    }

    public Tensor NormalizeAndRotate(Tensor x, RmsNorm norm, Rotary rotary, int heads) // [B, T, heads * width] -> [B, heads, T, width]
    {
        var epsilon = norm.EpsilonValue;
        var (batch, positions, width) = (x.shape[0], x.shape[1], (int)x.shape[2] / heads);
        var y = empty([batch, heads, positions, width], dtype: x.dtype);
        var (from, to, weight) = (new TensorMemory(x), new TensorMemory(y), new TensorMemory(norm.Weight).ToArray(width));
        ForRows(batch * positions, heads * width, (first, count) =>
        {
            var row = new float[heads * width];
            for (long r = first; r < first + count; r++)
            {
                var (b, t) = Math.DivRem(r, positions);
                from.Load(r * row.Length, row);
                Norms.RmsNorm(row, weight, epsilon, row, heads, width);
                Kernels.Rotary.Apply(row, rotary.Cosines, rotary.Sines, 1, (int)t, heads, width);
                for (var h = 0; h < heads; h++)
                    to.Store(((b * heads + h) * positions + t) * width, row.AsSpan(h * width, width));
            }
        });
        return y;
    }

    public Tensor NormalizeAndRotateBackward(Tensor x, RmsNorm norm, Rotary rotary, int heads, Tensor gradient)
    {
        var (positions, width, epsilon) = (x.shape[1], (int)x.shape[2] / heads, norm.EpsilonValue);
        var result = empty_like(x);
        var (from, g, to) = (new TensorMemory(x), new TensorMemory(gradient.contiguous()), new TensorMemory(result));
        var weight = new TensorMemory(norm.Weight).ToArray(width);
        norm.AddWeightGradient(SumOverRows(x.shape[0] * positions, heads * width, width, (first, count, weightGradient) =>
        {
            float[] row = new float[heads * width], back = new float[heads * width];
            for (long r = first; r < first + count; r++)
            {
                var (b, t) = Math.DivRem(r, positions);
                from.Load(r * row.Length, row);
                for (var h = 0; h < heads; h++)
                    g.Load(((b * heads + h) * positions + t) * width, back.AsSpan(h * width, width));
                Kernels.Rotary.Apply(back, rotary.Cosines, rotary.NegativeSines, 1, (int)t, heads, width);
                for (var h = 0; h < heads; h++)
                    RowBackward(row.AsSpan(h * width, width), weight, epsilon, back.AsSpan(h * width, width), weightGradient);
                to.Store(r * row.Length, back);
            }
        }));
        return result;
    }

    public Tensor Gate(Tensor gate, Tensor up)
    {
        var result = empty_like(gate);
        var (a, b, to) = (new TensorMemory(gate), new TensorMemory(up), new TensorMemory(result));
        ForChunks(gate.numel(), (at, length, buffers) =>
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

    public void GateBackward(Tensor gate, Tensor up, Tensor product)
    {
        var (a, b, p) = (new TensorMemory(gate), new TensorMemory(up), new TensorMemory(product));
        ForChunks(gate.numel(), (at, length, buffers) =>
        {
            Span<float> g = buffers[0].AsSpan(0, length), u = buffers[1].AsSpan(0, length), s = buffers[2].AsSpan(0, length);
            Span<float> d = buffers[3].AsSpan(0, length), slope = buffers[4].AsSpan(0, length);
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

    /// <summary>
    /// Backward of RMSNorm for one row. in: x, gradient · out: result, gradient of x · overwrites: x (by the result of the norm), gradient
    /// (by the gradient of x); adds to weightGradient.
    /// </summary>
    static void RowBackward(Span<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> gradient, Span<float> weightGradient)
    {
        var scale = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(x) / x.Length + epsilon);
        TensorPrimitives.Multiply(x, scale, x);
        TensorPrimitives.MultiplyAdd(gradient, x, weightGradient, weightGradient);
        TensorPrimitives.Multiply(gradient, weight, gradient);
        var along = TensorPrimitives.Dot<float>(gradient, x) / x.Length; // component of the gradient along x, which the norm removes
        TensorPrimitives.MultiplyAdd(x, -along, gradient, gradient);
        TensorPrimitives.Multiply(gradient, scale, gradient);
        TensorPrimitives.Multiply(x, weight, x);
    }

    static void ForRows(long rows, int width, Action<int, int> body) => TensorMemory.ForBlocks(rows, Math.Max(1, Block / width), body);

    /// <summary>Runs the body on blocks of rows, each with its own array, and adds these arrays in the order of the blocks.</summary>
    static float[] SumOverRows(long rows, int width, int sumWidth, Action<int, int, float[]> body)
    {
        var block = Math.Max(1, Block / width);
        var sums = new float[(rows + block - 1) / block][];
        TensorMemory.ForBlocks(rows, block, (first, count) => body(first, count, sums[first / block] = new float[sumWidth]));
        foreach (var other in sums.AsSpan(1))
            TensorPrimitives.Add(sums[0], other, sums[0]);
        return sums[0];
    }

    static void ForChunks(long all, Action<int, int, float[][]> body) => TensorMemory.ForBlocks(all, Block, (first, count) =>
    {
        float[][] buffers = [new float[Chunk], new float[Chunk], new float[Chunk], new float[Chunk], new float[Chunk]];
        for (var at = first; at < first + count; at += Chunk)
            body(at, Math.Min(Chunk, first + count - at), buffers);
    });
}
