// Lists of recordings as other trainers write them, read as the one list that all commands here take. Which of them a file is can be seen in
// its first line; whoever knows better says so.
using Qwen3Tts.Doctor;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Training.Data;

/// <summary>How recordings are listed.</summary>
enum ListFormat
{
    /// <summary>A folder of WAV and TXT files of equal names.</summary>
    Folder,
    /// <summary>JSONL with the official names, or with those of ms-swift (messages, audios, ref_audios), told apart line by line.</summary>
    Jsonl,
    /// <summary>LJSpeech's metadata.csv: name|text or name|text|normalized text, recordings in wavs/.</summary>
    LjSpeech,
    /// <summary>GPT-SoVITS: path|speaker|language|text.</summary>
    Sovits,
}

static class Recordings
{
    /// <summary>The clips in order, and a message for each that cannot be one.</summary>
    /// <exception cref="FileNotFoundException">There is neither a folder nor a file of that name.</exception>
    public static List<Clip> Read(string path, ListFormat? format, List<string> problems)
    {
        var metadata = Path.Combine(path, "metadata.csv");
        if (format is null or ListFormat.LjSpeech && File.Exists(metadata))
            path = metadata;
        if (Directory.Exists(path) || !File.Exists(path))
            return ClipList.Read(path, problems);
        var clips = (format ?? FormatOf(path)) switch
        {
            ListFormat.LjSpeech => ClipList.ReadLines(path, "A line reads LJ001-0001|What is said.", problems, (place, line) => ReadLjSpeech(path, place, line)),
            ListFormat.Sovits => ClipList.ReadLines(path, "A line reads wavs/a.wav|anna|en|What is said.", problems, (place, line) => ReadSovits(path, place, line)),
            _ => ClipList.Read(path, problems),
        };
        return clips;
    }

    /// <summary>The clip with its language's name, by the one table; where its list names none, with that of the command.</summary>
    public static Clip InOneLanguage(Clip clip, string? otherwise) =>
        (string.IsNullOrWhiteSpace(clip.Language) ? otherwise : clip.Language) is { } given ? clip with { Language = LanguageNames.NameOf(given) } : clip with { Language = null };

    /// <summary>By the first line: an object is JSONL; four fields with a language as the third are GPT-SoVITS's; fewer are LJSpeech's.</summary>
    public static ListFormat FormatOf(string path)
    {
        if (Directory.Exists(path))
            return File.Exists(Path.Combine(path, "metadata.csv")) ? ListFormat.LjSpeech : ListFormat.Folder;
        var fields = (File.ReadLines(path).FirstOrDefault(l => l.Trim().Length > 0) ?? "").Split('|');
        return fields.Length == 1 || fields[0].TrimStart().StartsWith('{') ? ListFormat.Jsonl
            : fields.Length >= 4 && LanguageNames.IsLanguage(fields[2]) ? ListFormat.Sovits
            : ListFormat.LjSpeech;
    }

    static Clip? ReadLjSpeech(string file, string place, string line)
    {
        var fields = line.Split('|', StringSplitOptions.TrimEntries);
        if (place.EndsWith("(1)", StringComparison.Ordinal) && fields[0] is "audio_file" or "file_name" or "filename" or "file" or "path" or "id")
            return null; // names of the columns
        if (fields.Length < 2)
            throw new InvalidDataException("there is no '|' between the recording and its text");
        var text = fields is [_, _, { Length: > 0 } normalized, ..] ? normalized : fields[1];
        return Of(file, place, new[] { $"wavs/{fields[0]}.wav", $"wavs/{fields[0]}", $"{fields[0]}.wav", fields[0] }.FirstOrDefault(name => File.Exists(ClipList.Resolve(file, name))) ?? $"wavs/{fields[0]}.wav", text);
    }

    static Clip ReadSovits(string file, string place, string line)
    {
        var fields = line.Split('|', 4, StringSplitOptions.TrimEntries);
        if (fields.Length < 4)
            throw new InvalidDataException($"it has {fields.Length} fields of 4");
        return Of(file, place, fields[0], fields[3]) with { Speaker = fields[1].Length > 0 ? fields[1] : null, Language = fields[2].Length > 0 ? fields[2] : null };
    }

    static Clip Of(string file, string place, string audio, string text) => ClipList.Words(text) is { Length: > 0 } words
        ? new(place, ClipList.Resolve(file, audio), !Path.IsPathRooted(audio), words)
        : throw new InvalidDataException("the text is empty");
}
