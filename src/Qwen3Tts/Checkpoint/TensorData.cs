namespace Qwen3Tts.Checkpoint;

/// <summary>One tensor's elements: BF16 bits when the file stores BF16, float32 otherwise (F16 is widened).</summary>
readonly record struct TensorData(float[]? Float32, ushort[]? BFloat16)
{
    /// <summary>Stands for a tensor that is not read.</summary>
    public static readonly TensorData None = new([], null);

    /// <summary>There are no numbers: the network that is being made is thrown away.</summary>
    public bool IsNone => ReferenceEquals(Float32, None.Float32);

    public float[] Widen()
    {
        if (Float32 is { } f)
            return f;
        var result = GC.AllocateUninitializedArray<float>(BFloat16!.Length);
        Kernels.BFloat16.Widen(BFloat16, result);
        return result;
    }
}
