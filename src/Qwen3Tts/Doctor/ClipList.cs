// Recordings as people bring them, in one form: a folder of WAV and TXT files of equal names, or the official JSONL, one object a line.
// All that is wrong with the whole set is told at once, each with its place.
using System.Text.Json;

namespace Qwen3Tts.Doctor;

/// <summary>One recording and what is said in it.</summary>
/// <param name="Place">Where it was listed, for messages: <c>train.jsonl(12)</c>, or the file.</param>
/// <param name="Audio">Full path of the recording.</param>
/// <param name="GivenAsRelative">Whether the path was relative, and so is to be written relative again.</param>
/// <param name="Text">What is said, in one line.</param>
/// <param name="Reference">Full path of the recording that the voice is taken from, if the list names one.</param>
/// <param name="Language">A language's name, if the list gives one.</param>
/// <param name="Codes">Frames of 16 codes, if the list brings them.</param>
sealed record Clip(string Place, string Audio, bool GivenAsRelative, string Text, string? Reference = null, string? Language = null, IReadOnlyList<int[]>? Codes = null);

static class ClipList
{
    /// <summary>The clips in order, and a message for each that cannot be one.</summary>
    /// <exception cref="FileNotFoundException">There is neither a folder nor a file of that name.</exception>
    public static List<Clip> Read(string path, List<string> problems)
    {
        if (Directory.Exists(path))
            return ReadFolder(path, problems);
        if (File.Exists(path))
            return ReadLines(path, problems);
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

    static List<Clip> ReadLines(string file, List<string> problems)
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
                using var json = JsonDocument.Parse(line);
                clips.Add(ReadLine(file, place, json.RootElement));
            }
            catch (Exception e) when (e is JsonException or InvalidDataException)
            {
                problems.Add($"{place}: {(e is JsonException ? "this is no JSON object" : e.Message)}. A line reads {{\"audio\": \"a.wav\", \"text\": \"What is said.\", \"ref_audio\": \"ref.wav\"}}.");
            }
        }
        if (clips.Count == 0 && problems.Count == 0)
            problems.Add($"{file}: it is empty. Each line describes one clip.");
        return clips;
    }

    static Clip ReadLine(string file, string place, JsonElement line)
    {
        if (line.ValueKind != JsonValueKind.Object)
            throw new InvalidDataException("this is no JSON object");
        var audio = Text(line, "audio") ?? throw new InvalidDataException("there is no 'audio'");
        var text = Words(Text(line, "text") ?? throw new InvalidDataException("there is no 'text'"));
        if (text.Length == 0)
            throw new InvalidDataException("the 'text' is empty");
        var reference = Text(line, "ref_audio") is { Length: > 0 } r ? Resolve(file, r) : null;
        var codes = line.TryGetProperty("audio_codes", out var c) && c.ValueKind != JsonValueKind.Null ? Frames(c) : null;
        return new(place, Resolve(file, audio), !Path.IsPathRooted(audio), text, reference, Text(line, "language"), codes);
    }

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
    static string Resolve(string file, string path)
    {
        var beside = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, path));
        return File.Exists(beside) || !File.Exists(path) ? beside : Path.GetFullPath(path);
    }

    /// <summary>Lines of a text file become one line.</summary>
    static string Words(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
