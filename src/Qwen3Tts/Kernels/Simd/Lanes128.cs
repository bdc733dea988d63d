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
    public static Lanes128 DotInt8(sbyte* q, short* x) => new(DotInt8Quarter(q, x), DotInt8Quarter(q + 8, x + 8),
        DotInt8Quarter(q + 16, x + 16), DotInt8Quarter(q + 24, x + 24));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 DotInt4(byte* q, short* x) => new(DotInt4Quarter(q, x), DotInt4Quarter(q + 8, x + 8),
        DotInt4Quarter(q + 16, x + 16), DotInt4Quarter(q + 24, x + 24));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 DotInt16(short* q, short* x) => new(DotInt16Quarter(q, x), DotInt16Quarter(q + 8, x + 8),
        DotInt16Quarter(q + 16, x + 16), DotInt16Quarter(q + 24, x + 24));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreInt16(Lanes128 a, short* to)
    {
        Vector128.Narrow(ToInt32(a._a), ToInt32(a._b)).Store(to);
        Vector128.Narrow(ToInt32(a._c), ToInt32(a._d)).Store(to + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> ToInt32(Vector128<float> a) => Vector128.ConvertToInt32(Vector128.Round(a));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> DotInt8Quarter(sbyte* q, short* x) => Dot(Vector128.WidenLower(Vector128.CreateScalar(*(long*)q).AsSByte()),
        Vector128.WidenLower(Vector128.CreateScalar(*(long*)(q + 32)).AsSByte()), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> DotInt4Quarter(byte* q, short* x)
    {
        var both = Vector128.WidenLower(Vector128.CreateScalar(*(long*)q).AsByte()).AsInt16();
        var offset = Vector128.Create((short)8);
        return Dot((both & Vector128.Create((short)15)) - offset, (both >>> 4) - offset, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> DotInt16Quarter(short* q, short* x) => Dot(Vector128.Load(q), Vector128.Load(q + 32), x);

    // Eight columns and those 32 further on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<float> Dot(Vector128<short> low, Vector128<short> high, short* x) =>
        Vector128.ConvertToSingle(AddPairs(low, Vector128.Load(x)) + AddPairs(high, Vector128.Load(x + 32)));

    // Products, and each added to its neighbour: of the two halves of 32 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<int> AddPairs(Vector128<short> a, Vector128<short> b)
    {
        var (c, d) = (a.AsInt32(), b.AsInt32());
        return (c << 16 >> 16) * (d << 16 >> 16) + (c >> 16) * (d >> 16);
    }

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
