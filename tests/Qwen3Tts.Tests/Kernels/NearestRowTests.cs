using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests.Kernels;

[Collection("kernels")]
public sealed class NearestRowTests
{
    [Theory]
    [InlineData(2048, 256, 13)]
    [InlineData(100, 20, 1)]
    [InlineData(7, 5, 9)]
    [InlineData(1, 16, 4)]
    public void FindsWhatThePlainLoopFinds(int size, int dim, int count)
    {
        var random = new Random(size + dim + count);
        var (rows, x) = (KernelTest.Numbers(random, size * dim), KernelTest.Numbers(random, count * dim));
        int[] expected = [.. Enumerable.Range(0, count).Select(t => Enumerable.Range(0, size).MinBy(r =>
            Enumerable.Range(0, dim).Sum(i => Math.Pow((double)rows[r * dim + i] - x[t * dim + i], 2))))];
        foreach (var team in KernelTest.Teams)
            Assert.Equal(expected, KernelTest.OnEveryTier(() => Find(rows, x, dim, count, team)).Select(i => (int)i));
    }

    [Fact]
    public void OfEquallyNearRowsTheFirstIsFound() =>
        Assert.Equal([1], Find([5, 5, 1, 1, 1, 1], [1, 1], 2, 1, KernelTest.Teams[0]).Select(i => (int)i));

    [Fact]
    public void WrongLengthsAreRefused()
    {
        Assert.Throws<ArgumentException>(() => Find([1, 2, 3], [1, 2], 2, 1, KernelTest.Teams[0]));
        Assert.Throws<ArgumentException>(() => Find([1, 2], [1, 2], 2, 2, KernelTest.Teams[0]));
    }

    static float[] Find(float[] rows, float[] x, int dim, int count, Workers team)
    {
        var nearest = new int[count];
        NearestRow.Find(rows, x, dim, nearest, team);
        return [.. nearest.Select(i => (float)i)];
    }
}
