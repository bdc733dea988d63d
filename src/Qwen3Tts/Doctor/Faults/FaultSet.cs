// A bit for each known fault. What a fault is stands in its own file beside this one; KnownFaults holds the two together.
namespace Qwen3Tts.Doctor.Faults;

/// <summary>A combination of known deviations from a right trainer. Each bit is explained in the file of that name.</summary>
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
    /// <summary>The official script before that commit, which brought the wrong hidden state in.</summary>
    OfficialBefore = Official & ~OwnHidden,
}
