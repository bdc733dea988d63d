// One known deviation of fine-tuning scripts. Each fault has a file of its own that says all about it. The masks of the search, the words
// of the report, the way to speak with such a checkpoint, the rows of docs/doctor.md and the faults that the trainer plants in tests are
// derived from these files (KnownFaults). A new fault needs:
// - a file here, the last bit in FaultSet (the recorded grid stores bits as numbers) and a line in KnownFaults;
// - a Source, or the reason why no script is known; rows in both tables of docs/doctor.md (tests compare them);
// - if Edit cannot express it, because positions or pairs have no such property: a property of TrainingExample, which TalkerInput applies,
//   TalkerModule embeds, and Measurement compares before it reuses a pass;
// - if speaking can follow it: a Rescue, and a Compatibility if no option of `say` does it;
// - the recorded grid anew (GridRecordingTests), because the search needs the losses under the new fault.
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

/// <summary>How to speak with a checkpoint as a fault trained it.</summary>
/// <param name="Compatibility">The value of <c>--compat</c>, or null.</param>
/// <param name="Option">Another option of <c>say</c>, or null.</param>
/// <param name="Layout">The value of <c>--layout</c>, or null for the usual one.</param>
sealed record Rescue(string? Compatibility = null, string? Option = null, string? Layout = null);

/// <summary>What a row or tensor that moved, or stayed, says about a fault.</summary>
/// <param name="Fault">The fault.</param>
/// <param name="IsPresent">Whether it was there; if not, it is ruled out.</param>
/// <param name="Evidence">In words.</param>
sealed record RowEvidence(FaultSet Fault, bool IsPresent, string Evidence);

/// <summary>Which rows and tensors training moved.</summary>
interface IMovedParts
{
    /// <summary>Whether the rows of these control ids in the talker's codec embedding moved.</summary>
    bool Think { get; }
    bool NoThink { get; }
    bool ThinkEos { get; }

    /// <summary>Number of the code predictor's last head, and of its last embedding.</summary>
    int LastHead { get; }

    /// <summary>Whether a tensor moved; null where one of the two checkpoints lacks it.</summary>
    bool? HasMoved(string tensor);
}

/// <summary>One known deviation.</summary>
abstract class Fault
{
    /// <summary>Its bit.</summary>
    public abstract FaultSet Bit { get; }

    /// <summary>Its name in reports.</summary>
    public abstract string Name { get; }

    public abstract Stage Stage { get; }

    /// <summary>What a trainer with it did, as part of a sentence about the checkpoint.</summary>
    public abstract string Meaning { get; }

    /// <summary>What to do about it, without the full stop.</summary>
    public abstract string Remedy { get; }

    /// <summary>What betrays it, for docs/doctor.md.</summary>
    public virtual string Symptom => "losses, heads";

    /// <summary>Which lines of a script in circulation make it, and what mends them; null where no script is known to, or it is no
    /// fault.</summary>
    public virtual FaultSource? Source => null;

    /// <summary>How to speak with such a checkpoint as it was trained; null where no way of speaking is like its training.</summary>
    public virtual Rescue? Rescue => null;

    /// <summary>Whether a checkpoint trained so speaks wrongly; otherwise it is only another way to train rightly.</summary>
    public virtual bool IsMismatch => true;

    /// <summary>Whether it changes any number that one sequence gives. What changes none is neither measured nor named.</summary>
    public virtual bool IsVisible => true;

    /// <summary>Whether it changes the rows of the prefix. The search tries prefixes as wholes.</summary>
    public virtual bool IsPrefix => false;

    /// <summary>Whether it changes one row of the prefix alone, which hardly changes what the heads read.</summary>
    public virtual bool IsFaintInHeads => false;

    /// <summary>Whether the model does the same work with it, from another prompt. How the base likes a prompt says nothing about the
    /// training.</summary>
    public virtual bool OnlyChangesPrompt => false;

    /// <summary>Whether the talker's hidden states become others with it, so that the base's code predictor is no yardstick.</summary>
    public virtual bool ChangesStates => false;

    /// <summary>Faults that leave nothing for this one to edit.</summary>
    public virtual FaultSet Excludes => FaultSet.None;

    /// <summary>The example as a trainer with this fault would have seen it.</summary>
    public abstract TrainingExample Edit(TrainingExample example, SpecialTokens ids);

    /// <summary>What rows and tensors say about it; null where they say nothing.</summary>
    public virtual RowEvidence? ReadRows(IMovedParts moved) => null;

    /// <summary>Evidence that it was there, or was not.</summary>
    protected RowEvidence Say(bool isPlanted, string evidence) => new(Bit, isPlanted, evidence);
}
