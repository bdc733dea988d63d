using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Qwen3Tts.Kernels;

/// <summary>Sixteen lanes in two AVX registers.</summary>
readonly unsafe struct Lanes256(Vector256<float> low, Vector256<float> high) : ILanes<Lanes256>
{
    readonly Vector256<float> _low = low, _high = high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* from) => new(Avx.LoadVector256(from), Avx.LoadVector256(from + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value)
    {
        var all = Vector256.Create(value);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadBFloat16(ushort* from) => new(
        Avx2.ShiftLeftLogical(Avx2.ConvertToVector256Int32(from), 16).AsSingle(),
        Avx2.ShiftLeftLogical(Avx2.ConvertToVector256Int32(from + 8), 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to)
    {
        Avx.Store(to, _low);
        Avx.Store(to + 8, _high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) =>
        new(Fma.MultiplyAdd(a._low, b._low, c._low), Fma.MultiplyAdd(a._high, b._high, c._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(Avx.Add(a._low, b._low), Avx.Add(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(Avx.Subtract(a._low, b._low), Avx.Subtract(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(Avx.Multiply(a._low, b._low), Avx.Multiply(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 a, Lanes256 b) => new(Avx.Divide(a._low, b._low), Avx.Divide(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Avx.Max(a._low, b._low), Avx.Max(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Min(Lanes256 a, Lanes256 b) => new(Avx.Min(a._low, b._low), Avx.Min(a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Abs(Lanes256 a) => new(Vector256.Abs(a._low), Vector256.Abs(a._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Round(Lanes256 a) => new(Avx.RoundToNearestInteger(a._low), Avx.RoundToNearestInteger(a._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 PowerOfTwo(Lanes256 n) => new(PowerOfTwo(n._low), PowerOfTwo(n._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 WhereNegative(Lanes256 x, Lanes256 a, Lanes256 b) => new(
        Vector256.ConditionalSelect(Vector256.LessThan(x._low, Vector256<float>.Zero), a._low, b._low),
        Vector256.ConditionalSelect(Vector256.LessThan(x._high, Vector256<float>.Zero), a._high, b._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadInt8(sbyte* from) =>
        new(Avx2.ConvertToVector256Int16(from).AsSingle(), Avx2.ConvertToVector256Int16(from + 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadLowInt4(byte* from)
    {
        Vector256<short> lower = Vector256.Create((short)15), offset = Vector256.Create((short)8);
        return new(Avx2.Subtract(Avx2.And(Avx2.ConvertToVector256Int16(from), lower), offset).AsSingle(),
            Avx2.Subtract(Avx2.And(Avx2.ConvertToVector256Int16(from + 16), lower), offset).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadHighInt4(byte* from)
    {
        var offset = Vector256.Create((short)8);
        return new(Avx2.Subtract(Avx2.ShiftRightLogical(Avx2.ConvertToVector256Int16(from), 4), offset).AsSingle(),
            Avx2.Subtract(Avx2.ShiftRightLogical(Avx2.ConvertToVector256Int16(from + 16), 4), offset).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 DotInt16(Lanes256 q, Lanes256 qNext, short* x) =>
        new(Dot(q._low, qNext._low, x), Dot(q._high, qNext._high, x + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt16(Lanes256 a, short* to) =>
        // Packs within each half: the two middle quarters have to change places.
        Avx.Store(to, Avx2.Permute4x64(Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32(a._low), Avx.ConvertToVector256Int32(a._high))
            .AsInt64(), 0b_11_01_10_00).AsInt16());

    // With AVX-VNNI, which adds the products to a sum, the whole numbers are the same.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> Dot(Vector256<float> q, Vector256<float> qNext, short* x)
    {
        var first = Avx2.MultiplyAddAdjacent(q.AsInt16(), Avx.LoadVector256(x));
        return Avx.ConvertToVector256Single(AvxVnni.IsSupported
            ? AvxVnni.MultiplyWideningAndAdd(first, qNext.AsInt16(), Avx.LoadVector256(x + 32))
            : Avx2.Add(first, Avx2.MultiplyAddAdjacent(qNext.AsInt16(), Avx.LoadVector256(x + 32))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Fold.Sum(_low + _high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Lanes256 a, Lanes256 b, Lanes256 c, Lanes256 d) =>
        Fold.Sums(a._low + a._high, b._low + b._high, c._low + c._high, d._low + d._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => Fold.Largest(Vector256.Max(_low, _high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<float> PowerOfTwo(Vector256<float> n) =>
        Avx2.ShiftLeftLogical(Avx2.Add(Avx.ConvertToVector256Int32(n), Vector256.Create(127)), 23).AsSingle();
}
