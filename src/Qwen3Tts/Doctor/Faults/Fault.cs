// One known mistake of fine-tuning scripts. Each fault has a file of its own, which has everything about this fault. The masks of the
// search, the texts of the report, the options to speak with such a checkpoint, the rows of docs/doctor.md and the faults that the trainer
// plants in tests are derived from these files (KnownFaults). A new fault needs:
// - a file here, a new highest bit in FaultSet (the recorded grid stores bits as numbers) and a line in KnownFaults;
// - a Source, if a script is known that makes it; rows in both tables of docs/doctor.md (tests compare them);
// - if Edit cannot express it, because positions or pairs have no such property: a new property of TrainingExample, which TalkerInput
// applies, TalkerModule embeds, and Measurement compares before it reuses a pass;
// - if it is possible to speak with the same sequence: a Rescue, and a Compatibility if no option of `say` does it;
// - a new recording of the grid (GridRecordingTests), because the search needs the losses under the new fault.
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>The part of a training example that a fault edits.</summary>
enum Stage
{
    /// <summary>What the talker reads.</summary>
    Input,
    /// <summary>Which code the talker is taught at a position.</summary>
    Label,
    /// <summary>Whether the talker is taught the end of speech.</summary>
    End,
    /// <summary>The hidden state of the talker from which the code predictor starts.</summary>
    HiddenState,
    /// <summary>Which codebook each head of the code predictor is taught.</summary>
    Head,
}

/// <summary>How to speak with the same sequence that a trainer with a fault used.</summary>
/// <param name="Compatibility">The value of <c>--compat</c>, or null.</param>
/// <param name="Option">Another option of <c>say</c>, or null.</param>
/// <param name="Layout">The value of <c>--layout</c>, or null for the usual one.</param>
sealed record Rescue(string? Compatibility = null, string? Option = null, string? Layout = null);

/// <summary>What a row or tensor that moved, or did not move, shows about a fault.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="IsPresent">Whether the checkpoint was trained with the fault; if false, the fault is ruled out.</param>
/// <param name="Evidence">The evidence in words.</param>
sealed record RowEvidence(FaultSet Fault, bool IsPresent, string Evidence);

/// <summary>Which rows and tensors moved in training.</summary>
interface IMovedParts
{
    /// <summary>Whether the row 'think' of the talker's codec embedding moved.</summary>
    bool Think { get; }

    /// <summary>The same for the row 'nothink'.</summary>
    bool NoThink { get; }

    /// <summary>The same for the row 'think_eos'.</summary>
    bool ThinkEos { get; }

    /// <summary>Index of the code predictor's last head, and of its last embedding.</summary>
    int LastHead { get; }

    /// <summary>Whether a tensor moved; null if one of the two checkpoints lacks it.</summary>
    bool? HasMoved(string tensor);
}

/// <summary>One known fault of fine-tuning scripts.</summary>
abstract class Fault
{
    /// <summary>Its bit in a set of faults.</summary>
    public abstract FaultSet Bit { get; }

    /// <summary>Its name in reports.</summary>
    public abstract string Name { get; }

    /// <summary>The part of a training example that it edits.</summary>
    public abstract Stage Stage { get; }

    /// <summary>What a trainer with this fault did, as part of a sentence about the checkpoint.</summary>
    public abstract string Meaning { get; }

    /// <summary>What to do about it, without the full stop.</summary>
    public abstract string Remedy { get; }

    /// <summary>The evidence that shows it, for docs/doctor.md.</summary>
    public virtual string Symptom => "losses, heads";

    /// <summary>Which lines of a published script make it, and the patch; null if no script is known to make it, or if it is no
    /// fault.</summary>
    public virtual FaultSource? Source => null;

    /// <summary>How to speak with such a checkpoint as it was trained; null if that is impossible.</summary>
    public virtual Rescue? Rescue => null;

    /// <summary>Whether a checkpoint that was trained with it speaks wrongly. If false, it is only another correct way to train.</summary>
    public virtual bool IsMismatch => true;

    /// <summary>Whether it changes any number that is computed from a single sequence. A fault that changes none is neither measured nor
    /// named.</summary>
    public virtual bool IsVisible => true;

    /// <summary>Whether it changes the rows of the prefix. The search tries whole prefixes, not single changes of a prefix.</summary>
    public virtual bool IsPrefix => false;

    /// <summary>Whether it changes only one row of the prefix, which hardly changes the hidden states that the heads read.</summary>
    public virtual bool IsFaintInHeads => false;

    /// <summary>Whether it only changes the prompt, and the model predicts the same codes. The base's loss under such a prompt therefore
    /// says nothing about how the checkpoint was trained.</summary>
    public virtual bool OnlyChangesPrompt => false;

    /// <summary>Whether it changes the talker's hidden states so much that the loss of the base's code predictor cannot be
    /// compared.</summary>
    public virtual bool ChangesStates => false;

    /// <summary>Faults after which this one has nothing left to edit. The search does not combine it with them.</summary>
    public virtual FaultSet Excludes => FaultSet.None;

    /// <summary>The example as a trainer with this fault would have seen it.</summary>
    public abstract TrainingExample Edit(TrainingExample example, SpecialTokens ids);

    /// <summary>What rows and tensors show about this fault; null if they show nothing.</summary>
    public virtual RowEvidence? ReadRows(IMovedParts moved) => null;

    /// <summary>Evidence that the checkpoint was trained with this fault, or without it.</summary>
    protected RowEvidence CreateEvidence(bool isPresent, string evidence) => new(Bit, isPresent, evidence);
}
