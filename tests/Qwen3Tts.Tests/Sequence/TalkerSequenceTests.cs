using System.Text.Json;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests.Sequence;

/// <summary>Compares the sequence writer with symbolic traces of the official collate function, generate and generate_icl_prompt.</summary>
public sealed class TalkerSequenceTests
{
    // The symbols of sequence_cases.json.
    static readonly SpecialTokens Ids = new()
    {
        Role = [1, 2, 3],
        TextPad = 801,
        TextBos = 802,
        TextEos = 803,
        NoThink = 9001,
        Think = 9002,
        ThinkBos = 9003,
        ThinkEos = 9004,
        CodecPad = 9005,
        CodecBos = 9006,
        CodecEos = 9007,
        CodeGroups = 16,
        Languages = new Dictionary<string, int> { ["english"] = 9101, ["sichuan"] = 9102, ["chinese"] = 9103 },
        Speakers = new Dictionary<string, NamedSpeaker> { ["ryan"] = new(9201, null), ["eric"] = new(9202, "sichuan") },
    };

    // The symbols belong to no checkpoint: a golden set without its own traces is compared with the repository's.
    static readonly JsonElement Traces = JsonDocument.Parse(File.ReadAllBytes(
        File.Exists(Golden.File("sequence_cases.json")) ? Golden.File("sequence_cases.json")
            : Path.Combine(Golden.Repository, "tests", "Golden", "sequence_cases.json"))).RootElement;

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Traces.GetArrayLength())];

    [Theory, MemberData(nameof(Cases))]
    public void RowsAndTargetsAreTheOfficialOnes(int index)
    {
        var row = Traces[index];
        var s = Written(row.GetProperty("request"));
        var expected = row.GetProperty("rows").EnumerateArray()
            .Select(r => r.EnumerateArray().Select(v => v.GetString()!).Order(StringComparer.Ordinal).ToList()).ToList();
        var actual = s.Positions.Select(p => Symbols(p).Order(StringComparer.Ordinal).ToList()).ToList();
        // An in-context trace ends where the official prompt ends; this program's sequence continues with the requested frames.
        Assert.True(actual.Count >= expected.Count);
        for (var i = 0; i < expected.Count; i++)
            Assert.Equal(expected[i], actual[i]);
        if (row.GetProperty("labels") is { ValueKind: JsonValueKind.Array } labels)
        {
            // labels[p] is the target of position p - 1; −100 marks none.
            var official = labels.EnumerateArray().Select((l, p) => new TalkerTarget(p - 1, l.GetInt32())).Where(t => t.Code != -100);
            Assert.Equal(official, s.TalkerTargets());
        }
        var mode = row.GetProperty("request").GetProperty("text_first").GetBoolean() ? "text first" : "interleaved";
        Parity.Check("sequence", mode, 0, 0);
    }

    static TalkerSequence Written(JsonElement q)
    {
        int[] List(string key) => q.TryGetProperty(key, out var v) ? [.. v.EnumerateArray().Select(x => x.GetInt32())] : [];
        var frames = q.TryGetProperty("ref_frames", out var f) ? f.GetInt32() : 0;
        var s = TalkerSequence.Prompt(new()
        {
            Text = List("text"),
            Instruct = List("instruct"),
            ReferenceText = List("ref_text"),
            ReferenceFrames = [.. Enumerable.Range(0, frames).Select(i => Frame(1000 + 100 * i))],
            Language = q.TryGetProperty("language", out var l) ? l.GetString() : null,
            Speaker = q.TryGetProperty("speaker", out var p) ? p.GetString() : null,
            Voice = q.TryGetProperty("voice", out _) ? [0f] : null,
            Layout = q.GetProperty("text_first").GetBoolean() ? Layout.TextFirst : Layout.Interleaved,
        }, Ids);
        for (var i = 0; i < q.GetProperty("new").GetInt32(); i++)
            s.Append(new CodecStep.Frame(Frame(50000 + 100 * i)));
        if (q.TryGetProperty("end", out _))
            s.AppendEnd();
        return s;
    }

    // Code 0 of the frame is the base; in the traces, code i is base + 10 + i ("G10:50010" is codebook 10).
    static int[] Frame(int start) => [.. Enumerable.Range(0, 16).Select(i => start + i)];

    static IEnumerable<string> Symbols(Position p)
    {
        if (p.Text is { } t)
            yield return $"P(T{t})";
        switch (p.Codec)
        {
            case CodecStep.Token k:
                yield return $"C{k.Id}";
                break;
            case CodecStep.Voice:
                yield return "X";
                break;
            case CodecStep.Frame f:
                yield return $"C{f.Codes[0]}";
                for (var i = 1; i < f.Codes.Length; i++)
                    yield return $"G{i}:{f.Codes[i]}";
                break;
        }
    }

    /// <summary>Text and steps arrive in any order; a position is written as soon as both sides are known.</summary>
    [Fact]
    public void TextThatFollowsGivesTheSequenceOfTheWholeText()
    {
        var random = new Random(6);
        for (var n = 0; n < 300; n++)
        {
            int[] text = [.. Enumerable.Range(100, random.Next(12))];
            var inContext = random.Next(2) == 0;
            var whole = new Utterance
            {
                Text = text,
                ReferenceText = inContext ? [200, 201] : [],
                ReferenceFrames = inContext ? [.. Enumerable.Range(0, 1 + random.Next(9)).Select(_ => Frame(1000))] : [],
                Layout = Layout.Interleaved,
            };
            var known = random.Next(text.Length + 1);
            var (s, expected) = (TalkerSequence.Prompt(whole with { Text = text[..known], TextFollows = true }, Ids),
                TalkerSequence.Prompt(whole, Ids));
            Assert.Equal(expected.Start, s.Start);
            var (frames, ended) = (0, false);
            while (frames < 15 || !ended)
                if (random.Next(2) == 0 && frames < 15)
                {
                    var frame = new CodecStep.Frame(Frame(50000 + 100 * frames++));
                    s.Append(frame);
                    expected.Append(frame);
                }
                else if (!ended && (ended = known == text.Length))
                    s.EndText();
                else if (!ended)
                    s.AppendText([text[known++]]);
                else
                    Assert.False(s.AwaitsText);
            Assert.False(s.AwaitsText);
            Assert.Equal(expected.Positions, s.Positions);
            Assert.Throws<InvalidOperationException>(() => s.AppendText([1]));
        }
        Assert.Throws<ArgumentException>(() => TalkerSequence.Prompt(new() { Text = [1], TextFollows = true }, Ids));
    }

    [Fact]
    public void EverySampleHasOneEndAndEveryFrameOneTarget()
    {
        var random = new Random(5);
        for (var n = 0; n < 200; n++)
        {
            var inContext = random.Next(2) == 0;
            var s = TalkerSequence.Prompt(new()
            {
                Text = [.. Enumerable.Range(100, random.Next(12))],
                ReferenceText = inContext ? [200, 201] : [],
                ReferenceFrames = inContext ? [.. Enumerable.Range(0, 1 + random.Next(9)).Select(_ => Frame(1000))] : [],
                Voice = random.Next(2) == 0 ? [1f] : null,
                Language = random.Next(2) == 0 ? "English" : null,
                Layout = random.Next(2) == 0 ? Layout.TextFirst : Layout.Interleaved,
            }, Ids);
            var frames = Enumerable.Range(0, random.Next(10)).Select(i => Frame(50000 + 100 * i)).ToList();
            frames.ForEach(f => s.Append(new CodecStep.Frame(f)));
            s.AppendEnd();
            var targets = s.TalkerTargets().ToList();
            Assert.Equal([.. frames.Select(f => f[0]), Ids.CodecEos], targets.Select(t => t.Code));
            Assert.Equal(Enumerable.Range(s.Start - 1, frames.Count + 1), targets.Select(t => t.Position));
            // The hidden state for a frame's codes 1 to 15 is the one that predicted its code 0, so it has not seen the frame.
            Assert.Equal(targets.SkipLast(1).Select(t => t.Position), s.FrameTargets().Select(t => t.Position));
            Assert.Equal(frames, s.Frames);
        }
    }

    [Fact]
    public void WrongRequestsAreRefused()
    {
        var u = new Utterance { Text = [1] };
        Assert.Contains("english", Assert.Throws<ArgumentException>(
            () => TalkerSequence.Prompt(u with { Language = "Klingon" }, Ids)).Message);
        Assert.Contains("ryan", Assert.Throws<ArgumentException>(() => TalkerSequence.Prompt(u with { Speaker = "nobody" }, Ids)).Message);
        Assert.Contains("one of the two",
            Assert.Throws<ArgumentException>(() => TalkerSequence.Prompt(u with { Speaker = "ryan", Voice = [1] }, Ids)).Message);
        Assert.Contains("transcript",
            Assert.Throws<ArgumentException>(() => TalkerSequence.Prompt(u with { ReferenceFrames = [Frame(0)] }, Ids)).Message);
        Assert.Contains("16", Assert.Throws<ArgumentException>(() => TalkerSequence.Prompt(u, Ids)
            .Append(new CodecStep.Frame([1, 2]))).Message);
    }
}
