using Qwen3Tts.Kernels;

namespace Qwen3Tts;

/// <summary>
/// How the weights of the language model are stored in memory. Fewer bytes are faster, because the time to read them limits the speed. With
/// <see cref="Int8"/> and <see cref="Int4"/> the decoder of the codec is BF16.
/// </summary>
public enum WeightPrecision
{
    /// <summary>In the type of the file: BF16 in the released models.</summary>
    Stored,

    /// <summary>One byte for each weight, and a scale for each 64 weights of a row: about half the memory of BF16.</summary>
    Int8,

    /// <summary>
    /// Four bits for each weight in the layers of the talker. The code predictor and the heads have one byte, because their errors change
    /// codes directly.
    /// </summary>
    Int4,
}

static class WeightPrecisions
{
    /// <summary>The type to which linear layers are converted; null to keep the stored type.</summary>
    public static WeightType? ToWeightType(this WeightPrecision precision) => precision switch
    {
        WeightPrecision.Int8 => WeightType.Int8,
        WeightPrecision.Int4 => WeightType.Int4,
        WeightPrecision.Stored => null,
        _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, "There is no such precision."),
    };
}
