using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Whole numbers from -8 to 7, stored plus eight: byte i holds column i in its lower half and column i + 32 in its upper half. The scale
/// is fitted to least squares, because the largest of 64 weights alone would make all steps too wide.
/// </summary>
readonly unsafe struct Int4Format : IGroupFormat
{
    const int Lowest = -8, Highest = 7;

    // Scales that are tried: the one that the largest weight fits into, and narrower ones. Below 0.6 of it the weights that are cut off
    // cost more than finer steps save, for normally distributed weights.
    const int Candidates = 9;
    const float Narrowest = 0.6f;

    public static WeightType Type => WeightType.Int4;
    public static int Bytes => Quantization.Group / 2;

    public static ushort Pack<T>(float* w, byte* to) where T : struct, ILanes<T>
    {
        var widest = GroupScale.LargestMagnitude<T>(w) / -Lowest;
        var rounded = stackalloc float[Quantization.Group];
        var (best, scale) = (double.PositiveInfinity, BFloat16.Round(widest));
        for (var c = 0; c < Candidates && float.IsFinite(widest) && widest > 0; c++)
            for (var sign = -1; sign <= 1; sign += 2) // the side that reaches to -8 may be either
            {
                var tried = sign * widest * (1 - (1 - Narrowest) * c / (Candidates - 1));
                GroupScale.Round<T>(w, tried, Lowest, Highest, rounded);
                var fitted = BFloat16.Round(GroupScale.LeastSquares<T>(w, rounded));
                var error = GroupScale.SquaredError<T>(w, rounded, BFloat16.Widen(fitted));
                if (error < best)
                    (best, scale) = (error, fitted);
            }
        GroupScale.Round<T>(w, BFloat16.Widen(scale), Lowest, Highest, rounded);
        for (var i = 0; i < Bytes; i++)
            to[i] = (byte)((int)rounded[i] - Lowest | (int)rounded[i + Bytes] - Lowest << 4);
        return scale;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T First<T>(byte* group) where T : struct, ILanes<T> => T.LoadLowInt4(group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Second<T>(byte* group) where T : struct, ILanes<T> => T.LoadHighInt4(group);
}
