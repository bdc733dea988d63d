using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Dot products of rows with rows, for few tokens: the inner loop of the matrix product and of attention's scores. Column c of every
/// product goes into lane c mod 32 of a running sum, fused, in the order of c; the lanes are folded by halves at the end.
/// <see cref="PackedTile"/> keeps to it, so a token alone and a token in a batch come out the same. Columns are a multiple of 32 here:
/// callers pad with zeros.
/// </summary>
static unsafe class DotBlock
{
    /// <summary>Lanes of a running sum.</summary>
    public const int Lanes = 32;

    /// <summary>One row, float32 or BF16 weights, straight from memory.</summary>
    [MethodImpl(Simd.Hot)]
    public static float One<T, TWeight>(TWeight* w, float* x, int columns) where T : struct, ILanes<T> where TWeight : unmanaged
    {
        T a = T.Broadcast(0), b = a;
        for (var end = w + columns; w < end; w += 32, x += 32)
        {
            Prefetch.Ahead(w);
            if (sizeof(TWeight) > 2) // a cache line holds 32 numbers of BF16, and 16 of float32
                Prefetch.Ahead(w + 16);
            a = T.MultiplyAdd(Load<T, TWeight>(w), T.Load(x), a);
            b = T.MultiplyAdd(Load<T, TWeight>(w + 16), T.Load(x + 16), b);
        }
        return (a + b).Sum();
    }

    /// <summary>Sixteen weights as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T, TWeight>(TWeight* w) where T : struct, ILanes<T> where TWeight : unmanaged =>
        typeof(TWeight) == typeof(ushort) ? T.LoadBFloat16((ushort*)w) : T.Load((float*)w);
}
