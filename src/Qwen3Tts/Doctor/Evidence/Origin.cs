using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>How well one hypothesis explains the change of the talker's head.</summary>
/// <param name="Codes">Cosine between the change and the descent direction of the hypothesis.</param>
/// <param name="Taught">The descent direction of the row for the end [hidden], if ends are taught.</param>
/// <param name="Untaught">The same if ends are not taught: away from the hidden states at which the base expects an end.</param>
readonly record struct TalkerFit(double Codes, double[] Taught, double[] Untaught);

/// <summary>The evidence from the base: its losses, which rows and heads changed since, and how well the change of the heads fits each
/// hypothesis. Each number is computed once.</summary>
/// <param name="measurement">The measurement of the base.</param>
/// <param name="rows">What rows that moved, or did not move, show about faults.</param>
/// <param name="moved">The changes of the heads since the base.</param>
/// <param name="seen">Which clips may have been trained on. The fit on other clips is no evidence: near an optimum, their gradients point
/// in other directions.</param>
sealed class Origin(Measurement measurement, IReadOnlyList<RowEvidence> rows, HeadMovement moved, IReadOnlyList<bool> seen)
    : IOriginEvidence
{
    /// <summary>Whether at least half of the clips may have been trained on, according to the rows that moved.</summary>
    public bool CanTell { get; } = 2 * seen.Count(s => s) >= seen.Count;

    readonly Dictionary<(int Clip, FaultSet Faults), TalkerFit> _talker = [];
    readonly Dictionary<(int Clip, FaultSet Faults), double> _predictor = [];
    readonly Dictionary<FaultSet, HeadChange> _taughtSteps = [];

    public Measurement Measurement => measurement;
    public ILossEvidence Losses => measurement;

    /// <summary>Whether the checkpoint may have been trained on a clip. Only then the fit of the clip counts.</summary>
    public bool MayHaveSeen(int clip) => seen[clip];

    public IReadOnlyList<RowEvidence> Rows => rows;
    public bool TalkerMoved => CanTell && moved.Talker is not null;
    public bool EndMoved => CanTell && moved.End is not null;
    public bool PredictorMoved => CanTell && moved.Predictor.Any(h => h is not null);

    /// <summary>The fit of the talker's head.</summary>
    public TalkerFit TalkerFit(int clip, FaultSet faults) =>
        _talker.TryGetValue((clip, faults), out var fit) ? fit : _talker[(clip, faults)] = measurement.TalkerFit(clip, faults, moved);

    public double CodesFit(int clip, FaultSet faults) => TalkerFit(clip, faults).Codes;

    /// <summary>The fit of the code predictor's heads, as a mean over the heads.</summary>
    public double PredictorFit(int clip, FaultSet faults) =>
        _predictor.TryGetValue((clip, faults), out var fit) ? fit
            : _predictor[(clip, faults)] = measurement.PredictorFit(clip, faults, moved);

    /// <summary>How many more elements of the end's row moved as in a training on this clip without its end than as in a training with its
    /// end. However long a clip is, it has at most as many votes as the row has elements.</summary>
    public int CountEndVotes(int clip, FaultSet faults)
    {
        var fit = TalkerFit(clip, faults);
        return moved.End!.CountVotes(fit.Taught, fit.Untaught).Lead;
    }

    /// <summary>The same count, if the elements of the row had moved as in the first step of a training on all clips with their
    /// ends.</summary>
    public int CountEndVotesIfTaught(int clip, FaultSet faults)
    {
        var fit = TalkerFit(clip, faults);
        return TaughtStep(faults).CountVotes(fit.Taught, fit.Untaught).Lead;
    }

    /// <summary>The first step along the sum of the directions of all clips that may have been trained on.</summary>
    HeadChange TaughtStep(FaultSet faults)
    {
        if (_taughtSteps.TryGetValue(faults, out var known))
            return known;
        var directions = Enumerable.Range(0, seen.Count).Where(MayHaveSeen).Select(clip => TalkerFit(clip, faults).Taught);
        return _taughtSteps[faults] = moved.End!.Along(directions.Aggregate((a, b) => [.. a.Zip(b, (x, y) => x + y)]));
    }
}
