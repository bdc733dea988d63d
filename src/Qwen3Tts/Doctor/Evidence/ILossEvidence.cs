using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>The losses of one checkpoint, as the rules need them. <see cref="Evidence.Measurement"/> computes them; tests read recorded
/// ones.</summary>
interface ILossEvidence
{
    int Clips { get; }

    /// <summary>Number of codes in a codebook; the loss of guessing is its logarithm.</summary>
    int Codebook { get; }

    /// <summary>Number of codes and control ids that the talker chooses from.</summary>
    int Vocabulary { get; }

    /// <summary>Whether the shapes of this model's weights allow the hypothesis.</summary>
    bool Allows(FaultSet faults);

    /// <summary>Whether a fault of the input changes the example of any clip.</summary>
    bool ShowsDifference(FaultSet input);

    /// <summary>The talker's loss on the first codes of a clip's frames.</summary>
    Cost Codes(int clip, FaultSet faults);

    /// <summary>The talker's loss on the end of the clip; empty if the hypothesis has no end target.</summary>
    Cost End(int clip, FaultSet faults);

    /// <summary>The code predictor's loss on the other codes of a clip's frames.</summary>
    Cost Predictor(int clip, FaultSet faults);
}

/// <summary>The evidence from the base, as the rules need it. <see cref="Evidence.Origin"/> computes it; tests read recorded
/// evidence.</summary>
interface IOriginEvidence
{
    /// <summary>The losses of the base.</summary>
    ILossEvidence Losses { get; }

    /// <summary>Whether the checkpoint may have been trained on a clip. Only then the fit of the clip counts.</summary>
    bool MayHaveSeen(int clip);

    /// <summary>What rows that moved, or did not move, show about faults.</summary>
    IReadOnlyList<RowEvidence> Rows { get; }

    /// <summary>Whether the talker's head changed; false if the clips are not those of the training.</summary>
    bool TalkerMoved { get; }

    /// <summary>Whether the talker's row for the end changed; false if the clips are not those of the training.</summary>
    bool EndMoved { get; }

    /// <summary>Whether a head of the code predictor changed; false if the clips are not those of the training.</summary>
    bool PredictorMoved { get; }

    /// <summary>The cosine between the change of the talker's head and the descent direction of the hypothesis.</summary>
    double CodesFit(int clip, FaultSet faults);

    /// <summary>The same for the code predictor's heads, as a mean over the heads.</summary>
    double PredictorFit(int clip, FaultSet faults);

    /// <summary>How many more elements of the end's row moved as in a training on this clip without its end than as in a training with its
    /// end.</summary>
    int CountEndVotes(int clip, FaultSet faults);

    /// <summary>The same number, if the row had moved as in the first step of a training on all clips with their ends.</summary>
    int CountEndVotesIfTaught(int clip, FaultSet faults);
}
