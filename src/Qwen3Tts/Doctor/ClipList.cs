// Recordings as people bring them, in one form: a folder of WAV and TXT files of equal names, or JSONL, one object a line, with the
// official names or with those of ms-swift. All that is wrong with the whole set is told at once, each with its place.
using System.Text.Json;
using Qwen3Tts.Text;

namespace Qwen3Tts.Doctor;

/// <summary>One recording and what is said in it.</summary>
/// <param name="Place">Where it was listed, for messages: <c>train.jsonl(12)</c>, or the file.</param>
/// <param name="Audio">Full path of the recording.</param>
/// <param name="GivenAsRelative">Whether the path was relative, and so is to be written relative again.</param>
/// <param name="Text">What is said, in one line.</param>
/// <param name="Reference">Full path of the recording that the voice is taken from, if the list names one.</param>
/// <param name="Language">A language's name, if the list gives one.</param>
/// <param name="Codes">Frames of 16 codes, if the list brings them.</param>
sealed record Clip(string Place, string Audio, bool GivenAsRelative, string Text, string? Reference = null, string? Language = null, IReadOnlyList<int[]>? Codes = null)
{
    /// <summary>Who speaks, if the list says so.</summary>
    public string? Speaker { get; init; }
    /// <summary>How it is spoken, if the list says so.</summary>
    public string? Instruct { get; init; }
    /// <summary>Whether it is only measured and never trained on; null where nothing was chosen.</summary>
    public bool? HeldOut { get; init; }
    /// <summary>The list's text has line breaks, which are read as spaces.</summary>
    public bool LinesJoined { get; init; }
}

static class ClipList
{
    const string Example = """A line reads {"audio": "a.wav", "text": "What is said.", "ref_audio": "ref.wav"}.""";

    /// <summary>The clips in order, and a message for each that cannot be one.</summary>
    /// <exception cref="FileNotFoundException">There is neither a folder nor a file of that name.</exception>
    public static List<Clip> Read(string path, List<string> problems)
    {
        if (Directory.Exists(path))
            return ReadFolder(path, problems);
        if (File.Exists(path))
            return ReadLines(path, Example, problems, (place, line) => ReadLine(path, place, line));
        throw new FileNotFoundException($"There is no '{path}'. Name a folder of WAV and TXT files, or a JSONL file.");
    }

    static List<Clip> ReadFolder(string folder, List<string> problems)
    {
        var clips = new List<Clip>();
        var texts = Files(folder, ".txt").ToDictionary(f => Path.GetFileNameWithoutExtension(f));
        foreach (var wav in Files(folder, ".wav"))
        {
            if (!texts.Remove(Path.GetFileNameWithoutExtension(wav), out var txt))
                problems.Add($"{wav}: there is no {Path.GetFileNameWithoutExtension(wav)}.txt beside it. Write what is said into one, or remove the recording.");
            else if (Words(File.ReadAllText(txt)) is { Length: > 0 } text)
                clips.Add(new(wav, Path.GetFullPath(wav), true, text));
            else
                problems.Add($"{txt}: the text is empty. Write what is said, or remove the recording.");
        }
        problems.AddRange(texts.Values.Select(t => $"{t}: there is no recording of that name. Add the WAV file, or remove the text."));
        foreach (var kind in new[] { ".mp3", ".flac", ".ogg", ".opus", ".m4a" })
            problems.AddRange(Files(folder, kind).Select(f => $"{f}: only WAV files are read. Convert it: ffmpeg -i {Path.GetFileName(f)} {Path.GetFileNameWithoutExtension(f)}.wav"));
        if (clips.Count == 0 && problems.Count == 0)
            problems.Add($"{folder}: there is no WAV file in it. Name the folder that holds the recordings.");
        return clips;
    }

    static IEnumerable<string> Files(string folder, string extension) =>
        Directory.GetFiles(folder).Where(f => Path.GetExtension(f).Equals(extension, StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal);

    /// <summary>One clip a line, through <paramref name="parse"/>, which gives null for a line that is none and throws InvalidDataException for one that is wrong.</summary>
    public static List<Clip> ReadLines(string file, string example, List<string> problems, Func<string, string, Clip?> parse)
    {
        var clips = new List<Clip>();
        var number = 0;
        foreach (var line in File.ReadLines(file))
        {
            var place = $"{file}({++number})";
            if (line.Trim().Length == 0)
                continue;
            try
            {
                if (parse(place, line) is { } clip)
                    clips.Add(clip);
            }
            catch (InvalidDataException e)
            {
                problems.Add($"{place}: {e.Message}. {example}");
            }
        }
        if (clips.Count == 0 && problems.Count == 0)
            problems.Add($"{file}: it is empty. Each line describes one clip.");
        return clips;
    }

    static Clip ReadLine(string file, string place, string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind != JsonValueKind.Object ? throw new InvalidDataException("this is no JSON object") : ReadLine(file, place, json.RootElement);
        }
        catch (JsonException)
        {
            throw new InvalidDataException("this is no JSON object");
        }
    }

    static Clip ReadLine(string file, string place, JsonElement line)
    {
        var ofSwift = line.TryGetProperty("messages", out var messages);
        var audio = (ofSwift ? First(line, "audios") : Text(line, "audio")) ?? throw new InvalidDataException(ofSwift ? "there is no 'audios'" : "there is no 'audio'");
        var written = (ofSwift ? Message(messages, "assistant") : Text(line, "text")) ?? throw new InvalidDataException(ofSwift ? "there is no message of the assistant" : "there is no 'text'");
        var text = Words(written);
        if (text.Length == 0)
            throw new InvalidDataException("the 'text' is empty");
        var reference = (ofSwift ? First(line, "ref_audios") : Text(line, "ref_audio")) is { Length: > 0 } r ? Resolve(file, r) : null;
        var codes = line.TryGetProperty("audio_codes", out var c) && c.ValueKind != JsonValueKind.Null ? Frames(c) : null;
        return new(place, Resolve(file, audio), !Path.IsPathRooted(audio), text, reference, Text(line, "language"), codes)
        {
            Speaker = Text(line, "speaker"),
            Instruct = Text(line, "instruct"),
            HeldOut = Split(Text(line, "split")),
            LinesJoined = written.Contains('\n', StringComparison.Ordinal),
        };
    }

    static bool? Split(string? split) => split switch
    {
        null or "" => null,
        "train" => false,
        "held-out" => true,
        _ => throw new InvalidDataException($"'split' is '{split}', expected 'train' or 'held-out'"),
    };

    /// <summary>The first of a list of names, or the one that stands there alone.</summary>
    static string? First(JsonElement line, string key) => line.TryGetProperty(key, out var v) && v.ValueKind == JsonValueKind.Array
        ? v.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.String } first ? first.GetString() : null
        : Text(line, key);

    /// <summary>What the last message of that role says.</summary>
    static string? Message(JsonElement messages, string role) => messages.ValueKind != JsonValueKind.Array ? throw new InvalidDataException("'messages' is no list")
        : messages.EnumerateArray().LastOrDefault(m => m.ValueKind == JsonValueKind.Object && Text(m, "role") == role) is { ValueKind: JsonValueKind.Object } last ? Text(last, "content") : null;

    static string? Text(JsonElement line, string key) => !line.TryGetProperty(key, out var v) || v.ValueKind == JsonValueKind.Null ? null
        : v.ValueKind == JsonValueKind.String ? v.GetString() : throw new InvalidDataException($"'{key}' is {v.GetRawText()}, not a string");

    static List<int[]> Frames(JsonElement codes)
    {
        try
        {
            return [.. codes.EnumerateArray().Select(f => f.EnumerateArray().Select(v => v.GetInt32()).ToArray())];
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new InvalidDataException("'audio_codes' is not a list of frames of whole numbers");
        }
    }

    /// <summary>A relative path counts from the list's own folder; where nothing is there, from the current one, as the official script has it.</summary>
    public static string Resolve(string file, string path)
    {
        var beside = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, path));
        return File.Exists(beside) || !File.Exists(path) ? beside : Path.GetFullPath(path);
    }

    /// <summary>Lines of a text file become one line.</summary>
    public static string Words(string text) => SpokenText.Words(text);
}
