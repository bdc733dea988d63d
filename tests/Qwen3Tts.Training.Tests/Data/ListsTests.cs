using System.Text;
using System.Text.Json;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Tests.Data;

/// <summary>Lists of other programs are read as the clips that they mean, or refused with one sentence.</summary>
public sealed class ListsTests
{
    internal static (List<Clip> Clips, IReadOnlyList<string> Problems) Read(string path, ListFormat? format = null)
    {
        var problems = new ListProblems();
        return (ClipList.Read(path, problems, format), problems.Messages);
    }

    static string Written(string name, string text, Encoding? encoding = null)
    {
        var folder = Scratch.New("lists");
        Directory.CreateDirectory(Path.Combine(folder, "wavs"));
        foreach (var clip in "abcd")
            File.WriteAllText(Path.Combine(folder, "wavs", $"{clip}.wav"), "");
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text, encoding ?? new UTF8Encoding(false));
        return path;
    }

    [Theory]
    [InlineData("list-comma/in", 4)]
    [InlineData("list-more-fields/train.list", 4)]
    [InlineData("list-speaker-text/metadata.csv", 4)]
    [InlineData("list-xtts/metadata.csv", 4)]
    [InlineData("folder-lab/in", 2)]
    [InlineData("folder-appledouble/in", 3)]
    [InlineData("json-array/train.json", 3)]
    [InlineData("jsonl-other-keys/manifest.json", 3)]
    [InlineData("jsonl-other-keys/metadata.jsonl", 3)]
    [InlineData("paths-windows/train.jsonl", 4)]
    [InlineData("paths-windows/anna.list", 4)]
    [InlineData("paths-windows/metadata.csv", 4)]
    [InlineData("paths-windows/absolute.list", 4)]
    public void ListsOfReportsAreRead(string report, int count)
    {
        var (clips, problems) = Read(Reports.Path(report.Split('/')));
        Assert.Empty(problems);
        Assert.Equal(count, clips.Count);
        Assert.All(clips, c => Assert.True(File.Exists(c.Audio), c.Audio));
        Assert.StartsWith("Good morning Peter", clips[0].Text, StringComparison.Ordinal);
        Assert.All(clips, c => Assert.DoesNotContain('|', c.Text));
        var speakers = report.StartsWith("list-xtts", StringComparison.Ordinal) ? "coqui"
            : report.StartsWith("list-speaker", StringComparison.Ordinal) ? "anna,bert"
                : report.EndsWith(".list", StringComparison.Ordinal) ? "anna" : "";
        Assert.Equal(speakers, string.Join(',', clips.Select(c => c.Speaker).Distinct()));
    }

    [Fact]
    public void BrokenListsOfTheFuzzHarnessAreReadOrRefused()
    {
        foreach (var file in Directory.GetFiles(Reports.Path("fuzz"), "*", SearchOption.AllDirectories))
            if (Path.GetFileName(Path.GetDirectoryName(file)!) is var kind
                && (kind.StartsWith("codes-", StringComparison.Ordinal) || kind.StartsWith("import-", StringComparison.Ordinal)))
            {
                var problems = new List<string>();
                try
                {
                    if (kind.StartsWith("codes-", StringComparison.Ordinal))
                        CodesFile.Read(file, 16, 256);
                    var found = new ListProblems();
                    problems.AddRange(ClipList.Read(file, found).Select(ClipGate.Error).OfType<string>());
                    problems.AddRange(found.Messages);
                }
                catch (InvalidDataException e)
                {
                    problems.AddRange(e.Message.Split('\n'));
                }
                Assert.All(problems, p => Assert.True(p.Contains(file, StringComparison.Ordinal) && p.Length < 1000 && !p
                    .Any(char.IsControl), p));
            }
    }

    [Theory]
    [InlineData("m.csv", "path,sentence,client_id,locale\nwavs/a.wav,\"One, \"\"two\"\"\nand three.\",anna,en\n",
        "One, \"two\" and three.", "anna", "en")]
    [InlineData("m.tsv", "path\ttext\tspeaker\twidth\nwavs\\a.wav\tIs it?\tanna\t3\n", "Is it?", "anna", null)]
    [InlineData("m.csv", "audio_file;text;speaker_name\r\nwavs/a.wav;Is it?;anna\r\n", "Is it?", "anna", null)]
    [InlineData("m.psv", "basename|raw_text|characters|speaker|language\na|Dr. B|Doctor B|anna|eng\n", "Doctor B", "anna", "eng")]
    [InlineData("m.csv", "a|Is it?", "Is it?", null, null)]
    [InlineData("m.csv", "a|It is 1.|It is one.", "It is one.", null, null)]
    [InlineData("m.csv", "a|0|Is it?\nb|1|It is.", "Is it?", "0", null)]
    [InlineData("m.csv", "a|Is it?|x\nb|It is.|x", "Is it?", "x", null)]
    [InlineData("m.list", "E:\\x\\A.WAV|anna|ZH|Is it?", "Is it?", "anna", "ZH")]
    [InlineData("m.list", "WAVS\\A.WAV|anna|ZH|Is it?", "Is it?", "anna", "ZH")]
    [InlineData("m.csv", "\"File Name\"|\"Text\"|\"speaker-name\"\n\"wavs/a.wav\"|\"Is it | this?\"|\"anna\"", "Is it | this?", "anna",
        null)]
    [InlineData("m.csv", "a|Anna is it?|Anna\nb|Anna was it.|Anna", "Anna is it?", "Anna", null)]
    [InlineData("m.csv", "a|Is it this one?|\u026A z \u026A t\nb|It is that one.|\u026A t \u026A z", "Is it this one?", null, null)]
    [InlineData("m.csv", "a|\u8BF7\u5173\u4E0A\u7A97\u6237\u3002\nb|\u8BF7\u5173\u4E0A\u7A97\u6237\u3002",
        "\u8BF7\u5173\u4E0A\u7A97\u6237\u3002", null, null)]
    [InlineData("m.jsonl", "{\"filename\": \"wavs/a.wav\", \"text\": \"Is it?\", \"speaker_id\": 3}", "Is it?", "3", null)]
    [InlineData("m.list", "wavs/a.wav|anna|EN|Is it?|_ p _|0 1|1 1 1", "Is it?", "anna", "EN")]
    [InlineData("m.json",
        "[{\"file_name\": \"a.wav\", \"wav\": \"wavs/a.wav\", \"transcript\": \"Is it?\", \"spk\": 7, \"lang\": \"en\"}]", "Is it?", "7",
        "en")]
    [InlineData("m.json",
        "[{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Is it?\"}]}],\"audios\":\"wavs/a.wav\"}]",
        "Is it?", null, null)]
    public void EachFormatIsRead(string name, string list, string text, string? speaker, string? language)
    {
        foreach (var encoding in new[] { new UTF8Encoding(false), new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            var (clips, problems) = Read(Written(name, list, encoding));
            Assert.Empty(problems);
            Assert.Equal((text, speaker, language), (clips[0].Text, clips[0].Speaker, clips[0].Language));
            Assert.True(File.Exists(clips[0].Audio), clips[0].Audio);
        }
    }

    [Theory]
    [InlineData("a|anna|Is it this?", "'qwen3tts-train import --format lj-speech' or '--format speaker-text'")]
    [InlineData("a|It is one.|en|anna\nb|It is two.|en|anna", "repeats or is a number")]
    [InlineData("a|en|Is it this?\nb|en|It is.", "the language or the speaker")]
    [InlineData("a|Is it this one?|Ist es das hier?\nb|It is that one.|Das da ist es.", "may be name|text|normalized text")]
    [InlineData("a|\u0261\u02C8\u028Ad m\u02C8\u0254\u02D0n|0\nb|p\u02C8i\u02D0t\u0259|0", "has phones")]
    [InlineData("X|Is it this?", "differ in case", "x.wav", "x.WAV")]
    [InlineData("a|x\nb|x", "repeats")]
    [InlineData("a|1|2\nb|1|2", "no field is a text")]
    [InlineData("a|x|y|z|Is it?", "5 fields")]
    [InlineData("a|b|c|d", "third is not a language")]
    [InlineData("audio|text|transcript\na|b|c", "both may be the text")]
    [InlineData("wavs/q.wav,Is it, or not?\nwavs/b.wav,It is.", "separated by commas")]
    [InlineData("[{\"audio\":\"a.wav\",", "not JSON from here")]
    [InlineData("Is it?\nIt is.", "not JSON objects")]
    [InlineData("audio|text\nC:\\x\\q.wav|Is it?\nC:\\x\\r.wav|It is.", "another machine")]
    public void WhatCannotBeReadHasOneMessage(string list, string words, params string[] beside)
    {
        var path = Written("m.csv", list);
        foreach (var name in beside)
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(path)!, name), "");
        var (clips, problems) = Read(path);
        Assert.Empty(clips);
        Assert.Contains(words, Assert.Single(problems), StringComparison.Ordinal);
    }

    /// <summary>A '|' in a text makes one field more, which is neither read as a normalized text nor ignored silently.</summary>
    [Fact]
    public void OneFieldMoreThanTheOthersIsAMistake()
    {
        var (clips, problems) = Read(Written("m.csv", "a|One text.\nb|Two texts.\nc|Hello there|my old friend"));
        Assert.Equal(["One text.", "Two texts."], clips.Select(c => c.Text));
        Assert.Contains("m.csv(3): it has 3 fields of 2.", Assert.Single(problems), StringComparison.Ordinal);
    }

    /// <summary>Each format that a message names is a value of the option.</summary>
    [Fact]
    public void TheRemedyOfAnAmbiguousListEndsIt()
    {
        var list = Written("m.csv", "a|anna|Is it this?");
        var message = Assert.Single(Read(list).Problems);
        foreach (var format in new[] { ListFormat.LjSpeech, ListFormat.SpeakerText })
        {
            Assert.Contains($"--format {TrainingOptions.Written(format)}'", message, StringComparison.Ordinal);
            Assert.Empty(Read(list, format).Problems);
        }
        Assert.Empty(Read(Written("n.csv", "audio|speaker|text\na|anna|Is it this?")).Problems);
    }

    [Fact]
    public void TheFormatDecidesWhatTheListDoesNot()
    {
        var list = Written("m.csv", "a|anna|Is it this?");
        Assert.Equal(("Is it this?", "anna"),
            (Read(list, ListFormat.SpeakerText).Clips[0].Text, Read(list, ListFormat.SpeakerText).Clips[0].Speaker));
        Assert.Equal("Is it this?", Read(list, ListFormat.LjSpeech).Clips[0].Text);
    }

    [Fact]
    public void WhatIsWrittenInAnyFormatIsReadBack()
    {
        var random = new Random(12);
        string[] words = ["one", "two", "drei", "quatre", "五", "it's", "\"six\"", "seven,", "8"];
        for (var round = 0; round < 40; round++)
        {
            var clips = "abcd".Select((c, i) => (Audio: $"wavs/{c}.wav", Speaker: i % 2 == 0 ? "anna" : "bert",
                Text: "Say " + string.Join(' ', Enumerable.Range(0, random.Next(3, 9)).Select(_ => words[random.Next(words.Length)])) + c))
                    .ToList();
            string Join(char by, bool quoted) =>
                string.Join('\n', clips.Select(
                c => string.Join(by, new[] { c.Audio, c.Speaker, c.Text }.Select(f => quoted ? $"\"{f.Replace("\"", "\"\"")}\"" : f))));
            foreach (var (name, list) in new[]
            {
                ("m.csv", "audio,speaker,text\n" + Join(',', true)),
                ("m.tsv", "path\tspk\tsentence\n" + Join('\t', true)),
                ("m.psv", "audio_file|speaker_name|text\n" + Join('|', false)),
                ("m.txt", Join('|', false)),
                ("m.list", string.Join("\r\n", clips.Select(c => $"{c.Audio.Replace('/', '\\')}|{c.Speaker}|en|{c.Text}"))),
                ("m.jsonl", string.Join('\n', clips
                    .Select(c => JsonSerializer.Serialize(new { audio = c.Audio, text = c.Text, speaker = c.Speaker })))),
                ("m.json", JsonSerializer.Serialize(clips
                    .Select(c => new { audio_filepath = c.Audio, transcription = c.Text, speaker_name = c.Speaker }))),
            })
            {
                var path = Written(name, list);
                var (read, problems) = Read(path);
                Assert.Empty(problems);
                Assert.Equal(clips, read.Select(c => (CodesFile.Relative(Path.GetDirectoryName(path)!, c.Audio), c.Speaker!, c.Text)));
            }
        }
    }
}
