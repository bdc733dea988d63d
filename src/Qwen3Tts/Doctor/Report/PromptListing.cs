// Lists a prompt for people: for each position its text side, its codec side, and what is taught there. Trainer and generator have the same
// list, because the same code writes both sequences. A second list shows what a trainer with known faults would have written.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;

namespace Qwen3Tts.Doctor.Report;

/// <summary>One position in words; an absent side is empty.</summary>
/// <param name="Text">The text token.</param>
/// <param name="Codec">The codec side.</param>
/// <param name="Taught">What the talker is taught to predict here, and which codes of which frame the code predictor is taught from
/// here.</param>
readonly record struct ListedPosition(string Text, string Codec, string Taught);

/// <summary>The utterance to list.</summary>
/// <param name="Text">The text to be spoken.</param>
/// <param name="Speaker">A speaker of the model; null: an empty voice, in place of that of any recording.</param>
/// <param name="Language">A language, or null for Auto.</param>
/// <param name="Instruct">An instruction how to speak, or null.</param>
/// <param name="Transcript">The transcript of a reference recording in the prompt, or null.</param>
/// <param name="Interleaved">Whether the text stands beside the codes.</param>
sealed record PromptRequest(string Text, string? Speaker, string? Language, string? Instruct, string? Transcript, bool Interleaved);

static class PromptListing
{
    const int Frames = 3; // shown in place of any number of frames

    /// <summary>The names that --as accepts in addition to the names of hypotheses.</summary>
    public static IReadOnlyList<string> Scripts { get; } = [.. Script.All.SelectMany(s => s.Names)];

    /// <summary>The correct list, and the list under the faults.</summary>
    /// <exception cref="IOException">There is no such model.</exception>
    /// <exception cref="ArgumentException">The model has no such speaker or language.</exception>
    public static (IReadOnlyList<ListedPosition> Right, IReadOnlyList<ListedPosition> Faulty) Pair(string folder, PromptRequest request,
        FaultSet faults)
    {
        var model = ModelFolder.Open(folder);
        var tokenizer = TextTokenizer.Load(folder);
        var ids = model.Config.SpecialTokens(tokenizer.AssistantHead[^1]);
        var utterance = new Utterance
        {
            Text = tokenizer.Encode(SpokenText.Checked(request.Text)),
            Instruct = request.Instruct is { } how ? tokenizer.Instruct(SpokenText.Checked(how, "the instruction")) : [],
            Language = request.Language,
            Speaker = request.Speaker,
            Voice = request.Speaker is null && model.Config.TtsModelType != "voice_design" ? [] : null,
            ReferenceText = request.Transcript is { } said ? tokenizer.Encode(SpokenText.Checked(said, "the transcript")) : [],
            ReferenceFrames = request.Transcript is null ? [] : [.. Enumerable.Range(0, Frames).Select(_ => new int[ids.CodeGroups])],
            Layout = request.Interleaved ? Layout.Interleaved : Layout.TextFirst,
        };
        return (List(utterance, ids, tokenizer), List(utterance, ids, tokenizer, faults));
    }

    /// <summary>The positions of an utterance, with three frames in place of its speech.</summary>
    public static IReadOnlyList<ListedPosition> List(Utterance utterance, SpecialTokens ids, TextTokenizer tokenizer,
        FaultSet faults = FaultSet.None)
    {
        var sequence = TalkerSequence.Prompt(utterance, ids);
        var frames = Enumerable.Range(0, Frames).Select(_ => new int[ids.CodeGroups]).ToList();
        foreach (var frame in frames)
            sequence.Append(new CodecStep.Frame(frame));
        sequence.AppendEnd();
        var example = Hypothesis.Edit(faults, TrainingExample.FromSequence(sequence, ids), ids);
        var references = utterance.ReferenceFrames.ToList();
        string Named(int[] codes) => frames.FindIndex(f => ReferenceEquals(f, codes)) is var k and >= 0 ? $"frame {k}"
            : $"reference frame {references.FindIndex(f => ReferenceEquals(f, codes))}";
        return [.. example.Positions.Select(
            (p, i) => new ListedPosition(TextOf(p.Text, ids, tokenizer, example.ProjectsText), CodecOf(p.Codec, i), Taught(i)))];

        string CodecOf(CodecStep? step, int position) => step switch
        {
            CodecStep.Frame f => $"{Named(f.Codes)}, {ids.CodeGroups} codes",
            // under first_codebook_only a frame has only its first code, which is 0 here
            CodecStep.Token { Id: 0 } =>
                $"frame {position - example.Positions.Select((p, i) => (p, i)).First(x => x.p.Codec is CodecStep.Token { Id: 0 }).i}, " +
                $"first code",
            CodecStep.Token t => TokenName(t.Id, ids),
            CodecStep.Voice => "voice",
            _ => "",
        };

        string Taught(int position) =>
            string.Join("; ", example.Talker.Where(t => t.Position == position)
            .Select(t => t.Code == ids.CodecEos ? "end" : $"first code of frame {example.Talker.ToList().IndexOf(t)}")
            .Concat(example.Frames.Where(f => f.Position == position).Select(f => $"codes {Heads(example)} of {Named(f.Frame)}")));
    }

    static string Heads(TrainingExample example) => example.Heads[0].Head + 1 == example.Heads[0].Codebook
        ? $"{example.Heads[0].Codebook}–{example.Heads[^1].Codebook}"
        : $"{example.Heads[0].Codebook}–{example.Heads[^1].Codebook} by heads 1–{example.Heads[^1].Head + 1}";

    static string TextOf(int? id, SpecialTokens ids, TextTokenizer tokenizer, bool projected)
    {
        if (id is not { } i)
            return "";
        var name = i == ids.TextPad ? "tts_pad" : i == ids.TextBos ? "tts_bos" : i == ids.TextEos ? "tts_eos"
            : Quoted(tokenizer.Decode([i]));
        return projected ? name : $"{name}, raw";
    }

    static string Quoted(string token) =>
        token.StartsWith("<|", StringComparison.Ordinal) ? token : $"'{token.Replace("\n", "\\n", StringComparison.Ordinal)}'";

    static string TokenName(int id, SpecialTokens ids) =>
        id == ids.CodecPad ? "codec_pad" : id == ids.CodecBos ? "codec_bos" : id == ids.CodecEos ? "codec_eos" : id == ids.Think ? "think"
            : id == ids.NoThink ? "nothink"
        : id == ids.ThinkBos ? "think_bos" : id == ids.ThinkEos ? "think_eos"
        : ids.Languages.FirstOrDefault(l => l.Value == id).Key is { } language ? $"language {language}"
        : ids.Speakers.FirstOrDefault(s => s.Value.Row == id).Key is { } speaker ? $"speaker {speaker}" : $"row {id}";
}
