using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>What choosing a scale for 64 weights needs. Sums run in sixteen lanes, so that every machine quantises alike.</summary>
static unsafe class GroupScale
{
    /// <summary>The largest magnitude; NaN where a weight is not finite.</summary>
    [MethodImpl(Simd.Hot)]
    public static float LargestMagnitude<T>(float* w) where T : struct, ILanes<T>
    {
        T largest = T.Broadcast(0), sum = largest;
        for (var i = 0; i < Quantization.Group; i += 16)
        {
            var magnitude = T.Abs(T.Load(w + i));
            (largest, sum) = (T.Max(largest, magnitude), sum + magnitude);
        }
        return float.IsFinite(sum.Sum()) ? largest.Largest() : float.NaN;
    }

    /// <summary>w / scale to whole numbers within [lowest, highest]; zeros where the scale is zero or NaN. out: to [64].</summary>
    [MethodImpl(Simd.Hot)]
    public static void Round<T>(float* w, float scale, int lowest, int highest, float* to) where T : struct, ILanes<T>
    {
        T inverse = T.Broadcast(1 / scale), low = T.Broadcast(lowest), high = T.Broadcast(highest);
        if (!float.IsFinite(1 / scale))
        {
            new Span<float>(to, Quantization.Group).Clear();
            return;
        }
        for (var i = 0; i < Quantization.Group; i += 16)
            T.Min(T.Max(T.Round(T.Load(w + i) * inverse), low), high).Store(to + i);
    }

    /// <summary>The scale s with the least sum of (w - s q)².</summary>
    [MethodImpl(Simd.Hot)]
    public static float LeastSquares<T>(float* w, float* q) where T : struct, ILanes<T>
    {
        T products = T.Broadcast(0), squares = products;
        for (var i = 0; i < Quantization.Group; i += 16)
        {
            var whole = T.Load(q + i);
            (products, squares) = (T.MultiplyAdd(T.Load(w + i), whole, products), T.MultiplyAdd(whole, whole, squares));
        }
        return products.Sum() / squares.Sum();
    }

    /// <summary>The sum of (w - s q)².</summary>
    [MethodImpl(Simd.Hot)]
    public static float SquaredError<T>(float* w, float* q, float scale) where T : struct, ILanes<T>
    {
        T sum = T.Broadcast(0), s = T.Broadcast(scale);
        for (var i = 0; i < Quantization.Group; i += 16)
        {
            var error = T.Load(w + i) - s * T.Load(q + i);
            sum = T.MultiplyAdd(error, error, sum);
        }
        return sum.Sum();
    }
}
