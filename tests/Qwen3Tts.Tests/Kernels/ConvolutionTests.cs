using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests.Kernels;

[Collection("kernels")]
public sealed class ConvolutionTests
{
    // output, input, taps, stride, dilation, rows
    public static TheoryData<int, int, int, int, int, int> Shapes => new()
    {
        { 8, 1, 1, 1, 1, 1 }, { 16, 3, 7, 1, 1, 5 }, { 48, 16, 3, 1, 1, 8 }, { 48, 5, 3, 2, 1, 23 }, { 49, 7, 3, 1, 3, 30 },
            { 96, 96, 7, 1, 9, 41 },
        { 65, 100, 8, 4, 1, 19 }, { 100, 33, 2, 1, 1, 600 }, { 31, 12, 5, 3, 2, 17 }, { 160, 48, 1, 1, 1, 1 }, { 33, 200, 4, 2, 1, 0 },
            { 144, 80, 7, 1, 1, 11 },
        { 3, 9, 5, 1, 2, 7 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EqualsThePlainLoopBitForBit(int output, int input, int taps, int stride, int dilation, int rows)
    {
        var random = new Random(output * 31 + input * 17 + taps + rows);
        var (weight, bias) = (KernelTest.Numbers(random, output * input * taps), KernelTest.Numbers(random, output));
        foreach (var biases in new[] { null, bias })
        {
            var convolution = new Convolution(weight, biases, output, input, taps, stride, dilation);
            var x = KernelTest.Numbers(random, (Math.Max(0, rows - 1) * stride + convolution.Reach) * input);
            var expected = Plain.Convolution(weight, biases, x, output, input, taps, stride, dilation, rows);
            foreach (var team in KernelTest.Teams)
                KernelTest.Same(expected, KernelTest.OnEveryTier(() => Apply(convolution, x, rows, team)), $"{team.Threads} threads");
        }
    }

    /// <summary>Weights that are kept as BF16 are rounded once, and then computed with as float32.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void Bf16EqualsRoundedWeightsBitForBit(int output, int input, int taps, int stride, int dilation, int rows)
    {
        var random = new Random(output * 13 + input * 5 + taps + rows);
        var (weight, bias) = (KernelTest.Numbers(random, output * input * taps), KernelTest.Numbers(random, output));
        float[] rounded = [.. weight.Select(w => BFloat16.Widen(BFloat16.Round(w)))];
        var convolution = new Convolution(weight, bias, output, input, taps, stride, dilation, bfloat16: true);
        var plain = new Convolution(rounded, bias, output, input, taps, stride, dilation);
        var x = KernelTest.Numbers(random, (Math.Max(0, rows - 1) * stride + convolution.Reach) * input);
        foreach (var team in KernelTest.Teams)
        {
            var expected = Apply(plain, x, rows, team);
            KernelTest.Same(expected, KernelTest.OnEveryTier(() => Apply(convolution, x, rows, team)), $"{team.Threads} threads");
            var y = new float[rows * output];
            Assert.Equal(0, KernelTest.Allocated(() => convolution.Apply(x, y, rows, team)));
        }
    }

    /// <summary>The chain of an output begins at the content that is there, plus the bias.</summary>
    [Theory]
    [InlineData(96, 48, 1, 40)]
    [InlineData(33, 20, 1, 7)]
    [InlineData(64, 32, 3, 11)]
    public void AddsToWhatIsThere(int output, int input, int taps, int rows)
    {
        var random = new Random(output + input + taps);
        var (weight, bias) = (KernelTest.Numbers(random, output * input * taps), KernelTest.Numbers(random, output));
        var convolution = new Convolution(weight, bias, output, input, taps);
        var (x, before) = (KernelTest.Numbers(random, (rows + taps - 1) * input), KernelTest.Numbers(random, rows * output));
        var expected = new float[rows * output];
        for (var t = 0; t < rows; t++)
        {
            float[] begin = [.. bias.Zip(before.AsSpan(t * output, output).ToArray(), (b, y) => y + b)];
            Plain.Convolution(weight, begin, x[(t * input)..], output, input, taps, 1, 1, 1).CopyTo(expected, t * output);
        }
        foreach (var team in KernelTest.Teams)
            KernelTest.Same(expected, KernelTest.OnEveryTier(() =>
            {
                float[] y = [.. before];
                convolution.Apply(x, y, rows, team, add: true);
                return y;
            }), $"{team.Threads} threads");
    }

    [Theory]
    [InlineData(1, 96, 7, 1, 230)]
    [InlineData(1, 5, 7, 1, 9)]
    [InlineData(3, 20, 3, 2, 1)]
    [InlineData(7, 64, 1, 1, 100)]
    public void FewOutputsAreProductsOfOverlappingRows(int output, int input, int taps, int stride, int rows)
    {
        var random = new Random(output + input);
        var (weight, bias) = (KernelTest.Numbers(random, output * input * taps), KernelTest.Numbers(random, output));
        var convolution = new Convolution(weight, bias, output, input, taps, stride);
        var x = KernelTest.Numbers(random, ((rows - 1) * stride + convolution.Reach) * input);
        var expected = Plain.Convolution(weight, bias, x, output, input, taps, stride, 1, rows);
        var actual = KernelTest.OnEveryTier(() => Apply(convolution, x, rows, KernelTest.Teams[1]));
        KernelTest.Near(expected.Select(v => (double)v).ToArray(), actual, 1e-4, 0, "result");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void RowByRowEqualsAllAtOnce(int output)
    {
        var random = new Random(3);
        var convolution = new Convolution(KernelTest.Numbers(random, output * 70 * 5), null, output, 70, 5, stride: 2);
        var x = KernelTest.Numbers(random, (99 * 2 + 5) * 70);
        var whole = Apply(convolution, x, 100, KernelTest.Teams[1]);
        for (var t = 0; t < 100; t++)
            KernelTest.Same(whole.AsSpan(t * output, output), Apply(convolution, x[(t * 2 * 70)..], 1, KernelTest.Teams[0]), $"row {t}");
    }

    [Theory]
    [InlineData(5, 3, 4, 2, 7)]
    [InlineData(24, 17, 16, 8, 12)]
    [InlineData(9, 16, 2, 2, 30)]
    [InlineData(10, 6, 9, 3, 1)]
    public void TransposedScattersEveryInputRow(int input, int output, int taps, int stride, int rows)
    {
        var random = new Random(input * output);
        var (weight, bias) = (KernelTest.Numbers(random, input * output * taps), KernelTest.Numbers(random, output));
        var convolution = Convolution.Transposed(weight, bias, input, output, taps, stride);
        Assert.Equal(taps / stride, convolution.Reach);
        Assert.Equal(stride * output, convolution.Output);
        var x = KernelTest.Numbers(random, (rows + convolution.Reach - 1) * input);
        var expected = Plain.Transposed(weight, bias, x, input, output, taps, stride, rows);
        KernelTest.Near(expected, KernelTest.OnEveryTier(() => Apply(convolution, x, rows, KernelTest.Teams[2])), 1e-4, 0, "result");
    }

    [Theory]
    [InlineData(70, 9)]
    [InlineData(1, 1)]
    public void AllocatesNothing(int output, int dilation)
    {
        var convolution = new Convolution(new float[output * 32 * 3], null, output, 32, 3, dilation: dilation);
        var (x, y) = (new float[(299 + convolution.Reach) * 32], new float[300 * output]);
        Assert.Equal(0, KernelTest.Allocated(() => convolution.Apply(x, y, 300, KernelTest.Teams[1])));
    }

    [Fact]
    public void WrongLengthsAreRefused()
    {
        var convolution = new Convolution(new float[16 * 4 * 3], null, 16, 4, 3);
        Assert.Throws<ArgumentException>(() => convolution.Apply(new float[27], new float[80], 5, KernelTest.Teams[0]));
        Assert.Throws<ArgumentException>(() => convolution.Apply(new float[28], new float[79], 5, KernelTest.Teams[0]));
        Assert.Throws<ArgumentException>(() => new Convolution(new float[5], null, 1, 2, 3));
        Assert.Throws<ArgumentException>(() => Convolution.Transposed(new float[15], null, 1, 3, 5, 2));
    }

    [Theory]
    [InlineData(1, 1, 1, false)]
    [InlineData(5, 40, 7, true)]
    [InlineData(100, 33, 3, true)]
    [InlineData(0, 16, 2, true)]
    public void DepthwiseEqualsThePlainLoopBitForBit(int rows, int channels, int taps, bool withBias)
    {
        var random = new Random(channels);
        var (weight, bias, x) = (KernelTest.Numbers(random, channels * taps), KernelTest.Numbers(random, channels),
            KernelTest.Numbers(random, (rows + taps - 1) * channels));
        var expected = new float[rows * channels];
        for (var i = 0; i < expected.Length; i++)
        {
            expected[i] = withBias ? bias[i % channels] : 0;
            for (var k = 0; k < taps; k++)
                expected[i] = MathF.FusedMultiplyAdd(x[i + k * channels], weight[i % channels * taps + k], expected[i]);
        }
        float[] Run()
        {
            var y = new float[rows * channels];
            DepthwiseConvolution.Apply(x, weight, withBias ? bias : default, y, rows, channels, taps, KernelTest.Teams[1]);
            return y;
        }
        KernelTest.Same(expected, KernelTest.OnEveryTier(Run), "result");
        var result = new float[rows * channels];
        Assert.Equal(0, KernelTest.Allocated(
            () => DepthwiseConvolution.Apply(x, weight, default, result, rows, channels, taps, KernelTest.Teams[1])));
    }

    static float[] Apply(Convolution convolution, ReadOnlySpan<float> x, int rows, Workers team)
    {
        var y = new float[rows * convolution.Output];
        convolution.Apply(x, y, rows, team);
        return y;
    }
}
