using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>Sums over one row, in sixteen lanes folded by halves. Unlike <see cref="DotBlock"/> any length will do.</summary>
static unsafe class Dot
{
    /// <summary>Sum of a[i] * b[i].</summary>
    [MethodImpl(Simd.Hot)]
    public static float Product<T>(float* a, float* b, int length) where T : struct, ILanes<T>
    {
        var sum = T.Broadcast(0);
        var i = 0;
        for (; i + 16 <= length; i += 16)
            sum = T.MultiplyAdd(T.Load(a + i), T.Load(b + i), sum);
        if (i < length)
        {
            var tail = stackalloc float[32];
            new Span<float>(tail, 32).Clear();
            new ReadOnlySpan<float>(a + i, length - i).CopyTo(new(tail, 16));
            new ReadOnlySpan<float>(b + i, length - i).CopyTo(new(tail + 16, 16));
            sum = T.MultiplyAdd(T.Load(tail), T.Load(tail + 16), sum);
        }
        return sum.Sum();
    }

    /// <summary>Sum of a[i].</summary>
    [MethodImpl(Simd.Hot)]
    public static float Sum<T>(float* a, int length) where T : struct, ILanes<T>
    {
        var sum = T.Broadcast(0);
        var i = 0;
        for (; i + 16 <= length; i += 16)
            sum += T.Load(a + i);
        if (i < length)
        {
            var tail = stackalloc float[16];
            new Span<float>(tail, 16).Clear();
            new ReadOnlySpan<float>(a + i, length - i).CopyTo(new(tail, 16));
            sum += T.Load(tail);
        }
        return sum.Sum();
    }
}
