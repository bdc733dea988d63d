namespace Qwen3Tts;

/// <summary>How the weights of the language model are held in memory. Fewer bytes are faster, because speaking is bound by reading
/// them.</summary>
public enum WeightPrecision
{
    /// <summary>As the file stores them: BF16 in the released models.</summary>
    Stored,

    /// <summary>A byte each, with a scale for each 64 of a row: half the memory of BF16.</summary>
    Int8,

    /// <summary>Four bits each in the layers of the talker, a byte in all others: the code predictor, which finishes every frame, speaks
    /// audibly worse with fewer.</summary>
    Int4,
}
