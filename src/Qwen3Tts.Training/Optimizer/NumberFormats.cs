// How the numbers of a tensor are stored: as float32, as BF16, or as float32 split into two halves of sixteen bits. The optimizer's kernel
// is written once over these formats.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Qwen3Tts.Training.Memory;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Optimizer;

/// <summary>Loads and stores eight numbers at a time.</summary>
unsafe interface INumberFormat
{
    static abstract int Size { get; }
    /// <summary>Whether <see cref="Store"/> uses stochastic rounding.</summary>
    static abstract bool IsRounded { get; }
    static abstract Vector256<float> Load(byte* from, byte* lower, int i);

    /// <summary>Stores eight numbers; with stochastic rounding the lower sixteen bits of the noise decide the direction.</summary>
    static abstract void Store(byte* to, byte* lower, int i, Vector256<float> x, Vector256<uint> noise);
}

/// <summary>Float32.</summary>
readonly unsafe struct Float32Format : INumberFormat
{
    public static int Size => sizeof(float);
    public static bool IsRounded => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* from, byte* lower, int i) => Vector256.Load((float*)from + i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* to, byte* lower, int i, Vector256<float> x, Vector256<uint> noise) => x.Store((float*)to + i);
}

/// <summary>BF16 with stochastic rounding.</summary>
readonly unsafe struct BFloat16Format : INumberFormat
{
    public static int Size => sizeof(ushort);
    public static bool IsRounded => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* from, byte* lower, int i) => (SplitFloat32Format.LoadWide(from, i) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* to, byte* lower, int i, Vector256<float> x, Vector256<uint> noise) =>
        SplitFloat32Format.StoreUpperHalves(to, i, x.AsUInt32() + (noise & Vector256.Create(0xFFFFu)));
}

/// <summary>
/// A float32 in two halves: the upper sixteen bits rounded to the nearest BF16, ties away from zero, and the lower sixteen as they are.
/// </summary>
readonly unsafe struct SplitFloat32Format : INumberFormat
{
    public static int Size => sizeof(ushort);
    public static bool IsRounded => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* from, byte* lower, int i)
    {
        var low = LoadWide(lower, i);
        // the upper half was rounded up where the lower half is one half or more
        return (LoadWide(from, i) - (low >>> 15) << 16 | low).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* to, byte* lower, int i, Vector256<float> x, Vector256<uint> noise)
    {
        var bits = x.AsUInt32();
        StoreUpperHalves(to, i, bits + Vector256.Create(0x8000u));
        StoreUpperHalves(lower, i, bits << 16);
    }

    /// <summary>The float32 master weights: their upper halves are the BF16 weights.</summary>
    public static float[] Join(Tensor weight, Tensor lower)
    {
        var values = new float[weight.numel()];
        byte* upper = TensorMemory.Address(weight), low = TensorMemory.Address(lower);
        for (var i = 0; i < values.Length; i++)
            values[i] = BitConverter.UInt32BitsToSingle((uint)(((ushort*)upper)[i] - (((ushort*)low)[i] >> 15)) << 16 | ((ushort*)low)[i]);
        return values;
    }

    /// <summary>Splits master weights into BF16 weights and lower halves. overwrites: weight, lower.</summary>
    public static void Split(float[] values, Tensor weight, Tensor lower)
    {
        byte* upper = TensorMemory.Address(weight), low = TensorMemory.Address(lower);
        for (var i = 0; i < values.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(values[i]);
            (((ushort*)upper)[i], ((ushort*)low)[i]) = ((ushort)(bits + 0x8000 >> 16), (ushort)bits);
        }
    }

    /// <summary>Loads eight numbers of sixteen bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> LoadWide(byte* from, int i)
    {
        var x = Vector128.Load((ushort*)from + i);
        return Vector256.Create(Vector128.WidenLower(x), Vector128.WidenUpper(x));
    }

    /// <summary>Stores the upper halves of eight numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreUpperHalves(byte* to, int i, Vector256<uint> bits)
    {
        var upper = bits >>> 16;
        Vector128.Narrow(upper.GetLower(), upper.GetUpper()).Store((ushort*)to + i);
    }
}
