using System.Numerics;

namespace Qwen3Tts.Kernels;

/// <summary>BF16 is the upper half of a float32: widening is a shift, narrowing rounds to nearest even.</summary>
static class BFloat16
{
    public static float Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static void Widen(ReadOnlySpan<ushort> from, Span<float> to)
    {
        to = to[..from.Length];
        var i = 0;
        for (; i + Vector<ushort>.Count <= from.Length; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(from[i..]), out var low, out var high);
            (low << 16).As<uint, float>().CopyTo(to[i..]);
            (high << 16).As<uint, float>().CopyTo(to[(i + Vector<float>.Count)..]);
        }
        for (; i < from.Length; i++)
            to[i] = Widen(from[i]);
    }

    /// <summary>to += from.</summary>
    public static void Add(ReadOnlySpan<ushort> from, Span<float> to)
    {
        to = to[..from.Length];
        var i = 0;
        for (; i + Vector<ushort>.Count <= from.Length; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(from[i..]), out var low, out var high);
            var next = to[(i + Vector<float>.Count)..];
            (new Vector<float>(to[i..]) + (low << 16).As<uint, float>()).CopyTo(to[i..]);
            (new Vector<float>(next) + (high << 16).As<uint, float>()).CopyTo(next);
        }
        for (; i < from.Length; i++)
            to[i] += Widen(from[i]);
    }

    /// <summary>Nearest, ties to even; a NaN stays a NaN.</summary>
    public static ushort Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)(bits >> 16 | 0x40) : (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }

    public static void Round(ReadOnlySpan<float> from, Span<ushort> to)
    {
        to = to[..from.Length];
        var i = 0;
        for (; i + Vector<ushort>.Count <= from.Length; i += Vector<ushort>.Count)
            Vector.Narrow(Rounded(new(from[i..])), Rounded(new(from[(i + Vector<float>.Count)..]))).CopyTo(to[i..]);
        for (; i < from.Length; i++)
            to[i] = Round(from[i]);
    }

    static Vector<uint> Rounded(Vector<float> value)
    {
        var bits = value.As<float, uint>();
        var even = (bits + new Vector<uint>(0x7FFF) + (bits >>> 16 & Vector<uint>.One)) >>> 16;
        // a NaN is not equal to itself
        return Vector.ConditionalSelect(Vector.Equals(value, value).As<int, uint>(), even, bits >>> 16 | new Vector<uint>(0x40));
    }
}
