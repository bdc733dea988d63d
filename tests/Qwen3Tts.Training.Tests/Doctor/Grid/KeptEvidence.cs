// Evidence from recorded numbers. During the recording, the model computes the missing numbers. They are rounded at once as in the file, so
// that later decisions from the file are the same.
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Tests;

/// <param name="set">The set of clips.</param>
/// <param name="kept">The recorded losses.</param>
/// <param name="model">Computes missing numbers; null: a missing number is an error.</param>
sealed class KeptLosses(ClipFeatures set, LossFeatures kept, ILossEvidence? model = null) : ILossEvidence
{
    /// <summary>Faults that do not change the talker's loss on any target.</summary>
    public static readonly FaultSet EndAndPredictor = KnownFaults.End | KnownFaults.Predictor;

    /// <summary>Faults that do not change the code predictor's loss.</summary>
    public static readonly FaultSet EndAndLabels = KnownFaults.End | KnownFaults.Labels;

    public int Clips => set.Clips;
    public int Codebook => set.Codebook;
    public int Vocabulary => set.Vocabulary;
    public bool Allows(FaultSet faults) => set.RawText || !faults.HasFlag(FaultSet.NoTextProjection);
    public bool ShowsDifference(FaultSet input) => ((FaultSet)set.Shows & input) != 0;

    public Cost Codes(int clip, FaultSet faults) =>
        Read(clip, faults & ~EndAndPredictor, kept.Codes, set.Counts.Codes, (m, f) => m.Codes(clip, f));

    public Cost End(int clip, FaultSet faults) => faults.HasFlag(FaultSet.NoEos) ? default
        : Read(clip, faults & ~EndAndPredictor, kept.End, set.Counts.End, (m, f) => m.End(clip, f));

    public Cost Predictor(int clip, FaultSet faults) =>
        Read(clip, faults & ~EndAndLabels, kept.Predictor, set.Counts.Predictor, (m, f) => m.Predictor(clip, f));

    Cost Read(int clip, FaultSet faults, PerClip nats, PerClip counts, Func<ILossEvidence, FaultSet, Cost> ask)
    {
        Cost? asked = null;
        Cost Ask() => asked ??= ask(model!, faults);
        return new(nats.Read(faults, clip, model is null ? null : () => Ask().Nats),
            (int)counts.Read(faults, clip, model is null ? null : () => Ask().Count));
    }

    /// <summary>A set of clips without recorded numbers, with the properties of this model.</summary>
    public static ClipFeatures Describe(string name, ILossEvidence model) => new()
    {
        Name = name,
        Clips = model.Clips,
        Codebook = model.Codebook,
        Vocabulary = model.Vocabulary,
        RawText = model.Allows(FaultSet.NoTextProjection),
        Shows = (int)KnownFaults.ListParts(KnownFaults.Input).Where(f => model.ShowsDifference(f.Bit))
            .Aggregate(FaultSet.None, (sum, f) => sum | f.Bit),
    };
}

/// <param name="set">The set of clips.</param>
/// <param name="kept">The recorded evidence from the base.</param>
/// <param name="model">Computes missing numbers; null: a missing number is an error.</param>
sealed class KeptOrigin(ClipFeatures set, OriginFeatures kept, IOriginEvidence? model = null) : IOriginEvidence
{
    public ILossEvidence Losses { get; } = new KeptLosses(set, set.Base, model?.Losses);
    public bool MayHaveSeen(int clip) => kept.Seen[clip] == '1';
    public IReadOnlyList<RowEvidence> Rows { get; } = [.. kept.Rows.Select(r => new RowEvidence((FaultSet)r[0], r[1] == 1, ""))];
    public bool TalkerMoved => kept.Talker;
    public bool EndMoved => kept.End;
    public bool PredictorMoved => kept.Predictor;

    public double CodesFit(int clip, FaultSet faults) =>
        Read(kept.CodesFit, clip, faults & ~KeptLosses.EndAndPredictor, (m, f) => m.CodesFit(clip, f));

    public double PredictorFit(int clip, FaultSet faults) =>
        Read(kept.PredictorFit, clip, faults & ~KeptLosses.EndAndLabels, (m, f) => m.PredictorFit(clip, f));

    public int CountEndVotes(int clip, FaultSet faults) =>
        (int)Read(kept.Votes, clip, faults & ~KeptLosses.EndAndPredictor, (m, f) => m.CountEndVotes(clip, f));

    public int CountEndVotesIfTaught(int clip, FaultSet faults) =>
        (int)Read(kept.VotesIfTaught ??= [], clip, faults & ~KeptLosses.EndAndPredictor, (m, f) => m.CountEndVotesIfTaught(clip, f));

    double Read(PerClip numbers, int clip, FaultSet faults, Func<IOriginEvidence, FaultSet, double> ask) =>
        numbers.Read(faults, clip, model is null ? null : () => ask(model, faults));

    /// <summary>The evidence from the base, without any number of a hypothesis.</summary>
    public static OriginFeatures Describe(IOriginEvidence model) => new()
    {
        Seen = string.Concat(Enumerable.Range(0, model.Losses.Clips).Select(clip => model.MayHaveSeen(clip) ? '1' : '0')),
        Rows = [.. model.Rows.Select(r => new[] { (int)r.Fault, r.IsPresent ? 1 : 0 })],
        Talker = model.TalkerMoved,
        End = model.EndMoved,
        Predictor = model.PredictorMoved,
    };
}
