using System.Runtime.CompilerServices;

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T First<T>(byte* group) where T : struct, ILanes<T> => T.LoadInt8((sbyte*)group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Second<T>(byte* group) where T : struct, ILanes<T> => T.LoadInt8((sbyte*)group + 32);
}
