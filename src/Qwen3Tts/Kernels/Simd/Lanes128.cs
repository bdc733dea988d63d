using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qwen3Tts.Kernels;

/// <summary>Sixteen lanes in four 128-bit vectors, in portable operations alone: ARM64, or any processor.</summary>
readonly unsafe struct Lanes128(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d) : ILanes<Lanes128>
{
    readonly Vector128<float> _a = a, _b = b, _c = c, _d = d;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* from) =>
        new(Vector128.Load(from), Vector128.Load(from + 4), Vector128.Load(from + 8), Vector128.Load(from + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value)
    {
        var all = Vector128.Create(value);
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadBFloat16(ushort* from)
    {
        var (a, b) = Vector128.Widen(Vector128.Load(from));
        var (c, d) = Vector128.Widen(Vector128.Load(from + 8));
        return new((a << 16).AsSingle(), (b << 16).AsSingle(), (c << 16).AsSingle(), (d << 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(float* to)
    {
        _a.Store(to);
        _b.Store(to + 4);
        _c.Store(to + 8);
        _d.Store(to + 12);
    }

    // Fused wherever the processor can (the tests compare bits). An x64 program without FMA would emulate the fused step a hundred times
    // slower; it rounds twice instead, and differs in the last bits. See Simd for how a program compiled ahead of time comes to FMA.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 x, Lanes128 y, Lanes128 z) => new(
        Vector128.MultiplyAddEstimate(x._a, y._a, z._a), Vector128.MultiplyAddEstimate(x._b, y._b, z._b),
        Vector128.MultiplyAddEstimate(x._c, y._c, z._c), Vector128.MultiplyAddEstimate(x._d, y._d, z._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 x, Lanes128 y) => new(x._a + y._a, x._b + y._b, x._c + y._c, x._d + y._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 x, Lanes128 y) => new(x._a - y._a, x._b - y._b, x._c - y._c, x._d - y._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 x, Lanes128 y) => new(x._a * y._a, x._b * y._b, x._c * y._c, x._d * y._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 x, Lanes128 y) => new(x._a / y._a, x._b / y._b, x._c / y._c, x._d / y._d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 x, Lanes128 y) => new(Max(x._a, y._a), Max(x._b, y._b), Max(x._c, y._c), Max(x._d, y._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Min(Lanes128 x, Lanes128 y) => new(Min(x._a, y._a), Min(x._b, y._b), Min(x._c, y._c), Min(x._d, y._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Abs(Lanes128 x) => new(Vector128.Abs(x._a), Vector128.Abs(x._b), Vector128.Abs(x._c), Vector128.Abs(x._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Round(Lanes128 x) =>
        new(Vector128.Round(x._a), Vector128.Round(x._b), Vector128.Round(x._c), Vector128.Round(x._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 PowerOfTwo(Lanes128 n) => new(PowerOfTwo(n._a), PowerOfTwo(n._b), PowerOfTwo(n._c), PowerOfTwo(n._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 WhereNegative(Lanes128 x, Lanes128 y, Lanes128 z) => new(
        WhereNegative(x._a, y._a, z._a), WhereNegative(x._b, y._b, z._b), WhereNegative(x._c, y._c, z._c), WhereNegative(x._d, y._d, z._d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadInt8(sbyte* from) => new(Int8(from), Int8(from + 8), Int8(from + 16), Int8(from + 24));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadLowInt4(byte* from) => new(LowInt4(from), LowInt4(from + 8), LowInt4(from + 16), LowInt4(from + 24));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadHighInt4(byte* from) =>
        new(HighInt4(from), HighInt4(from + 8), HighInt4(from + 16), HighInt4(from + 24));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 DotInt16(Lanes128 q, Lanes128 qNext, short* x) =>
        new(Dot(q._a, qNext._a, x), Dot(q._b, qNext._b, x + 8), Dot(q._c, qNext._c, x + 16),
            Dot(q._d, qNext._d, x + 24));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt16(Lanes128 a, short* to)
    {
        Vector128.Narrow(ToInt32(a._a), ToInt32(a._b)).Store(to);
        Vector128.Narrow(ToInt32(a._c), ToInt32(a._d)).Store(to + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> ToInt32(Vector128<float> a) => Vector128.ConvertToInt32(Vector128.Round(a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> Int8(sbyte* from) => Vector128.WidenLower(Vector128.CreateScalar(*(long*)from).AsSByte()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> LowInt4(byte* from) => ((Bytes(from) & Vector128.Create((short)15)) - Vector128.Create((short)8)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> HighInt4(byte* from) => ((Bytes(from) >>> 4) - Vector128.Create((short)8)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<short> Bytes(byte* from) => Vector128.WidenLower(Vector128.CreateScalar(*(long*)from).AsByte()).AsInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> Dot(Vector128<float> q, Vector128<float> qNext, short* x) =>
        Vector128.ConvertToSingle(AddPairs(q.AsInt32(), Vector128.Load(x).AsInt32())
            + AddPairs(qNext.AsInt32(), Vector128.Load(x + 32).AsInt32()));

    // Products, and each added to its neighbour: of the two halves of 32 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> AddPairs(Vector128<int> a, Vector128<int> b) => (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Sum() => Fold.Sum(Quarters());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sums(Lanes128 x, Lanes128 y, Lanes128 z, Lanes128 w) =>
        Fold.Sums(x.Quarters(), y.Quarters(), z.Quarters(), w.Quarters());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Vector128<float> Quarters() => _a + _c + (_b + _d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Largest() => Fold.Largest(Max(Max(_a, _c), Max(_b, _d)));

    // a > b ? a : b, as the x86 instruction has it: the second operand where either is NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.ConditionalSelect(Vector128.GreaterThan(a, b), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.ConditionalSelect(Vector128.LessThan(a, b), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> PowerOfTwo(Vector128<float> n) => (Vector128.ConvertToInt32(n) + Vector128.Create(127) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> WhereNegative(Vector128<float> x, Vector128<float> a, Vector128<float> b) =>
        Vector128.ConditionalSelect(Vector128.LessThan(x, Vector128<float>.Zero), a, b);
}
