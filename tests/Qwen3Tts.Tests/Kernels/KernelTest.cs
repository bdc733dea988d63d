using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests.Kernels;

/// <summary>Test classes of kernels do not run in parallel, because they switch the SIMD tier of the whole process.</summary>
[CollectionDefinition("kernels", DisableParallelization = true)]
public sealed class KernelCollection;

/// <summary>Shared by the tests of kernels: thread teams, random data, and runs on every tier.</summary>
static class KernelTest
{
    public static readonly Workers[] Teams = [new(1), new(2), new(3)];

    public static float[] Numbers(Random random, int count, float range = 1)
    {
        var x = new float[count];
        for (var i = 0; i < count; i++)
            x[i] = (random.NextSingle() * 2 - 1) * range;
        return x;
    }

    /// <summary>Computes on every SIMD tier of this processor, asserts that all results are equal bit for bit, and returns them.</summary>
    public static float[] OnEveryTier(Func<float[]> compute)
    {
        float[]? first = null;
        try
        {
            for (var tier = Tier.Portable; tier <= Simd.Best; tier++)
            {
                Simd.Tier = tier;
                var result = compute();
                first ??= result;
                Same(first, result, $"{tier} against {Tier.Portable}");
            }
        }
        finally
        {
            Simd.Tier = Simd.Best;
        }
        return first!;
    }

    public static void Same(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(expected[i] == actual[i] || float.IsNaN(expected[i])
                && float.IsNaN(actual[i]), $"{what}: element {i} is {actual[i]:g9}, expected {expected[i]:g9}.");
    }

    public static void Near(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double absolute, double relative, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= absolute + relative * Math.Abs(expected[i]),
                $"{what}: element {i} is {actual[i]:g9}, expected {expected[i]:g9}.");
    }

    /// <summary>
    /// The bytes that a call allocates on this thread after a first call has allocated its working memory: the least of several calls,
    /// because the runtime also allocates when it recompiles a method.
    /// </summary>
    public static long Allocated(Action call)
    {
        call();
        var least = long.MaxValue;
        for (var i = 0; i < 6; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            call();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
