using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>What the predictions of the code predictor's heads cost, for the pairs of head and codebook that some hypothesis asks for. A
/// pair that was not measured is no number, and asking for it is an error: a sum that began at 0 would be the lowest loss of all.</summary>
sealed class PairCosts
{
    readonly double[,] _nats; // [heads, codebooks]

    /// <param name="groups">Codebooks of a frame; there is one head fewer.</param>
    /// <param name="pairs">Those that will be measured.</param>
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

    /// <summary>The sum of a pair, in nats.</summary>
    /// <exception cref="InvalidOperationException">The pair is not measured.</exception>
    public double this[HeadTarget pair] => IsMeasured(pair) ? _nats[pair.Head, pair.Codebook] : throw new InvalidOperationException(
        $"Head {pair.Head} on codebook {pair.Codebook} was not measured. List the pair among those that the hypotheses ask for.");

    public bool IsMeasured(HeadTarget pair) => !double.IsNaN(_nats[pair.Head, pair.Codebook]);

    public void Add(HeadTarget pair, double nats) => _nats[pair.Head, pair.Codebook] += nats;

    /// <summary>Every pair that a hypothesis about the heads asks for.</summary>
    public static IReadOnlyCollection<HeadTarget> ListAsked(TrainingExample example, SpecialTokens ids) =>
        [.. KnownFaults.ListSubsets(KnownFaults.Heads).SelectMany(f => Hypothesis.Edit(f, example, ids).Heads).Distinct()];
}
