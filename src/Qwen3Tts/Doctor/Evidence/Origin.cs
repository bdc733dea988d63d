using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>How well one hypothesis explains what moved in the talker's head.</summary>
/// <param name="Codes">Cosine with the way down its gradient.</param>
/// <param name="Taught">That way for the row of the end [hidden], if ends are taught.</param>
/// <param name="Untaught">And if they are not: away from where the base expects them.</param>
readonly record struct TalkerFit(double Codes, double[] Taught, double[] Untaught);

/// <summary>
/// What a checkpoint was trained from: its losses, what moved since, and how well that fits each hypothesis. All is computed once.
/// </summary>
/// <param name="measurement">Of the base.</param>
/// <param name="rows">What rows that moved, or did not, rule out.</param>
/// <param name="moved">The heads, since the base.</param>
/// <param name="seen">Which clips may have been trained on. Of others the fit says nothing: near an optimum, gradients of other clips point
/// elsewhere.</param>
sealed class Origin(Measurement measurement, IReadOnlyList<RowEvidence> rows, HeadMovement moved, IReadOnlyList<bool> seen)
    : IOriginEvidence
{
    /// <summary>Whether most clips may have been trained on, as far as the rows that moved show.</summary>
    public bool CanTell { get; } = 2 * seen.Count(s => s) >= seen.Count;

    readonly Dictionary<(int Clip, FaultSet Faults), TalkerFit> _talker = [];
    readonly Dictionary<(int Clip, FaultSet Faults), double> _predictor = [];

    public Measurement Measurement => measurement;
    public ILossEvidence Losses => measurement;

    /// <summary>Whether a clip's fit counts.</summary>
    public bool Seen(int clip) => seen[clip];

    public IReadOnlyList<RowEvidence> Rows => rows;
    public bool TalkerMoved => CanTell && moved.Talker is not null;
    public bool EndMoved => CanTell && moved.End is not null;
    public bool PredictorMoved => CanTell && moved.Predictor.Any(h => h is not null);

    /// <summary>Of the talker's head.</summary>
    public TalkerFit TalkerFit(int clip, FaultSet faults) =>
        _talker.TryGetValue((clip, faults), out var fit) ? fit : _talker[(clip, faults)] = measurement.TalkerFit(clip, faults, moved);

    public double CodesFit(int clip, FaultSet faults) => TalkerFit(clip, faults).Codes;

    /// <summary>Of the code predictor's heads, on average.</summary>
    public double PredictorFit(int clip, FaultSet faults) =>
        _predictor.TryGetValue((clip, faults), out var fit) ? fit
            : _predictor[(clip, faults)] = measurement.PredictorFit(clip, faults, moved);

    /// <summary>How many more elements of the end's row went the way of a training on this clip without its end than the way with it. A
    /// clip has at most as many votes as the row has elements, however long it is.</summary>
    public int CountEndVotes(int clip, FaultSet faults)
    {
        var fit = TalkerFit(clip, faults);
        return moved.End!.Votes(fit.Taught, fit.Untaught).More;
    }
}
