using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests.Kernels;

[Collection("kernels")]
public sealed class QuantizedProductTests
{
    const int Group = Quantization.Group;

    public static TheoryData<int, int, int, int> Shapes
    {
        get
        {
            var data = new TheoryData<int, int, int, int>();
            foreach (var bits in new[] { 8, 4 })
                foreach (var (rows, columns, count) in new[] { (1, 64, 1), (3, 128, 2), (17, 192, 4), (9, 1024, 5), (130, 256, 1),
                    (35, 512, 64), (7, 320, 67), (640, 64, 130), (20, 2048, 3), (16, 3072, 8), (33, 192, 6), (18, 128, 7), (1, 64, 8),
                    (203, 448, 9), (31, 1088, 15), (50, 256, 16), (46, 1024, 76), (99, 64, 77) })
                    data.Add(bits, rows, columns, count);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EqualsThePlainLoopBitForBit(int bits, int rows, int columns, int count)
    {
        var type = TypeOf(bits);
        var random = new Random(rows * 7919 + columns * 31 + count);
        var weights = KernelTest.Numbers(random, rows * columns, 0.1f);
        var (x, old, bias) = (KernelTest.Numbers(random, count * columns, 3), KernelTest.Numbers(random, count * rows),
            KernelTest.Numbers(random, rows));
        x[0] = 500; // activations have outliers
        var stored = Quantization.Quantize(weights, rows, type, KernelTest.Teams[1]);
        var matrix = Quantization.Matrix(type, rows, columns, stored.Groups, stored.Scales);
        foreach (var (withBias, add) in new[] { (false, false), (true, true) })
        {
            var expected = Plain(type, stored, x, old, rows, columns, count, withBias ? bias : null, add);
            foreach (var team in KernelTest.Teams)
            {
                var actual = KernelTest.OnEveryTier(() =>
                {
                    var y = old.ToArray();
                    MatrixProduct.Multiply(matrix, x, y, count, team, withBias ? bias : default, add);
                    return y;
                });
                KernelTest.Same(expected, actual, $"{type}, bias {withBias}, add {add}, {team.Threads} threads");
            }
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    public void EveryTierQuantisesAlike(int bits)
    {
        var type = TypeOf(bits);
        var weights = Normal(new(3), 20 * 256);
        KernelTest.OnEveryTier(() =>
        {
            var stored = Quantization.Quantize(weights, 20, type, KernelTest.Teams[2]);
            return [.. stored.Groups.Select(b => (float)b), .. stored.Scales.Select(s => (float)s)];
        });
    }

    /// <summary>The step of an even grid of 2⁸ or 2⁴ values gives an error of a step / √12 for each weight.</summary>
    [Theory]
    [InlineData(8, 0.0075)]
    [InlineData(4, 0.105)]
    public void NormalWeightsKeepTheirValue(int bits, double relative)
    {
        var type = TypeOf(bits);
        var w = Normal(new(5), 50 * 512);
        var stored = Quantization.Quantize(w, 50, type, KernelTest.Teams[1]);
        var matrix = Quantization.Matrix(type, 50, 512, stored.Groups, stored.Scales);
        var row = new float[512];
        double error = 0;
        for (var r = 0; r < 50; r++)
        {
            matrix.CopyRow(r, row);
            error += row.Select((v, c) => Math.Pow(v - w[r * 512 + c], 2)).Sum();
        }
        Assert.InRange(Math.Sqrt(error / w.Sum(v => (double)v * v)), relative / 3, relative);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(4)]
    public void ZerosAndNumbersThatAreNotFiniteStay(int bits)
    {
        var type = TypeOf(bits);
        var w = new float[4 * Group];
        w[Group + 3] = float.NaN;
        w[2 * Group + 5] = float.PositiveInfinity;
        w[3 * Group + 7] = 1e-30f;
        var stored = Quantization.Quantize(w, 4, type, KernelTest.Teams[0]);
        var matrix = Quantization.Matrix(type, 4, Group, stored.Groups, stored.Scales);
        var y = new float[8];
        MatrixProduct.Multiply(matrix, [.. Enumerable.Repeat(1f, 2 * Group)], y, 2, KernelTest.Teams[0]);
        Assert.Equal(0, y[0]);
        Assert.True(float.IsNaN(y[1]) && float.IsNaN(y[2]));
        Assert.InRange(y[3], 0.9e-30f, 1.1e-30f);
        var x = new float[Group];
        x[9] = float.NaN;
        MatrixProduct.Multiply(matrix, x, y, 1, KernelTest.Teams[0]);
        Assert.True(float.IsNaN(y[0]) && float.IsNaN(y[3]));
    }

    [Theory]
    [InlineData(8, 1)]
    [InlineData(4, 1)]
    [InlineData(8, 70)]
    public void AllocatesNothing(int bits, int count)
    {
        var type = TypeOf(bits);
        var stored = Quantization.Quantize(new float[300 * 256], 300, type, KernelTest.Teams[1]);
        var matrix = Quantization.Matrix(type, 300, 256, stored.Groups, stored.Scales);
        var (x, y) = (new float[count * 256], new float[count * 300]);
        Assert.Equal(0, KernelTest.Allocated(() => MatrixProduct.Multiply(matrix, x, y, count, KernelTest.Teams[1])));
    }

    static WeightType TypeOf(int bits) => bits == 8 ? WeightType.Int8 : WeightType.Int4;

    [Fact]
    public void RowsThatAreNoWholeGroupsAreRefused() =>
        Assert.Throws<ArgumentException>(() => Quantization.Matrix(WeightType.Int8, 1, 65, new byte[65], new ushort[1]));

    // Whole numbers added exactly in lanes; groups one after the other.
    static float[] Plain(WeightType type, QuantizedWeights stored, float[] x, float[] old, int rows, int columns, int count, float[]? bias,
        bool add)
    {
        var y = old.ToArray();
        for (var t = 0; t < count; t++)
            for (var r = 0; r < rows; r++)
            {
                var sums = new[] { new float[16], new float[16] };
                for (var g = 0; g < columns / Group; g++)
                {
                    var (tokens, tokenScale) = Token(x.AsSpan(t * columns + g * Group, Group));
                    var scale = BFloat16.Widen(stored.Scales[r * columns / Group + g]) * tokenScale;
                    var whole = new long[16];
                    for (var c = 0; c < Group; c++)
                        whole[c % 32 / 2] += (long)tokens[c] * Weight(type, stored, r * columns + g * Group, c);
                    for (var l = 0; l < 16; l++)
                        sums[g % 2][l] = MathF.FusedMultiplyAdd(whole[l], scale, sums[g % 2][l]);
                }
                var lanes = sums[0].Zip(sums[1], (a, b) => a + b).ToArray();
                for (var width = 8; width > 0; width /= 2)
                    for (var l = 0; l < width; l++)
                        lanes[l] += lanes[l + width];
                var sum = bias is null ? lanes[0] : bias[r] + lanes[0];
                y[t * rows + r] = add ? y[t * rows + r] + sum : sum;
            }
        return y;
    }

    static (int[] Whole, float Scale) Token(ReadOnlySpan<float> x)
    {
        var largest = 0f;
        foreach (var v in x)
            largest = Math.Max(largest, Math.Abs(v));
        var scale = largest / short.MaxValue;
        var whole = new int[Group];
        for (var i = 0; i < Group && scale > 0; i++)
            whole[i] = (int)MathF.Round(x[i] * (1 / scale), MidpointRounding.ToEven);
        return (whole, scale);
    }

    static int Weight(WeightType type, QuantizedWeights stored, int first, int column) => type == WeightType.Int8
        ? (sbyte)stored.Groups[first + column]
        : (stored.Groups[first / 2 + column % 32] >> (column < 32 ? 0 : 4) & 15) - 8;

    static float[] Normal(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
}
