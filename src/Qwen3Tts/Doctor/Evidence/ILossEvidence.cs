using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>What the rules read about the losses of one checkpoint: <see cref="Evidence.Measurement"/> computes it, and tests keep
/// it.</summary>
interface ILossEvidence
{
    int Clips { get; }

    /// <summary>Codes of a codebook: guessing costs the logarithm of it.</summary>
    int Codebook { get; }

    /// <summary>Codes and control ids that the talker chooses from.</summary>
    int Vocabulary { get; }

    /// <summary>Whether this model's shapes allow the hypothesis.</summary>
    bool Allows(FaultSet faults);

    /// <summary>Whether any clip shows the difference that a fault of the input makes.</summary>
    bool ShowsDifference(FaultSet input);

    /// <summary>What the first codes of a clip's frames cost.</summary>
    Cost Codes(int clip, FaultSet faults);

    /// <summary>What the end of the clip costs; empty where the hypothesis has none.</summary>
    Cost End(int clip, FaultSet faults);

    /// <summary>What the other codes of its frames cost.</summary>
    Cost Predictor(int clip, FaultSet faults);
}

/// <summary>What the rules read about the way from the base: <see cref="Evidence.Origin"/> computes it, and tests keep it.</summary>
interface IOriginEvidence
{
    /// <summary>Of the base.</summary>
    ILossEvidence Losses { get; }

    /// <summary>Whether a clip may have been trained on, so that its fit counts.</summary>
    bool Seen(int clip);

    /// <summary>What rows that moved, or did not, rule out.</summary>
    IReadOnlyList<RowEvidence> Rows { get; }

    /// <summary>Whether the talker's head moved, its row for the end, and a head of the code predictor; false where the clips are not those
    /// of the training.</summary>
    bool TalkerMoved { get; }
    bool EndMoved { get; }
    bool PredictorMoved { get; }

    /// <summary>The cosine of what moved in the talker's head with the way down the hypothesis' gradient.</summary>
    double CodesFit(int clip, FaultSet faults);

    /// <summary>The same of the code predictor's heads, on average.</summary>
    double PredictorFit(int clip, FaultSet faults);

    /// <summary>How many more elements of the end's row went the way of a training on this clip without its end than the way with
    /// it.</summary>
    int CountEndVotes(int clip, FaultSet faults);
}
