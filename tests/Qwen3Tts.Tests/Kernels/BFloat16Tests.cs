using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests.Kernels;

public sealed class BFloat16Tests
{
    [Fact]
    public void EveryValueSurvivesThereAndBack()
    {
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
            if (!float.IsNaN(BFloat16.Widen((ushort)bits)))
                Assert.Equal((ushort)bits, BFloat16.Round(BFloat16.Widen((ushort)bits)));
    }

    [Theory]
    [InlineData(0x3F808000u, 0x3F80)] // a tie, to even: down
    [InlineData(0x3F818000u, 0x3F82)] // a tie, to even: up
    [InlineData(0x3F808001u, 0x3F81)]
    [InlineData(0x3F807FFFu, 0x3F80)]
    [InlineData(0xBF818000u, 0xBF82)]
    [InlineData(0x7F7FFFFFu, 0x7F80)] // beyond the largest: infinity
    [InlineData(0x7F800000u, 0x7F80)]
    [InlineData(0x00008000u, 0x0000)]
    public void RoundsToNearestEven(uint value, ushort expected) =>
        Assert.Equal(expected, BFloat16.Round(BitConverter.UInt32BitsToSingle(value)));

    [Theory]
    [InlineData(0x7F800001u)] // its payload lies below the bits that stay
    [InlineData(0xFFFFFFFFu)]
    public void ANaNStaysANaN(uint value) =>
        Assert.True(float.IsNaN(BFloat16.Widen(BFloat16.Round(BitConverter.UInt32BitsToSingle(value)))));

    [Fact]
    public void SpansDoAsSingles()
    {
        var values = KernelTest.Numbers(new Random(1), 45, 1e3f);
        (values[3], values[20], values[44]) = (float.NaN, float.PositiveInfinity, float.NaN);
        var bits = new ushort[45];
        BFloat16.Round(values, bits);
        Assert.Equal(values.Select(BFloat16.Round), bits);
        var wide = new float[45];
        BFloat16.Widen(bits, wide);
        Assert.Equal(bits.Select(BFloat16.Widen), wide);
    }
}
