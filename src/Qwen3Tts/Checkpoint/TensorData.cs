namespace Qwen3Tts.Checkpoint;

/// <summary>The elements of one tensor: BF16 bits if the file stores BF16, otherwise float32 (F16 is converted).</summary>
readonly record struct TensorData(float[]? Float32, ushort[]? BFloat16)
{
    /// <summary>Stands for a tensor that is not read.</summary>
    public static readonly TensorData None = new([], null);

    /// <summary>True if there are no numbers, because only shapes are checked and the network is thrown away.</summary>
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
