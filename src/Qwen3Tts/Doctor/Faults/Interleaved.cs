using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor.Faults;

/// <summary>The text stands beside the codes instead of before them. This is no fault: it is the other layout.</summary>
sealed class Interleaved : Fault
{
    public override FaultSet Bit => FaultSet.Interleaved;
    public override string Name => "interleaved";
    public override Stage Stage => Stage.Input;
    public override string Meaning => "its text ran beside the codes";
    public override string Remedy => "Speak with the layout interleaved";
    public override Rescue Rescue => new(Layout: "interleaved");
    public override bool IsMismatch => false;
    public override bool OnlyChangesPrompt => true;

    /// <summary>Removes the rows of the text. Their tokens replace the tts_pad beside codec_bos and beside the steps after it, one token
    /// for each step.</summary>
    public override TrainingExample Edit(TrainingExample example, SpecialTokens ids)
    {
        var positions = example.Positions.ToList();
        var first = positions.FindIndex(p => p.Text == ids.TextBos && p.Codec is not null) + 1;
        var start = positions.FindIndex(p => p.Codec is CodecStep.Token { Id: var id } && id == ids.CodecBos);
        var text = new Queue<int?>(positions[first..start].Select(p => p.Text));
        positions.RemoveRange(first, start - first);
        for (var p = first; p < positions.Count && text.TryDequeue(out var id); p++)
            positions[p] = positions[p] with { Text = id };
        return ControlRows.Shift(example, positions, first - start);
    }
}
