using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Whole numbers from -127 to 127, a byte each in the order of the columns; the scale is the largest magnitude over 127.
/// </summary>
readonly unsafe struct Int8Format : IGroupFormat
{
    const int Largest = 127;

    public static WeightType Type => WeightType.Int8;
    public static int Bytes => Quantization.Group;

    public static ushort Pack<T>(float* w, byte* to) where T : struct, ILanes<T>
    {
        var scale = BFloat16.Round(GroupScale.LargestMagnitude<T>(w) / Largest);
        var rounded = stackalloc float[Quantization.Group];
        GroupScale.Round<T>(w, BFloat16.Widen(scale), -Largest, Largest, rounded);
        for (var i = 0; i < Quantization.Group; i++)
            ((sbyte*)to)[i] = (sbyte)rounded[i];
        return scale;
    }

    public static void Unpack(byte* group, short* to)
    {
        for (var i = 0; i < Quantization.Group; i += Vector128<sbyte>.Count)
        {
            var (low, high) = Vector128.Widen(Vector128.Load((sbyte*)group + i));
            low.Store(to + i);
            high.Store(to + i + Vector128<short>.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Dot<T>(byte* group, short* x) where T : struct, ILanes<T> => T.DotInt8((sbyte*)group, x);
}
