// What a checkpoint may have been trained with. Each known fault of fine-tuning scripts is an edit of one example's positions and pairs;
// the networks and the loss are the same for all. Tests plant faults through this; a doctor measures a checkpoint under each of them.
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Doctor;

/// <summary>The known faults, which may be combined; and the other ways in which a right trainer may have fed a model.</summary>
[Flags]
enum Faults
{
    None = 0,
    /// <summary>Text rows enter without text_projection. Only possible where text and talker are equally wide.</summary>
    NoTextProjection = 1,
    /// <summary>Row p is taught the code of p + 2: frame 0 by the row before codec_bos, the end by the last frame but one.</summary>
    LabelsShiftedTwice = 2,
    /// <summary>The code predictor of frame k starts from the hidden state of frame k, which has seen the answer.</summary>
    OwnHidden = 4,
    /// <summary>Head j is taught the codebook after its own; the last head is never taught.</summary>
    SubLabelsShifted = 8,
    /// <summary>The prefix is always nothink, although the utterance has a language.</summary>
    NoLanguage = 16,
    /// <summary>With a language, the speaker replaces think_eos, and its own row has no codec side.</summary>
    SpeakerAt6 = 32,
    /// <summary>The end of speech is never taught.</summary>
    NoEos = 64,
    /// <summary>Frames enter the talker by their first code alone.</summary>
    FirstCodebookOnly = 128,
    /// <summary>Rows of padding carry the projection of a zero vector. No other row looks at them and one sequence has none: the same as no fault.</summary>
    MaskBeforeProjection = 256,
    /// <summary>Text runs beside the codes instead of before them. No fault: the other layout.</summary>
    Interleaved = 512,
    /// <summary>There is no speaker row. No fault in a model that is told its voice in words.</summary>
    NoSpeaker = 1024,
    /// <summary>The official script at commit 022e286.</summary>
    Official = NoTextProjection | LabelsShiftedTwice | OwnHidden | SubLabelsShifted | NoLanguage,
    /// <summary>The official script before that commit, which brought the wrong hidden state in.</summary>
    OfficialBefore = Official & ~OwnHidden,
}

/// <summary>A name for a combination of faults, and the edit it makes.</summary>
sealed record Hypothesis(string Name, Faults Faults)
{
    /// <summary>How the format is; edits nothing.</summary>
    public static Hypothesis Correct { get; } = new("correct", Faults.None);

    /// <summary>All that has a name of its own: correct, each deviation alone, and the official script in its two states.</summary>
    public static IReadOnlyList<Hypothesis> All { get; } =
    [
        Correct,
        new("no_text_projection", Faults.NoTextProjection),
        new("labels_shifted_twice", Faults.LabelsShiftedTwice),
        new("own_hidden", Faults.OwnHidden),
        new("sub_labels_shifted", Faults.SubLabelsShifted),
        new("no_language", Faults.NoLanguage),
        new("speaker_at_6", Faults.SpeakerAt6),
        new("no_eos", Faults.NoEos),
        new("first_codebook_only", Faults.FirstCodebookOnly),
        new("mask_before_projection", Faults.MaskBeforeProjection),
        new("interleaved", Faults.Interleaved),
        new("no_speaker", Faults.NoSpeaker),
        new("official", Faults.Official),
        new("official_before_022e286", Faults.OfficialBefore),
    ];

    /// <summary>The hypothesis of these faults: under its own name if it has one, else under the names of its parts, joined by '+'.</summary>
    public static Hypothesis Of(Faults faults) => All.FirstOrDefault(h => h.Faults == faults)
        ?? new(string.Join("+", All.Where(h => int.PopCount((int)h.Faults) == 1 && faults.HasFlag(h.Faults)).Select(h => h.Name)), faults);

    /// <summary>The example as a trainer with these faults would have seen it.</summary>
    public TrainingExample Edit(TrainingExample example, SpecialTokens ids)
    {
        if (Has(Faults.NoLanguage))
            example = WithoutLanguage(example, ids);
        if (Has(Faults.SpeakerAt6))
            example = WithSpeakerAt6(example, ids);
        if (Has(Faults.NoSpeaker))
            example = WithoutSpeaker(example, ids);
        if (Has(Faults.Interleaved))
            example = Interleaved(example, ids);
        if (Has(Faults.NoTextProjection))
            example = example with { ProjectsText = false };
        if (Has(Faults.FirstCodebookOnly))
            example = example with { Positions = [.. example.Positions.Select(p => p.Codec is CodecStep.Frame f ? p with { Codec = new CodecStep.Token(f.Codes[0]) } : p)] };
        if (Has(Faults.NoEos))
            example = example with { Talker = [.. example.Talker.Where(t => t.Code != ids.CodecEos)] };
        if (Has(Faults.LabelsShiftedTwice))
            example = example with { Talker = [.. example.Talker.Select(t => t with { Position = t.Position - 1 })] };
        if (Has(Faults.OwnHidden))
            example = example with { Frames = [.. example.Frames.Select(f => f with { Position = f.Position + 1 })] };
        if (Has(Faults.SubLabelsShifted))
            example = example with { Heads = [.. example.Heads.SkipLast(1).Select(h => h with { Codebook = h.Codebook + 1 })] };
        return example;
    }

    bool Has(Faults fault) => Faults.HasFlag(fault);

    /// <summary>think, think_bos, LANGUAGE, think_eos becomes nothink, think_bos, think_eos; all that follows moves up by one.</summary>
    static TrainingExample WithoutLanguage(TrainingExample example, SpecialTokens ids)
    {
        if (ThinkRow(example, ids) is not { } think)
            return example;
        var positions = example.Positions.ToList();
        positions[think] = positions[think] with { Codec = new CodecStep.Token(ids.NoThink) };
        positions.RemoveAt(think + 2);
        return Moved(example, positions, -1);
    }

    static TrainingExample WithSpeakerAt6(TrainingExample example, SpecialTokens ids)
    {
        if (ThinkRow(example, ids) is not { } think || example.Positions[think + 4].Text != ids.TextPad) // tts_bos: there is no speaker row
            return example;
        var positions = example.Positions.ToList();
        positions[think + 3] = positions[think + 3] with { Codec = positions[think + 4].Codec };
        positions[think + 4] = positions[think + 4] with { Codec = null };
        return example with { Positions = positions };
    }

    static TrainingExample WithoutSpeaker(TrainingExample example, SpecialTokens ids)
    {
        var positions = example.Positions.ToList();
        var row = positions.FindIndex(p => p.Text == ids.TextBos && p.Codec is not null) - 1;
        if (row < 0 || positions[row].Codec is null || positions[row].Codec == new CodecStep.Token(ids.ThinkEos))
            return example;
        positions.RemoveAt(row);
        return Moved(example, positions, -1);
    }

    /// <summary>The rows of text go; each of their tokens moves beside a codec step, from codec_bos on, in place of tts_pad.</summary>
    static TrainingExample Interleaved(TrainingExample example, SpecialTokens ids)
    {
        var positions = example.Positions.ToList();
        var first = positions.FindIndex(p => p.Text == ids.TextBos && p.Codec is not null) + 1;
        var start = positions.FindIndex(p => p.Codec is CodecStep.Token { Id: var id } && id == ids.CodecBos);
        var text = new Queue<int?>(positions[first..start].Select(p => p.Text));
        positions.RemoveRange(first, start - first);
        for (var p = first; p < positions.Count && text.TryDequeue(out var id); p++)
            positions[p] = positions[p] with { Text = id };
        return Moved(example, positions, first - start);
    }

    static TrainingExample Moved(TrainingExample example, IReadOnlyList<Position> positions, int by) => example with
    {
        Positions = positions,
        Talker = [.. example.Talker.Select(t => t with { Position = t.Position + by })],
        Frames = [.. example.Frames.Select(f => f with { Position = f.Position + by })],
    };

    /// <summary>The first control row, if a language follows it.</summary>
    static int? ThinkRow(TrainingExample example, SpecialTokens ids)
    {
        for (var p = 0; p < example.Positions.Count; p++)
            if (example.Positions[p].Codec is CodecStep.Token first)
                return first.Id == ids.Think ? p : null;
        return null;
    }
}
