using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests.Kernels;

[Collection("kernels")]
public sealed class MatrixProductTests
{
    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 1 }, { 1, 32, 1 }, { 3, 31, 2 }, { 16, 64, 0 }, { 17, 96, 1 }, { 17, 96, 3 }, { 19, 96, 5 }, { 18, 33, 4 }, { 4, 64, 7 },
            { 21, 512, 8 },
        { 35, 544, 10 }, { 7, 1056, 96 }, { 33, 1100, 121 }, { 50, 64, 200 }, { 9, 2080, 241 }, { 1, 672, 300 }, { 130, 256, 1 },
            { 640, 64, 6 }, { 200, 160, 29 }, { 400, 2080, 8 }, { 101, 3072, 6 }, { 55, 1056, 5 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EqualsThePlainLoopBitForBit(int rows, int columns, int count)
    {
        var random = new Random(rows * 7919 + columns * 31 + count);
        var bits = KernelTest.Numbers(random, rows * columns).Select(BFloat16.Round).ToArray();
        var w = bits.Select(BFloat16.Widen).ToArray();
        var (x, old, bias) = (KernelTest.Numbers(random, count * columns), KernelTest.Numbers(random, count * rows),
            KernelTest.Numbers(random, rows));
        foreach (var (withBias, add) in new[] { (false, false), (true, false), (true, true), (false, true) })
        {
            var expected = Plain.Product(w, x, old, rows, columns, count, withBias ? bias : null, add);
            foreach (var matrix in new[] { Matrix.Create(rows, columns, w), Matrix.Create(rows, columns, bits) })
                foreach (var team in KernelTest.Teams)
                {
                    var actual = KernelTest.OnEveryTier(() =>
                    {
                        var y = old.ToArray();
                        MatrixProduct.Multiply(matrix, x, y, count, team, withBias ? bias : default, add);
                        return y;
                    });
                    KernelTest.Same(expected, actual, $"bias {withBias}, add {add}, {matrix.Type}, {team.Threads} threads");
                }
        }
    }

    [Fact]
    public void AWrongLengthIsRefused()
    {
        var w = Matrix.Create(4, 32, new float[128]);
        Assert.Throws<ArgumentException>(() => MatrixProduct.Multiply(w, new float[63], new float[8], 2, KernelTest.Teams[0]));
        Assert.Throws<ArgumentException>(() => MatrixProduct.Multiply(w, new float[64], new float[7], 2, KernelTest.Teams[0]));
        Assert.Throws<ArgumentException>(
            () => MatrixProduct.Multiply(w, new float[64], new float[8], 2, KernelTest.Teams[0], new float[3]));
        Assert.Throws<ArgumentException>(() => Matrix.Create(4, 32, new float[127]));
    }

    [Theory]
    [InlineData(256, 1)]
    [InlineData(256, 100)]
    [InlineData(250, 1)]
    public void AllocatesNothing(int columns, int count)
    {
        var w = Matrix.Create(300, columns, new ushort[300 * columns]);
        var (x, y) = (new float[count * columns], new float[count * 300]);
        Assert.Equal(0, KernelTest.Allocated(() => MatrixProduct.Multiply(w, x, y, count, KernelTest.Teams[1])));
    }

    [Fact]
    public void RowsAreCopiedAndAdded()
    {
        var random = new Random(5);
        var bits = KernelTest.Numbers(random, 5 * 37).Select(BFloat16.Round).ToArray();
        var w = bits.Select(BFloat16.Widen).ToArray();
        foreach (var matrix in new[] { Matrix.Create(5, 37, w), Matrix.Create(5, 37, bits) })
        {
            var row = new float[37];
            matrix.CopyRow(3, row);
            Assert.Equal(w[(3 * 37)..(4 * 37)], row);
            matrix.AddRow(1, row);
            Assert.Equal(Enumerable.Range(0, 37).Select(i => w[3 * 37 + i] + w[37 + i]), row);
        }
    }
}
