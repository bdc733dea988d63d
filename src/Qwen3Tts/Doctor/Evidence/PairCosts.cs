using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>The losses of the code predictor's heads, for each pair of head and codebook that some hypothesis needs. The entry of a pair
/// that was not measured is NaN, and reading it is an error: if it were 0, it would look like the lowest loss of all.</summary>
sealed class PairCosts
{
    readonly double[,] _nats; // [heads, codebooks]

    /// <param name="groups">Number of codebooks of a frame; the number of heads is one less.</param>
    /// <param name="pairs">The pairs that will be measured.</param>
    public PairCosts(int groups, IReadOnlyCollection<HeadTarget> pairs)
    {
        (Pairs, _nats) = (pairs, new double[groups - 1, groups]);
        for (var head = 0; head < groups - 1; head++)
            for (var codebook = 0; codebook < groups; codebook++)
                _nats[head, codebook] = double.NaN;
        foreach (var (head, codebook) in pairs)
            _nats[head, codebook] = 0;
    }

    /// <summary>The pairs that are measured.</summary>
    public IReadOnlyCollection<HeadTarget> Pairs { get; }

    /// <summary>The summed loss of a pair, in nats.</summary>
    /// <exception cref="InvalidOperationException">The pair is not measured.</exception>
    public double this[HeadTarget pair] => IsMeasured(pair) ? _nats[pair.Head, pair.Codebook] : throw new InvalidOperationException(
        $"Head {pair.Head} on codebook {pair.Codebook} was not measured. Add the pair to those that the hypotheses need.");

    public bool IsMeasured(HeadTarget pair) => !double.IsNaN(_nats[pair.Head, pair.Codebook]);

    public void Add(HeadTarget pair, double nats) => _nats[pair.Head, pair.Codebook] += nats;

    /// <summary>Every pair that some hypothesis about the heads needs.</summary>
    public static IReadOnlyCollection<HeadTarget> ListNeeded(TrainingExample example, SpecialTokens ids) =>
        [.. KnownFaults.ListSubsets(KnownFaults.Heads).SelectMany(f => Hypothesis.Edit(f, example, ids).Heads).Distinct()];
}
