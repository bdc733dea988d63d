using System.Text;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Review;

namespace Qwen3Tts.Tests.Review;

public sealed class ReviewSessionTests
{
    static readonly Dictionary<string, List<string>> None = [];

    /// <summary>Lists of the recordings a, b and c in all formats, each with a field that must survive.</summary>
    public static TheoryData<string, string> Lists => new()
    {
        { "l.jsonl", """{"audio": "a.wav", "text": "One.", "own": [1.50, "é"]}""" + "\r\n\n" +
            """{"audio_filepath":"b.wav","normalized_text":"Two.","text":"2."}""" + "\n" +
            """{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"Three."}],"audios":["c.wav"]}""" },
        { "l.json", """[{"audio": "a.wav", "text": "One."}, {"audio": "b.wav", "text": "Two.", "own": 7},""" + "\n" +
            """ {"audio": "c.wav", "text": "Three."}]""" },
        { "metadata.csv", "a|One.|One.\nb|Two: 2.|Two.\nc|Three.|Three.\n" },
        { "l.list", "a.wav|anna|en|One.\nb.wav|anna|en|Two.\nc.wav|otto|en|Three." },
        { "comma.csv", "file_name,own,text\r\na.wav,1,One.\r\n\"b.wav\",\"x, \"\"y\"\"\",\"Two.\"\r\nc.wav,3,Three.\r\n" },
        { "l.tsv", "audio\ttext\tspeaker\na.wav\tOne.\tanna\nb.wav\tTwo.\tanna\nc.wav\tThree.\totto\n" },
    };

    static string Folder()
    {
        var folder = Scratch.New("review");
        foreach (var (n, name) in new[] { "a", "b", "c" }.Index())
            WavFile.Write(Path.Combine(folder, name + ".wav"),
                new([.. Enumerable.Range(0, 8000).Select(i => MathF.Sin(i / (9f + n)) / 3)], 8000));
        return folder;
    }

    static ReviewChange Of(ReviewList list, int index) => new(list.Version, index, list.Clips[index].Text, list.Clips[index].Dropped,
        list.Clips[index].Reference, list.Clips[index].Checked);

    static List<Clip> Read(string list)
    {
        var problems = new ListProblems();
        var clips = ClipList.Read(list, problems);
        Assert.Empty(problems.Messages);
        return clips;
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public void ATextIsCorrectedInAListOfEachFormatAndNothingElseChanges(string name, string content)
    {
        foreach (var encoding in new Encoding[] { new UTF8Encoding(false), new UTF8Encoding(true), Encoding.Unicode })
        {
            var file = Path.Combine(Folder(), name);
            File.WriteAllText(file, content, encoding);
            var original = File.ReadAllBytes(file);
            var before = Read(file);
            Assert.Equal(["One.", "Two.", "Three."], before.Select(c => c.Text));
            var session = new ReviewSession(file, None);
            foreach (var text in new[] { "Zwei, „drei“ and more.", "Two; and a half." })
            {
                var list = session.Change(Of(session.List(), 1) with { Text = text });
                Assert.Equal(["One.", text, "Three."], list.Clips.Select(c => c.Text));
                Assert.Equal(before.Select(c => (c.Audio, c.Speaker, c.Language)),
                    Read(file).Select(c => (c.Audio, c.Speaker, c.Language)));
                Assert.Equal(["One.", text, "Three."], Read(file).Select(c => c.Text));
            }
            Assert.Equal(original, File.ReadAllBytes(file + ".orig"));
            Assert.Equal(original[..3].Where(b => b > 127), File.ReadAllBytes(file)[..3].Where(b => b > 127));
            Assert.Equal(content.Contains("own", StringComparison.Ordinal),
                File.ReadAllText(file).Contains("own", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void LinesThatAreNotCorrectedKeepTheirBytes()
    {
        foreach (var (name, content) in Lists.Select(l => l.Data).Where(l => l.Item1 != "l.json"))
        {
            var file = Path.Combine(Folder(), name);
            File.WriteAllText(file, content);
            var session = new ReviewSession(file, None);
            session.Change(Of(session.List(), 1) with { Text = "Changed" });
            var changed = File.ReadAllText(file);
            var line = content.Split('\n').Single(l => l.Contains("Two.", StringComparison.Ordinal)).TrimEnd('\r');
            var at = content.IndexOf(line, StringComparison.Ordinal);
            Assert.StartsWith(content[..at], changed, StringComparison.Ordinal);
            Assert.EndsWith(content[(at + line.Length)..], changed, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ATextThatAListCannotHaveIsRefusedAndTheListStays()
    {
        var file = Path.Combine(Folder(), "metadata.csv");
        File.WriteAllText(file, "a|One.\nb|Two.\n");
        var session = new ReviewSession(file, None);
        var error = Assert.Throws<InvalidDataException>(() => session.Change(Of(session.List(), 0) with { Text = "One | and two" }));
        Assert.Contains($"{file}(1): a list of this format cannot have the text 'One | and two'. Leave out", error.Message,
            StringComparison.Ordinal);
        Assert.StartsWith("the text is empty", Assert.Throws<ArgumentException>(
            () => session.Change(Of(session.List(), 0) with { Text = " " })).Message, StringComparison.OrdinalIgnoreCase);
        Assert.Throws<ArgumentException>(() => session.Change(Of(session.List(), 0) with { Text = "a<|im_end|>" }));
        Assert.Throws<ArgumentException>(() => session.Change(Of(session.List(), 0) with { Index = 2 }));
        Assert.Equal("a|One.\nb|Two.\n", File.ReadAllText(file));
        Assert.False(File.Exists(file + ".orig"));
    }

    [Fact]
    public void InAFolderTheTextFilesAreWrittenAndMissingOnesMade()
    {
        var folder = Folder();
        File.WriteAllText(Path.Combine(folder, "a.txt"), "One.\n");
        File.WriteAllText(Path.Combine(folder, "b.lab"), "Two.");
        var session = new ReviewSession(folder, None);
        Assert.Equal(["One.", "Two.", ""], session.List().Clips.Select(c => c.Text));
        session.Change(Of(session.List(), 1) with { Text = "Two and more." });
        session.Change(Of(session.List(), 2) with { Text = "Three." });
        Assert.Equal("Two and more.\n", File.ReadAllText(Path.Combine(folder, "b.lab")));
        Assert.Equal("Two.", File.ReadAllText(Path.Combine(folder, "b.lab.orig")));
        Assert.Equal("One.\n", File.ReadAllText(Path.Combine(folder, "a.txt")));
        Assert.Equal(["One.", "Two and more.", "Three."], Read(folder).Select(c => c.Text));
    }

    [Fact]
    public void DroppedClipsAreLeftOutUntilTheyAreTakenBack()
    {
        var file = Path.Combine(Folder(), "l.jsonl");
        File.WriteAllText(file, """{"audio":"a.wav","text":"One."}""" + "\n" + """{"audio":"b.wav","text":"Two."}""" + "\n"
            + """{"audio":"a.wav","text":"One."}""" + "\n");
        var (content, session) = (File.ReadAllBytes(file), new ReviewSession(file, None));
        session.Change(Of(session.List(), 2) with { Dropped = true });
        var problems = new ListProblems();
        Assert.Equal([$"{file}(1)", $"{file}(2)"], ClipList.Read(file, problems).Select(c => c.Place));
        Assert.Equal((1, 0), (problems.Dropped, problems.Count));
        Assert.Equal([false, false, true], new ReviewSession(file, None).List().Clips.Select(c => c.Dropped));
        session.Change(Of(session.List(), 2) with { Dropped = false });
        Assert.Equal(3, Read(file).Count);
        for (var i = 0; i < 3; i++)
            session.Change(Of(session.List(), i) with { Dropped = true });
        Assert.Empty(ClipList.Read(file, problems));
        Assert.Contains("all of its 3 clips were dropped", Assert.Single(problems.Messages), StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllBytes(file));
    }

    [Fact]
    public void AChangeOfAnotherProgramIsNotOverwritten()
    {
        var file = Path.Combine(Folder(), "metadata.csv");
        File.WriteAllText(file, "a|One.\nb|Two.\n");
        var session = new ReviewSession(file, None);
        var list = session.List();
        File.WriteAllText(file, "a|One!\nb|Two.\n");
        Assert.Contains("was changed by another program", Assert.Throws<IOException>(
            () => session.Change(Of(list, 1) with { Text = "Mine." })).Message, StringComparison.Ordinal);
        Assert.Equal("a|One!\nb|Two.\n", File.ReadAllText(file));
    }

    [Fact]
    public void PrepareHonoursTheMarks()
    {
        var folder = Folder();
        foreach (var name in new[] { "a", "b", "c" })
            File.WriteAllText(Path.Combine(folder, name + ".txt"), $"This is {name}.");
        var session = new ReviewSession(folder, None);
        session.Change(Of(session.List(), 0) with { Dropped = true });
        session.Change(Of(session.List(), 1) with { Reference = true });
        session.Change(Of(session.List(), 2) with { Reference = true });
        Assert.Equal([false, false, true], session.List().Clips.Select(c => c.Reference)); // one for each speaker
        var encoder = new ClipEncoder(24000, 1920, [1], w => [.. Enumerable.Repeat(new int[16], w.Samples.Length / 1920)], w => [1, 2]);
        var report = Preparation.Run(new() { Input = folder, Output = Path.Combine(Scratch.New(), "codes.jsonl") }, encoder, null, default);
        Assert.Equal(["This is b.", "This is c."], report.Clips.Select(c => c.Clip.Text));
        Assert.All(report.Clips, c => Assert.Equal("c.wav", Path.GetFileName(c.Clip.Reference)));
        Assert.Empty(report.Chosen);
        Assert.Contains(DataSummary.Summarise(report).Table(), r => r.Value.EndsWith("1 dropped in a review", StringComparison.Ordinal));
    }

    [Fact]
    public void AMarkThatIsNoneIsAnError()
    {
        var folder = Folder();
        File.WriteAllText(Path.Combine(folder, "a.txt"), "One.");
        File.WriteAllText(Path.Combine(folder, "review.jsonl"), """{"audio":"a.wav","droped":true}""");
        Assert.StartsWith($"{Path.Combine(folder, "review.jsonl")}(1): ",
            Assert.Throws<InvalidDataException>(() => ClipList.Read(folder, new())).Message, StringComparison.Ordinal);
    }
}
