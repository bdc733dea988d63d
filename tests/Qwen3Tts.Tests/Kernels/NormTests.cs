using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests.Kernels;

[Collection("kernels")]
public sealed class NormTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 16)]
    [InlineData(2, 45)]
    [InlineData(0, 8)]
    [InlineData(4, 2048)]
    public void NormsEqualThePlainLoop(int rows, int width)
    {
        var random = new Random(width);
        var (x, weight, bias) = (KernelTest.Numbers(random, rows * width, 3), KernelTest.Numbers(random, width),
            KernelTest.Numbers(random, width));
        var (rms, layer) = (new double[rows * width], new double[rows * width]);
        for (var i = 0; i < rms.Length; i++)
        {
            var row = x.Skip(i / width * width).Take(width).Select(v => (double)v).ToArray();
            var (mean, square) = (row.Average(), row.Average(v => v * v));
            rms[i] = x[i] / Math.Sqrt(square + 1e-6) * weight[i % width];
            layer[i] = (x[i] - mean) / Math.Sqrt(row.Average(v => (v - mean) * (v - mean)) + 1e-5) * weight[i % width] + bias[i % width];
        }
        KernelTest.Near(rms, KernelTest.OnEveryTier(
            () => { var y = new float[x.Length]; Norms.RmsNorm(x, weight, 1e-6f, y, rows, width); return y; }), 1e-6, 1e-6, "rms");
        KernelTest.Near(layer, KernelTest.OnEveryTier(
            () => { var y = new float[x.Length]; Norms.LayerNorm(x, weight, bias, 1e-5f, y, rows, width); return y; }), 2e-6, 1e-6,
            "layer");
        var inPlace = x.ToArray();
        Norms.LayerNorm(inPlace, weight, bias, 1e-5f, inPlace, rows, width);
        KernelTest.Near(layer, inPlace, 2e-6, 1e-6, "in place");
        Assert.Equal(0, KernelTest.Allocated(() => Norms.RmsNorm(inPlace, weight, 1e-6f, inPlace, rows, width)));
    }

    [Theory]
    [InlineData(1, 0, 1, 2)]
    [InlineData(4, 3, 3, 20)]
    [InlineData(5, 9, 2, 128)]
    [InlineData(0, 9, 2, 64)]
    public void RotaryTurnsHalves(int count, int start, int heads, int dim)
    {
        var random = new Random(dim);
        var (x, cos, sin) = (KernelTest.Numbers(random, count * heads * dim), KernelTest.Numbers(random, (start + count) * dim / 2),
            KernelTest.Numbers(random, (start + count) * dim / 2));
        var expected = new float[x.Length];
        for (var i = 0; i < x.Length; i++)
        {
            var (t, d, half) = (i / (heads * dim), i % dim, dim / 2);
            var at = (start + t) * half + d % half;
            expected[i] = d < half ? x[i] * cos[at] - x[i + half] * sin[at] : x[i] * cos[at] + x[i - half] * sin[at];
        }
        KernelTest.Same(expected, KernelTest.OnEveryTier(
            () => { var y = x.ToArray(); Rotary.Apply(y, cos, sin, count, start, heads, dim); return y; }), "rotary");
    }
}
