using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests.Kernels;

[Collection("kernels")]
public sealed class ActivationTests
{
    delegate void InPlace(Span<float> x);

    static float[] Map(InPlace function, float[] x) => KernelTest.OnEveryTier(() =>
    {
        var y = x.ToArray();
        function(y);
        return y;
    });

    // Dense near 0, and wide; an odd length, so that the tail is a partial vector.
    static readonly float[] Inputs = [.. KernelTest.Numbers(new Random(1), 5000, 1), .. KernelTest.Numbers(new Random(2), 15001, 12),
        .. KernelTest.Numbers(new Random(3), 2000, 80), 0, 1e-8f, -1e-8f, 1, -1];

    static void Check(InPlace function, Func<double, double> exact, double absolute, double relative, string what) =>
        KernelTest.Near(Inputs.Select(v => exact(v)).ToArray(), Map(function, Inputs), absolute, relative, what);

    [Fact]
    public void SigmoidAndSilu()
    {
        Check(Activations.Sigmoid, x => 1 / (1 + Math.Exp(-x)), 1e-38, 3e-7, "sigmoid");
        Check(Activations.Silu, x => x / (1 + Math.Exp(-x)), 1e-36, 3e-7, "silu");
    }

    [Fact]
    public void ExactGelu() => Check(x => Activations.Gelu(x), x => x * (1 + Plain.Erf(x / Math.Sqrt(2))) / 2, 1e-7, 2.5e-7, "gelu");

    [Fact]
    public void TanhAndElu()
    {
        Check(Activations.Tanh, Math.Tanh, 0, 3e-7, "tanh");
        Check(x => Activations.Elu(x), x =>
            x > 0 ? x : Math.Abs(x) < 1e-4 ? x + x * x / 2 + x * x * x / 6 : Math.Exp(x) - 1, 1e-12, 2e-7, "elu");
    }

    [Fact]
    public void Relu() => KernelTest.Same(Inputs.Select(v => Math.Max(v, 0)).ToArray(), Map(Activations.Relu, Inputs), "relu");

    [Fact]
    public void TheEndsOfTheRange()
    {
        float[] ends = [float.NegativeInfinity, -1e30f, -200, 200, 1e30f, float.PositiveInfinity, float.NaN];
        KernelTest.Same([0, 0, 0, 1, 1, 1, float.NaN], Map(Activations.Sigmoid, ends), "sigmoid");
        KernelTest.Same([-1, -1, -1, 1, 1, 1, float.NaN], Map(Activations.Tanh, ends), "tanh");
        KernelTest.Same([-1, -1, -1, 200, 1e30f, float.PositiveInfinity, float.NaN], Map(x => Activations.Elu(x), ends), "elu");
        KernelTest.Same([0, 0, 200, 1e30f], Map(Activations.Silu, [-1e30f, -200, 200, 1e30f]), "silu");
        KernelTest.Same([0, 0, 200, 1e30f], Map(x => Activations.Gelu(x), [-1e15f, -200, 200, 1e30f]), "gelu");
    }

    [Fact]
    public void AParallelMapIsTheSame()
    {
        var x = KernelTest.Numbers(new Random(4), 100_001, 5);
        var alone = x.ToArray();
        Activations.Gelu(alone);
        Activations.Gelu(x, KernelTest.Teams[2]);
        Assert.Equal(alone, x);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(37)]
    [InlineData(3000)]
    public void SiluMultiplyAndSoftmax(int length)
    {
        var random = new Random(length);
        var (gate, up) = (KernelTest.Numbers(random, length, 6), KernelTest.Numbers(random, length, 3));
        KernelTest.Near(gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u).ToArray(), Map(x => Activations.SiluMultiply(x, up), gate),
            1e-12, 4e-7, "silu multiply");
        var sum = gate.Sum(g => Math.Exp(g));
        KernelTest.Near(gate.Select(g => Math.Exp(g) / sum).ToArray(), Map(Activations.Softmax, gate), 0, 1e-6, "softmax");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 48)]
    [InlineData(3, 21)]
    [InlineData(0, 16)]
    [InlineData(900, 96)]
    public void SnakeBeta(int rows, int channels)
    {
        var random = new Random(rows);
        var (x, alpha, inverse) = (KernelTest.Numbers(random, rows * channels, 50), KernelTest.Numbers(random, channels, 200),
            KernelTest.Numbers(random, channels));
        float[] Run()
        {
            var y = new float[rows * channels];
            Activations.SnakeBeta(x, alpha, inverse, y, rows, channels, KernelTest.Teams[1]);
            return y;
        }
        var expected = new double[rows * channels]; // of the rounded argument, as in float32 arithmetic everywhere
        for (var i = 0; i < expected.Length; i++)
            expected[i] = x[i] + inverse[i % channels] * Math.Pow(Math.Sin(alpha[i % channels] * x[i]), 2);
        KernelTest.Near(expected, KernelTest.OnEveryTier(Run), 3e-7, 1.2e-7, "snake");
        var inPlace = x.ToArray();
        Activations.SnakeBeta(inPlace, alpha, inverse, inPlace, rows, channels);
        KernelTest.Same(Run(), inPlace, "in place");
        Assert.Equal(0, KernelTest.Allocated(
            () => Activations.SnakeBeta(inPlace, alpha, inverse, inPlace, rows, channels, KernelTest.Teams[1])));
    }

    [Fact]
    public void TheSineOfSnakeIsGoodTo3e7()
    {
        var x = new float[400_000];
        for (var i = 0; i < x.Length; i++)
            x[i] = i < 200_000 ? (i - 100_000) * 1e-4f : (i - 300_000) * 0.1f;
        var y = new float[x.Length];
        float[] one = [1];
        Activations.SnakeBeta(x, one, one, y, x.Length, 1);
        double worst = 0;
        for (var i = 0; i < 200_000; i++) // small arguments show the error of the sine itself
            worst = Math.Max(worst, Math.Abs(y[i] - (x[i] + Math.Pow(Math.Sin(x[i]), 2))) - Math.Abs(y[i]) * 6e-8);
        for (var i = 200_000; i < x.Length; i++)
            worst = Math.Max(worst, Math.Abs(y[i] - (x[i] + Math.Pow(Math.Sin(x[i]), 2))) - Math.Abs(x[i]) * 6.1e-8);
        Assert.True(worst < 3e-7, $"Worst error {worst:g3}.");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 33)]
    [InlineData(0, 7)]
    public void AddScaled(int rows, int channels)
    {
        var random = new Random(rows + channels);
        var (x, y, scale) = (KernelTest.Numbers(random, rows * channels), KernelTest.Numbers(random, rows * channels),
            KernelTest.Numbers(random, channels));
        var (byChannel, by) = (y.ToArray(), y.ToArray());
        Activations.AddScaled(byChannel, x, scale);
        Activations.AddScaled(by, x, 0.5f);
        for (var i = 0; i < y.Length; i++)
        {
            Assert.Equal(y[i] + x[i] * scale[i % channels], byChannel[i], 1e-6f);
            Assert.Equal(y[i] + x[i] * 0.5f, by[i], 1e-6f);
        }
    }
}
