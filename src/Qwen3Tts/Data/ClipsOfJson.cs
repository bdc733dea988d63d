// Reads lists in JSON: one object a line, or one array of objects. Each line is read on its own, so a list may mix different keys.
using System.Text;
using System.Text.Json;
using Qwen3Tts.Files;

namespace Qwen3Tts.Data;

static class ClipsOfJson
{
    const string Example = """A line reads {"audio": "a.wav", "text": "What is said.", "ref_audio": "ref.wav"}.""";

    public static List<Clip> Read(string file, string text, ListProblems problems)
    {
        var clips = new List<Clip>();
        var paths = new ClipPath(file);
        foreach (var (number, json) in text.TrimStart().StartsWith('[') ? SplitArray(file, text, problems) : SplitLines(text))
        {
            var place = $"{file}({number})";
            try
            {
                clips.Add(Clip(Line(json, place), place, paths));
            }
            catch (InvalidDataException e)
            {
                // The rest of the message differs from line to line; all lines that are not JSON count as one mistake.
                if (e.Message.IndexOf("it is not JSON", StringComparison.Ordinal) is >= 0 and var at
                    && e.Message.IndexOf(": '", at, StringComparison.Ordinal) is >= 0 and var end)
                    problems.Add(place, e.Message, e.Message[at..end]);
                else
                    problems.Add(place, e, Example);
            }
        }
        return clips;
    }

    /// <summary>The frames of a line, which needs no other key.</summary>
    /// <exception cref="InvalidDataException">The line is no JSON object with 'audio_codes'.</exception>
    public static int[][] ReadFrames(string json, string place)
    {
        const string Remedy = "Write it with 'qwen3tts codec encode'.";
        if (json is not ['{', ..])
            throw new InvalidDataException($"{place}: this is not a JSON object. {Remedy}");
        var codes = JsonFile.Parse(Encoding.UTF8.GetBytes(json), place, ClipJson.Default.ClipLine, Remedy).AudioCodes;
        return codes is { Length: > 0 } && codes.All(f => f is not null) ? codes
            : throw new InvalidDataException($"{place}: there are no 'audio_codes', the frames of a recording. {Remedy}");
    }

    static ClipLine Line(string json, string place) => json is ['{', ..]
        ? JsonFile.Parse(Encoding.UTF8.GetBytes(json), place, ClipJson.Default.ClipLine, Example)
        : throw new InvalidDataException("this is not a JSON object");

    static IEnumerable<(int Number, string Json)> SplitLines(string text)
    {
        using var reader = new StringReader(text);
        for (var number = 1; reader.ReadLine() is { } line; number++)
            if (line.Trim() is { Length: > 0 } json)
                yield return (number, json);
    }

    /// <summary>The values of an array, each with the number of the line that it begins on.</summary>
    static List<(int Number, string Json)> SplitArray(string file, string text, ListProblems problems)
    {
        var values = new List<(int, string)>();
        var utf8 = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(utf8);
        var (line, counted) = (1, 0);
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                line += utf8.AsSpan(counted, start - counted).Count((byte)'\n');
                counted = start;
                values.Add((line, Encoding.UTF8.GetString(utf8.AsSpan(start, (int)reader.BytesConsumed - start))));
            }
            if (!reader.Read())
                return values;
        }
        catch (JsonException e)
        {
            problems.Add($"{file}({e.LineNumber + 1})",
                $"the array is not JSON from here on. Correct it, or write one object a line. {Example}");
            return [];
        }
        return [];
    }

    static Clip Clip(ClipLine line, string place, ClipPath paths)
    {
        var written = Text(line);
        var text = ClipList.Words(written);
        if (text.Length == 0)
            throw new InvalidDataException("the 'text' is empty");
        var codes = Codes(line.AudioCodes);
        var audio = Audio(line, paths, codes is null);
        var reference = (line.RefAudios is { Length: > 0 } many ? many[0] : line.RefAudio) is { Length: > 0 } r
            ? paths.Find(r, needed: codes is null).Path : null;
        return new(place, audio.Path, audio.Relative, text, reference, One("language", line.Language, line.Lang, line.Locale), codes)
        {
            Speaker = One("speaker", line.Speaker, line.SpeakerName, line.Spk) ?? line.SpeakerId ?? line.ClientId,
            Instruct = line.Instruct,
            HeldOut = ClipList.IsHeldOut(line.Split),
            Doubtful = line.Doubtful == true,
            LinesJoined = written.Contains('\n', StringComparison.Ordinal),
        };
    }

    static (string Path, bool Relative) Audio(ClipLine line, ClipPath paths, bool needed)
    {
        var given = new[]
            {
                line.Audio, line.AudioFile, line.AudioPath, line.AudioFilepath, line.FileName, line.NameOfFile, line.File,
                line.Path, line.WavPath, line.Wav,
            }.OfType<string>().Concat(line.Audios is { } many ? many.Take(1) : []).Distinct().ToList();
        if (given.Count == 0)
            throw new InvalidDataException(line.Messages is not null ? "there is no 'audios'"
                : "there is no 'audio', nor audio_file, audio_path, audio_filepath, file_name, filename, file, path, wav_path or wav");
        if (line.Audios is { Length: > 1 })
            throw new InvalidDataException($"'audios' has {line.Audios.Length} recordings, and a clip is one");
        var found = given.Select(g => paths.Find(g, needed: needed)).Distinct().ToList();
        if (found.Count > 1)
            found.RemoveAll(f => !File.Exists(f.Path));
        return found.Count == 1 ? found[0]
            : throw new InvalidDataException(
                $"both '{Printable.Text(given[0])}' and '{Printable.Text(given[1])}' are named as the recording");
    }

    static string Text(ClipLine line)
    {
        if (line.Messages is { } messages)
        {
            var said = messages.LastOrDefault(m => m?.Role == "assistant")?.Content
                ?? throw new InvalidDataException("there is no message of the assistant");
            return said.Trim() != "<audio>" ? said
                : throw new InvalidDataException("the message of the assistant is '<audio>' alone, and no text");
        }
        if (!string.IsNullOrWhiteSpace(line.NormalizedText))
            return line.NormalizedText;
        return One("text", line.Text, line.Transcription, line.Transcript, line.Sentence)
            ?? throw new InvalidDataException("there is no 'text', nor transcription, transcript, sentence or normalized_text");
    }

    /// <summary>The value that several spellings of a key give, which must agree.</summary>
    static string? One(string what, params string?[] values)
    {
        var given = values.OfType<string>().Distinct().ToList();
        return given.Count <= 1 ? given.FirstOrDefault()
            : throw new InvalidDataException(
                $"the {what} is both '{Printable.Text(given[0])}' and '{Printable.Text(given[1])}'. Remove one of the keys");
    }

    static int[][]? Codes(int[][]? codes) => codes is null || codes.All(f => f is not null) ? codes
        : throw new InvalidDataException("'audio_codes' is not a list of frames of whole numbers");
}
