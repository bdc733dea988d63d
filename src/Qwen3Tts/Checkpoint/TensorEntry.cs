namespace Qwen3Tts.Checkpoint;

/// <summary>
/// The element types of Qwen3-TTS checkpoints, F64, which some exporters write, and the integers of quantised weights and of other files.
/// </summary>
enum ElementType { BF16, F16, F32, I64, I32, I8, U8, F64 }

/// <summary>The place of one tensor in a file. <paramref name="Offset"/> counts from the start of the file, in bytes.</summary>
sealed record TensorEntry(string Name, ElementType Type, int[] Shape, long Offset, long Bytes)
{
    public long Elements => Shape.Aggregate(1L, (a, b) => a * b);
}
