// One bit for each known fault. Each fault is described in a file of its own beside this one; KnownFaults connects bits and files.
namespace Qwen3Tts.Doctor.Faults;

/// <summary>A combination of known faults. The file of the same name explains each bit.</summary>
[Flags]
enum FaultSet
{
    None = 0,
    NoTextProjection = 1,
    LabelsShiftedTwice = 2,
    OwnHidden = 4,
    SubLabelsShifted = 8,
    NoLanguage = 16,
    SpeakerAt6 = 32,
    NoEos = 64,
    FirstCodebookOnly = 128,
    MaskBeforeProjection = 256,
    Interleaved = 512,
    NoSpeaker = 1024,
    /// <summary>The official script at commit 022e286.</summary>
    Official = NoTextProjection | LabelsShiftedTwice | OwnHidden | SubLabelsShifted | NoLanguage,
    /// <summary>The official script before that commit, which introduced the wrong hidden state.</summary>
    OfficialBefore = Official & ~OwnHidden,
}
