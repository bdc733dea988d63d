// Readers of slice: texts with times, and its journal.
using System.Text;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Slicing;

namespace Qwen3Tts.Fuzz;

static class SliceTargets
{
    const string Srt = "1\n00:00:01,000 --> 00:00:02,500\n<i>Good</i> morning\n\n2\n00:00:03,000 --> 01:00:04,000\n[music] Peter &amp; Susan\n";
    const string Labels = "0 1.5 Good morning\n1.5 2.25 sil\n\\\t100\t200\n2.25 3 Peter\n";
    const string Grid = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = 3\ntiers? <exists>\nsize = 2\nitem []:\n"
        + "    item [1]:\n        class = \"TextTier\"\n        name = \"marks\"\n        xmin = 0\n        xmax = 3\n        points: size = 1\n"
        + "        points [1]:\n            number = 1.0\n            mark = \"x\"\n    item [2]:\n        class = \"IntervalTier\"\n"
        + "        name = \"words\"\n        xmin = 0\n        xmax = 3\n        intervals: size = 1\n        intervals [1]:\n"
        + "            xmin = 0\n            xmax = 1.5\n            text = \"Good \"\"morning\"\"\"\n";

    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["cues-srt"] = _ => Cues("a.srt", Srt),
        ["cues-labels"] = _ => Cues("a.lab", Labels),
        ["cues-textgrid"] = _ => Cues("a.TextGrid", Grid),
        ["slice-journal"] = Journal,
    };

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
