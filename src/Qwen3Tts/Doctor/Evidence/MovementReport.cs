namespace Qwen3Tts.Doctor.Evidence;

/// <summary>How all tensors of one kind changed.</summary>
/// <param name="Name">The part of the network that they belong to.</param>
/// <param name="Tensors">How many tensors.</param>
/// <param name="Unmoved">How many of them equal the base's, bit for bit.</param>
/// <param name="Changed">Share of elements that differ.</param>
/// <param name="Relative">|new - old| / |old|, over all of them.</param>
/// <param name="EffectiveRank">Effective rank of the change of one matrix, the middle one of the group: at most r for a LoRA of rank r.
/// Null for vectors and embeddings.</param>
/// <param name="Rank">The largest rank that this matrix can have; null for vectors and embeddings.</param>
sealed record MovedGroup(string Name, int Tensors, int Unmoved, double Changed, double Relative, double? EffectiveRank, int? Rank);

/// <summary>How the weights changed since the base.</summary>
/// <param name="Groups">The groups, in the order of the network.</param>
/// <param name="TextRows">Number of rows of the text embedding that changed.</param>
/// <param name="CodecRows">Rows of the talker's codec embedding that changed, by name if they have one.</param>
/// <param name="Foreign">Tensors that only one of the two checkpoints has, or that differ in shape.</param>
sealed record MovementReport(IReadOnlyList<MovedGroup> Groups, int TextRows, IReadOnlyList<string> CodecRows, IReadOnlyList<string> Foreign)
{
    public bool Nothing => Groups.All(g => g.Relative == 0);
}
