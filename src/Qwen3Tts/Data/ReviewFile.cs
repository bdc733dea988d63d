// The marks that 'qwen3tts-train review' gives to clips. They stand in a file of their own beside the list, so that a list of any format
// keeps its lines, and a dropped clip can be taken back. Every command that reads a list leaves out the dropped clips.
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Data;

/// <summary>What a listener said about a clip.</summary>
/// <param name="Dropped">The clip is not used.</param>
/// <param name="Reference">The voice of its speaker is taken from it.</param>
/// <param name="Checked">Somebody compared it with its text.</param>
readonly record struct ClipMarks(bool Dropped, bool Reference, bool Checked);

/// <summary>A line of the file.</summary>
/// <param name="Audio">The recording, relative to the file.</param>
/// <param name="Number">1 for the first clip of the list with this recording, 2 for the second one.</param>
/// <param name="Dropped">See <see cref="ClipMarks"/>.</param>
/// <param name="Reference">See <see cref="ClipMarks"/>.</param>
/// <param name="Checked">See <see cref="ClipMarks"/>.</param>
sealed record MarkLine([property: JsonRequired] string Audio, int Number = 1, bool Dropped = false, bool Reference = false,
    bool Checked = false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(MarkLine))]
sealed partial class MarkJson : JsonSerializerContext;

static class ReviewFile
{
    const string Remedy = "Correct the line, or remove the file to forget what was marked.";

    /// <summary>The file with the marks of a list, or of a folder without a list.</summary>
    public static string PathOf(string list) =>
        Directory.Exists(list) ? Path.Combine(list, "review.jsonl") : list + ".review.jsonl";

    /// <summary>The clips with their marks.</summary>
    /// <exception cref="InvalidDataException">The file has other lines than marks.</exception>
    public static List<Clip> Mark(string list, List<Clip> clips)
    {
        if (!File.Exists(PathOf(list)))
            return clips;
        var marks = Read(PathOf(list));
        return [.. clips.Zip(Keys(clips), (clip, key) => clip with { Marks = marks.GetValueOrDefault(key) })];
    }

    static Dictionary<(string, int), ClipMarks> Read(string file)
    {
        var marks = new Dictionary<(string, int), ClipMarks>();
        foreach (var (i, line) in TextFile.ReadLines(file).Index())
            if (line.Trim().Length > 0)
            {
                var place = $"{file}({i + 1})";
                var read = JsonFile.Parse(System.Text.Encoding.UTF8.GetBytes(line), place, MarkJson.Default.MarkLine, Remedy);
                if (read.Audio.Length == 0 || read.Audio.Any(char.IsControl))
                    throw new InvalidDataException($"{place}: 'audio' is not the path of a recording. {Remedy}");
                var audio = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, read.Audio));
                if (!marks.TryAdd((audio, read.Number), new(read.Dropped, read.Reference, read.Checked)))
                    throw new InvalidDataException($"{place}: the recording is marked twice. {Remedy}");
            }
        return marks;
    }

    /// <summary>The bytes of the file for these clips; clips without marks have no line.</summary>
    public static byte[] Write(string list, IReadOnlyList<Clip> clips)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(PathOf(list)))!;
        using var bytes = new MemoryStream();
        foreach (var (clip, (_, number)) in clips.Zip(Keys(clips)).Where(c => c.First.Marks != default))
        {
            var marks = clip.Marks;
            JsonSerializer.Serialize(bytes, new(CodesFile.Relative(folder, clip.Audio), number, marks.Dropped, marks.Reference,
                marks.Checked), MarkJson.Default.MarkLine);
            bytes.WriteByte((byte)'\n');
        }
        return bytes.ToArray();
    }

    /// <summary>A key for each clip: its recording, and how many clips with this recording there are up to it.</summary>
    static IEnumerable<(string Audio, int Number)> Keys(IReadOnlyList<Clip> clips)
    {
        var counts = new Dictionary<string, int>();
        foreach (var clip in clips)
            yield return (clip.Audio, counts[clip.Audio] = counts.GetValueOrDefault(clip.Audio) + 1);
    }
}
