namespace Qwen3Tts.Doctor.Evidence;

/// <summary>Tensors of one kind, together.</summary>
/// <param name="Name">Their part of the network.</param>
/// <param name="Tensors">How many.</param>
/// <param name="Unmoved">How many are bit for bit the base's.</param>
/// <param name="Changed">Share of elements that differ.</param>
/// <param name="Relative">|new - old| / |old|, over all of them.</param>
/// <param name="EffectiveRank">Directions that carry the change of one matrix in their middle, by participation: r at most for a LoRA of
/// rank r. Null for vectors and tables.</param>
/// <param name="Rank">The most it could be.</param>
sealed record MovedGroup(string Name, int Tensors, int Unmoved, double Changed, double Relative, double? EffectiveRank, int? Rank);

/// <param name="Groups">In the order of the network.</param>
/// <param name="TextRows">Rows of the text embedding that changed.</param>
/// <param name="CodecRows">Rows of the talker's codec embedding that changed, by their names where they have one.</param>
/// <param name="Foreign">Tensors that only one of the two has, or with another shape.</param>
sealed record MovementReport(IReadOnlyList<MovedGroup> Groups, int TextRows, IReadOnlyList<string> CodecRows, IReadOnlyList<string> Foreign)
{
    public bool Nothing => Groups.All(g => g.Relative == 0);
}
