using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>The code predictor of frame k starts from the talker's hidden state at frame k, which has already seen the codes to be
/// predicted.</summary>
sealed class OwnHidden : Fault
{
    public override FaultSet Bit => FaultSet.OwnHidden;
    public override string Name => "own_hidden";
    public override Stage Stage => Stage.HiddenState;
    public override string Meaning =>
        "the code predictor was trained on the talker's state of its own frame, which has already seen the answer";
    public override string Remedy => "Retrain from the base with the state one position earlier";

    public override FaultSource Source => new(
        "official finetuning/sft_12hz.py (022e286), line 108",
        "codec_mask[:, :-1]", "takes the state of the frame itself (that commit brought it in)", "write `codec_mask[:, 1:]`");

    public override TrainingExample Edit(TrainingExample example, SpecialTokens ids) =>
        example with { Frames = [.. example.Frames.Select(f => f with { Position = f.Position + 1 })] };
}
