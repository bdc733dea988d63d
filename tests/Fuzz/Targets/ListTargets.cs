// Readers of lists of recordings, with a given and with a detected format; codes.jsonl; and the whole import.
using System.Text;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Review;

namespace Qwen3Tts.Fuzz;

static class ListTargets
{
    const string LjSpeech =
        "LJ001-0001|Printing, in the only sense|Printing, in the only sense\nLJ001-0002|in being modern.|\nLJ001-0003|x 1|x one";
    const string Sovits = "wavs/a.wav|anna|en|What is said.\nwavs/b.wav|bert|ZH|更多\n../c.wav|anna|ja|text";
    const string Xtts = "audio_file|text|speaker_name\nwavs/a.wav|What is said.|anna\nwavs/b.wav|Other words.|anna";
    const string Comma = "file_name,transcription\na.wav,\"What is said, and more.\"\nb.wav,Other words.";
    const string Swift = """{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"What is said."}],"audios":["a.wav"],"ref_audios":["r.wav"]}"""
        + "\n" + """{"messages":[{"role":"assistant","content":"Two"}],"audios":"b.wav","ref_audios":null,"audio_codes":null,"speaker":"x"}""";
    const string Official = """{"audio":"a.wav","text":"What is said.","ref_audio":"ref.wav"}""" + "\n" + """{"audio":"b.wav","text":"Two","language":"zh","split":"train"}""";
    const string Array = """[{"audio": "a.wav", "text": "What is said."}, {"audio": "b.wav", "text": "Two"}]""";

    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["codes"] = _ => Codes(),
        ["codes-line"] = _ => CodesLine(),
        ["import-ljspeech"] = _ => Import(LjSpeech, "metadata.csv", ListFormat.LjSpeech, '|'),
        ["import-sovits"] = _ => Import(Sovits, "a.list", ListFormat.Sovits, '|'),
        ["import-swift"] = _ => Import(Swift, "a.jsonl", ListFormat.Jsonl, null),
        ["import-official"] = _ => Import(Official, "a.jsonl", ListFormat.Jsonl, null),
        ["import-xtts"] = _ => Import(Xtts, "metadata.csv", null, '|'),
        ["import-comma"] = _ => Import(Comma, "metadata.csv", null, ','),
        ["import-array"] = _ => Import(Array, "a.json", null, null),
        ["import-guess"] = _ => Import(Sovits, "a.txt", null, '|'),
        ["import-run"] = _ => WholeImport(),
        ["review-marks"] = _ => Marks(),
        ["review-request"] = _ => Request(),
        ["review-change"] = _ => Change(),
    };

    /// <summary>Two frames of sixteen codes as JSON.</summary>
    public static string Frames { get; } = string.Join(',',
        Enumerable.Repeat("[" + string.Join(',', Enumerable.Range(0, 16).Select(i => i * 3)) + "]", 2));

    static FuzzTarget Codes() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["codes.jsonl"] = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 4).Select(i =>
                $$"""{"audio":"clips/{{i}}.wav","text":"Set white at B four now {{i}}.","speaker":"anna","language":"English","instruct":"Slow.","split":"{{(i == 0 ? "held-out" : "train")}}","ref_audio":"clips/0.wav","audio_codes":[{{Frames}}]}""" + "\n"))),
        },
        Mutate = (m, _, content) => m.MutateLines(content, null),
        Read = (folder, _) =>
        {
            var clips = CodesFile.Read(Path.Combine(folder, "codes.jsonl"), 16, 256);
            HeldOut.Select(clips, 0);
            Discard(clips);
        },
    };

    static FuzzTarget CodesLine() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["codes.jsonl"] = Encoding.UTF8.GetBytes($$"""{"audio":"a.wav","audio_codes":[{{Frames}}]}""" + "\n"),
        },
        Mutate = (m, _, content) => m.MutateLines(content, null),
        Read = (folder, _) => CodesFile.ReadFrames(Path.Combine(folder, "codes.jsonl"), null),
    };

    public static List<Clip> Read(string path, ListFormat? format, List<string> problems)
    {
        var found = new ListProblems();
        var clips = ClipList.Read(path, found, format);
        problems.AddRange(found.Messages);
        return clips;
    }

    static FuzzTarget Import(string seed, string file, ListFormat? format, char? separator) => new()
    {
        Files = new Dictionary<string, byte[]> { [file] = Encoding.UTF8.GetBytes(seed) },
        Mutate = (m, _, content) => m.MutateLines(content, separator),
        Read = (folder, problems) =>
        {
            var clips = Read(Path.Combine(folder, file), format, problems);
            problems.AddRange(clips.Select(ClipGate.Error).OfType<string>());
            foreach (var clip in clips)
                _ = ClipChecks.CheckText(clip, null).Count();
            Discard(clips);
        },
    };

    static FuzzTarget WholeImport()
    {
        var stream = new MemoryStream();
        WavFile.Write(stream, new([.. Enumerable.Range(0, 8000).Select(i => MathF.Sin(i / 9f) / 2)], 8000));
        return new()
        {
            Files = new Dictionary<string, byte[]>
            {
                ["metadata.csv"] = "a|What is said\nb|Other words|Other words\n"u8.ToArray(),
                ["wavs/a.wav"] = stream.ToArray(),
                ["wavs/b.wav"] = stream.ToArray()[..9000],
            },
            Mutate = (m, file, content) =>
                file.EndsWith("csv", StringComparison.Ordinal) ? m.MutateLines(content, '|') : m.MutateBytes(content),
            MustNameFile = false, // several files may be named, or a clip
            Cost = 5, // recordings are read and a file is written to disk
            Read = (folder, _) => Training.Data.Import.Run(
                new() { Input = folder, Output = Path.Combine(folder, "out", "m.jsonl"), HeldOut = new(0, null) }, default),
        };
    }

    static FuzzTarget Marks() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["a.jsonl"] = Encoding.UTF8.GetBytes(Official),
            ["a.jsonl.review.jsonl"] = """{"audio":"a.wav","dropped":true}"""u8.ToArray()
                .Concat("\n{\"audio\":\"b.wav\",\"number\":1,\"reference\":true,\"checked\":true}\n"u8.ToArray()).ToArray(),
        },
        IsMutated = file => file.EndsWith("review.jsonl", StringComparison.Ordinal),
        Mutate = (m, _, content) => m.MutateLines(content, null),
        Read = (folder, problems) => Discard(Read(Path.Combine(folder, "a.jsonl"), null, problems)),
    };

    static FuzzTarget Request() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["body"] = """{"version":"0f","index":1,"text":"What is said.","dropped":false,"reference":true,"checked":true}"""u8.ToArray(),
        },
        Mutate = (m, _, content) => m.MutateLines(content, null),
        MustNameFile = false, // a request is no file
        Read = (folder, _) => ReviewServer.ReadChange(File.ReadAllBytes(Path.Combine(folder, "body"))),
    };

    /// <summary>Writes a text into a damaged list: it is refused, or the list can be read afterwards and has the text.</summary>
    static FuzzTarget Change() => new()
    {
        Files = new Dictionary<string, byte[]>
        {
            ["a.csv"] = Encoding.UTF8.GetBytes(Comma),
            ["a.list"] = Encoding.UTF8.GetBytes(Sovits),
            ["a.json"] = Encoding.UTF8.GetBytes(Array),
            ["a.jsonl"] = Encoding.UTF8.GetBytes(Swift),
        },
        Mutate = (m, file, content) => m.MutateLines(content, Path.GetExtension(file) switch { ".csv" => ',', ".list" => '|', _ => null }),
        Read = (folder, problems) =>
        {
            foreach (var file in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
            {
                var found = new ListProblems();
                var bytes = File.ReadAllBytes(file);
                var clips = ClipList.Read(file, found);
                problems.AddRange(found.Messages);
                if (found.Count == 0)
                    ListEditor.WithText(file, bytes, clips, clips.Count - 1, "Another text.");
            }
        },
    };

    /// <summary>A list that was read can also be written.</summary>
    static void Discard(IReadOnlyList<Clip> clips)
    {
        using var json = new System.Text.Json.Utf8JsonWriter(Stream.Null);
        foreach (var clip in clips)
        {
            json.Reset(Stream.Null);
            json.WriteStringValue(clip.Text);
        }
    }
}
