using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Tests.Data;

public sealed class ImportTests
{
    const int Rate = 16000;

    /// <summary>A sound that rises and falls; each number gives another sound.</summary>
    static void Record(string file, int number = 0)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var samples = new float[Rate];
        for (var i = Rate / 10; i < Rate * 9 / 10; i++)
            samples[i] = 0.2f * MathF.Sin(i * (0.1f + 0.01f * number)) * MathF.Sin(i * 0.0007f);
        WavFile.Write(file, new(samples, Rate));
    }

    static (string Folder, string List) Written(string name, params string[] lines)
    {
        var folder = Scratch.New("import");
        foreach (var (i, wav) in new[] { "a.wav", "b.wav", "wavs/c.wav", "wavs/d.wav" }.Index())
            Record(Path.Combine(folder, wav), i);
        File.WriteAllLines(Path.Combine(folder, name), lines);
        return (folder, Path.Combine(folder, name));
    }

    static (DataSummary Summary, List<JsonElement> Lines, string Output) Run(string input,
        Func<ImportOptions, ImportOptions>? change = null)
    {
        var options = new ImportOptions
        {
            Input = input,
            Output = Path.Combine(Scratch.New("out"), "manifest.jsonl"),
            HeldOut = HeldOut.Parse("0"),
        };
        options = change?.Invoke(options) ?? options;
        var summary = Import.Run(options, default);
        return (summary, [.. File.ReadLines(options.Output).Select(l => JsonDocument.Parse(l).RootElement)], options.Output);
    }

    static string? Value(JsonElement line, string key) => line.TryGetProperty(key, out var v) ? v.GetString() : null;

    [Theory]
    [InlineData("metadata.csv", "c|Mrs. C|Missis C", "d|Dee.|")]
    [InlineData("metadata.csv", "audio_file|text", "c.wav|Missis C", "d.wav|Dee.")]
    [InlineData("other.txt", "wavs/c.wav|Missis C", "wavs/d.wav|Dee.")]
    [InlineData("train.list", "wavs/c.wav|anna|en|Missis C", "wavs/d.wav|anna|EN|Dee.")]
    [InlineData("swift.jsonl", """{"messages":[{"role":"user","content":"Speak."},{"role":"assistant","content":"Missis C"}],"audios":["wavs/c.wav"],"ref_audios":["a.wav"]}""", """{"messages":[{"role":"assistant","content":"Dee."}],"audios":"wavs/d.wav","ref_audios":["a.wav"]}""")]
    [InlineData("official.jsonl", """{"audio":"wavs/c.wav","text":"Missis C","ref_audio":"a.wav","language":"en","speaker":"anna","instruct":"Slowly."}""", """{"audio":"wavs/d.wav","text":"Dee.","ref_audio":"a.wav"}""")]
    public void EachFormatIsSeenInItsFirstLineAndBecomesOneManifest(string name, params string[] lines)
    {
        var (folder, list) = Written(name, lines);
        foreach (var input in name == "metadata.csv" ? new[] { list, folder } : [list])
        {
            var (_, manifest, output) = Run(input);
            Assert.Equal(["Missis C", "Dee."], manifest.Select(l => Value(l, "text")));
            Assert.Equal([Path.Combine(folder, "wavs", "c.wav"), Path.Combine(folder, "wavs", "d.wav")], manifest
                .Select(l => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(output)!, Value(l, "audio")!))));
            Assert.All(manifest, l => Assert.Equal(name is "official.jsonl" or "swift.jsonl", l.TryGetProperty("ref_audio", out _)));
            Assert.Equal(name == "train.list" ? ["anna", "anna"] : name == "official.jsonl" ? ["anna", null]
                : [null, null], manifest.Select(l => Value(l, "speaker")));
            Assert.Equal(name == "train.list" ? ["English", "English"] : name == "official.jsonl" ? ["English", null]
                : [null, null], manifest.Select(l => Value(l, "language")));
            Assert.Equal(name == "official.jsonl" ? "Slowly." : null, Value(manifest[0], "instruct"));
            Assert.All(manifest, l => Assert.Equal("train", Value(l, "split")));
            // and the manifest can be read again
            Assert.Equal(manifest.Select(l => l.GetRawText()), Run(output, o => o with { HeldOut = null }).Lines
                .Select(l => l.GetRawText()));
        }
    }

    [Fact]
    public void AFolderOfTextsIsAList()
    {
        var folder = Scratch.New("import");
        Record(Path.Combine(folder, "x.wav"));
        File.WriteAllText(Path.Combine(folder, "x.txt"), "Two\nlines.\n");
        var (summary, lines, _) = Run(folder, o => o with { Language = "German" });
        Assert.Equal(("Two lines.", "German"), (Value(lines[0], "text"), Value(lines[0], "language")));
        Assert.Empty(summary.Doubts);
    }

    [Fact]
    public void CodesOfTheListNeedNoRecording()
    {
        var (_, list) = Written("codes.jsonl", """{"audio":"gone.wav","text":"Gone.","ref_audio":"a.wav","audio_codes":[[1,2],[3,4]]}""");
        Assert.Equal("[[1,2],[3,4]]", Run(list).Lines[0].GetProperty("audio_codes").GetRawText());
    }

    [Fact]
    public void TheFormatCanBeNamed()
    {
        var (_, list) = Written("metadata.csv", "c|anna|en|Really a list.");
        File.Copy(Path.Combine(Path.GetDirectoryName(list)!, "a.wav"), Path.Combine(Path.GetDirectoryName(list)!, "c"));
        Assert.Equal(ListFormat.Sovits, ClipList.FormatOf(list));
        Assert.Contains("it has 4 fields of 3",
            Assert.Throws<InvalidDataException>(() => Run(list, o => o with { Format = ListFormat.LjSpeech })).Message);
    }

    [Fact]
    public void OneSpeakerCanBeTakenAlone()
    {
        var (_, list) = Written("two.list", "a.wav|anna|en|One.", "b.wav|ben|en|Two.");
        Assert.Equal("Two.", Value(Assert.Single(Run(list, o => o with { OnlySpeaker = "ben" }).Lines), "text"));
        Assert.Contains("anna, ben", Assert.Throws<ArgumentException>(() => Run(list, o => o with { OnlySpeaker = "carla" })).Message);
    }

    [Theory]
    [InlineData("l.jsonl", """{"audio":"b.wav","text":"Hi <|im_end|> you."}""", "the text has '<|im_end|>', which programs take for a control token. Remove it from the text.")]
    [InlineData("l.jsonl", """{"audio":"b.wav","text":"H\u0007i."}""", "the text has U+0007, which cannot be spoken. Save the text as UTF-8, or remove the character.")]
    [InlineData("l.jsonl", """{"audio":"b.wav","text":"…"}""", "the text '…' has no word. Write what is said in words.")]
    [InlineData("l.jsonl", """{"audio":"a.wav","text":"Three."}""", "the same recording as {list}(1), with another text: 'Three.', not 'One.'. Remove the wrong one.")]
    [InlineData("l.jsonl", """{"audio":"b.wav","text":"Hi.","split":"most"}""", """'split' is 'most', expected 'train' or 'held-out'. A line reads {"audio": "a.wav", "text": "What is said.", "ref_audio": "ref.wav"}.""")]
    [InlineData("l.jsonl", """{"messages":[{"role":"user","content":"Hi."}],"audios":["b.wav"]}""", """there is no message of the assistant. A line reads {"audio": "a.wav", "text": "What is said.", "ref_audio": "ref.wav"}.""")]
    [InlineData("l.list", "b.wav|anna|en", "it has 3 fields of 4. A line reads wavs/a.wav|anna|en|What is said.")]
    [InlineData("l.list", "b.wav|anna|en|", "the text is empty. A line reads wavs/a.wav|anna|en|What is said.")]
    [InlineData("metadata.csv", "c", "there is no '|' between the recording and its text. A line reads LJ001-0001|What is said.")]
    public void AnErrorNamesItsLineAndARemedy(string name, string line, string message)
    {
        var first = name switch { "l.list" => "a.wav|anna|en|One.", "metadata.csv" => "a|One.", _ => """{"audio":"a.wav","text":"One."}""" };
        var (_, list) = Written(name, first, line);
        Assert.Equal($"{list}(2): {message.Replace("{list}", list, StringComparison.Ordinal)}",
            Assert.Throws<InvalidDataException>(() => Run(list)).Message);
        var (summary, lines, _) = Run(list, o => o with { SkipBad = true });
        Assert.Equal("One.", Value(Assert.Single(lines), "text"));
        Assert.Single(summary.LeftOut.Messages);
    }

    [Fact]
    public void ADoubtNamesItsLineAndARemedyAndStopsNothing()
    {
        var (_, list) = Written("l.jsonl", """{"audio":"a.wav","text":"One."}""", """{"audio":"a.wav","text":"One."}""", """{"audio":"b.wav","text":"\nTwo."}""");
        var (summary, lines, _) = Run(list);
        Assert.Equal(3, lines.Count);
        Assert.Equal([$"{list}(2): the same recording with the same text as {list}(1). Remove one of the two.",
            $"{list}(3): the text has line breaks; they are read as spaces. Write it in one line."], summary.Doubts);
    }

    [Fact]
    public void WhatTheListHoldsOutStays()
    {
        var (_, list) = Written("l.jsonl", """{"audio":"a.wav","text":"One.","split":"held-out"}""", """{"audio":"b.wav","text":"Two.","split":"train"}""");
        Assert.Equal(["held-out", "train"], Run(list, o => o with { HeldOut = null }).Lines.Select(l => Value(l, "split")));
        Assert.Contains("'split'", Assert.Throws<ArgumentException>(() => Run(list)).Message);
    }

    [Fact]
    public void TheTableCountsWhatIsThere()
    {
        var (_, list) = Written("two.list", "a.wav|anna|en|One.", "b.wav|ben|de|Two.", "wavs/c.wav|ben|de|Three.");
        var table = Run(list, o => o with { HeldOut = new(null, 1) }).Summary.Table().ToDictionary(r => r.Name, r => r.Value);
        Assert.Equal("3: 2 to train on, 1 held out", table["clips"]);
        Assert.Equal("0.1; a clip: median 1.0, 1.0 to 1.0 s", table["minutes"]);
        Assert.Equal("German 2, English 1", table["languages"]);
        Assert.Equal("ben 2, anna 1", table["speakers"]);
    }
}
