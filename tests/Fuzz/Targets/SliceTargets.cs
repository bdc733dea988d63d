// Readers of slice: texts with times, its journal, and the check of a Whisper model.
using System.Text;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Slicing;

namespace Qwen3Tts.Fuzz;

static class SliceTargets
{
    const string Srt = """
        1
        00:00:01,000 --> 00:00:02,500
        <i>Good</i> morning

        2
        00:00:03,000 --> 01:00:04,000
        [music] Peter &amp; Susan
        """;
    const string Labels = "0 1.5 Good morning\n1.5 2.25 sil\n\\\t100\t200\n2.25 3 Peter\n";
    const string Grid = """"
        File type = "ooTextFile"
        Object class = "TextGrid"

        xmin = 0
        xmax = 3
        tiers? <exists>
        size = 2
        item []:
            item [1]:
                class = "TextTier"
                name = "marks"
                xmin = 0
                xmax = 3
                points: size = 1
                points [1]:
                    number = 1.0
                    mark = "x"
            item [2]:
                class = "IntervalTier"
                name = "words"
                xmin = 0
                xmax = 3
                intervals: size = 1
                intervals [1]:
                    xmin = 0
                    xmax = 1.5
                    text = "Good ""morning"""
        """";

    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["cues-srt"] = _ => Cues("a.srt", Srt),
        ["cues-labels"] = _ => Cues("a.lab", Labels),
        ["cues-textgrid"] = _ => Cues("a.TextGrid", Grid),
        ["slice-journal"] = Journal,
        ["whisper-model"] = _ => Whisper(),
    };

    static FuzzTarget Whisper() => new()
    {
        Files = new Dictionary<string, byte[]> { ["ggml.bin"] = WhisperModel() },
        Mutate = (m, _, content) => m.MutateBytes(content),
        Read = (folder, _) => GgmlFile.Check(Path.Combine(folder, "ggml.bin")),
    };

    /// <summary>A file with all parts: two tokens and two tensors.</summary>
    static byte[] WhisperModel()
    {
        using var stream = new MemoryStream();
        using var file = new BinaryWriter(stream);
        foreach (var number in (int[])[0x67676d6c, 51864, 100, 64, 1, 4, 64, 64, 1, 4, 80, 1, 80, 201])
            file.Write(number);
        file.Write(new byte[80 * 201 * sizeof(float)]);
        file.Write(2);
        foreach (var token in (string[])["word", " "])
        {
            file.Write(token.Length);
            file.Write(Encoding.ASCII.GetBytes(token));
        }
        foreach (var (type, bytes) in new[] { (0, 64 * 4), (2, 64 / 32 * 18) })
        {
            foreach (var number in (int[])[2, 4, type, 64, 1])
                file.Write(number);
            file.Write("name"u8);
            file.Write(new byte[bytes]);
        }
        return stream.ToArray();
    }

    static FuzzTarget Cues(string name, string seed) => new()
    {
        Files = new Dictionary<string, byte[]> { [name] = Encoding.UTF8.GetBytes(seed) },
        Mutate = (m, _, content) => m.Random.Next(2) == 0 ? m.MutateBytes(content) : m.MutateLines(content, ' '),
        Read = (folder, _) =>
        {
            var (cues, text) = CueFile.Read(Path.Combine(folder, name));
            if (cues is null)
                LengthAlignment.Align(LengthAlignment.Sentences(text), [new(0, 1), new(1.5, 3)]);
            else
                new Transcript(cues, name).IsBorder(new(1.6, 2));
        },
    };

    /// <summary>A changed journal is set aside, and a new one is begun.</summary>
    static FuzzTarget Journal(string folder)
    {
        using (var cache = new SliceCache(folder))
            cache.Numbers("speech:1", () => [0.5f, 1]);
        var record = File.ReadAllBytes(Path.Combine(folder, OutputRecord.FileName));
        return new()
        {
            Files = new Dictionary<string, byte[]>
            {
                [SliceCache.FileName] = File.ReadAllBytes(Path.Combine(folder, SliceCache.FileName)),
            },
            Mutate = (m, _, content) => m.MutateLines(content, null),
            Clean = where =>
            {
                foreach (var aside in Directory.GetFiles(where, SliceCache.FileName + ".changed-*"))
                    File.Delete(aside);
                File.WriteAllBytes(Path.Combine(where, OutputRecord.FileName), record);
                OutputRecord.Reload(where);
            },
            Read = (where, _) =>
            {
                using var cache = new SliceCache(where);
                cache.Numbers("speech:1", () => [0.5f, 1]);
            },
        };
    }
}
