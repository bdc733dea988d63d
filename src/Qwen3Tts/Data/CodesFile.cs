// Reads and writes the official format of a list, one object a line: audio, text, ref_audio and, in codes.jsonl, audio_codes. Speaker,
// language, instruct, split and doubtful are added if known; the official script ignores them. A path that was given as relative is written
// relative to the file, so that the folder can be moved as a whole.
using System.Text.Encodings.Web;
using System.Text.Json;
using Qwen3Tts.Files;

namespace Qwen3Tts.Data;

static class CodesFile
{
    static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a complete file under a temporary name and renames it, so a file of the final name is always complete.</summary>
    public static void Write(string path, IEnumerable<Clip> clips) => Write(path, clips, Write);

    /// <param name="path">The file.</param>
    /// <param name="clips">The clips, one for each line.</param>
    /// <param name="write">Writes the object of a clip; its argument is the folder that relative paths are relative to.</param>
    public static void Write(string path, IEnumerable<Clip> clips, Action<Utf8JsonWriter, string, Clip> write)
    {
        path = Path.GetFullPath(path);
        OutputFile.Write(path, stream =>
        {
            foreach (var clip in clips)
            {
                using (var json = new Utf8JsonWriter(stream, Readable))
                    write(json, Path.GetDirectoryName(path)!, clip);
                stream.WriteByte((byte)'\n');
            }
        });
    }

    static void Write(Utf8JsonWriter json, string folder, Clip clip)
    {
        string Relative(string path) => clip.GivenAsRelative ? CodesFile.Relative(folder, path) : path;
        json.WriteStartObject();
        json.WriteString("audio", Relative(clip.Audio));
        json.WriteString("text", clip.Text);
        foreach (var (key, value) in new[] { ("speaker", clip.Speaker), ("language", clip.Language), ("instruct", clip.Instruct) })
            if (value is not null)
                json.WriteString(key, value);
        if (clip.HeldOut is { } heldOut)
            json.WriteString("split", heldOut ? "held-out" : "train");
        if (clip.Doubtful)
            json.WriteBoolean("doubtful", true);
        if (clip.Reference is { } reference)
            json.WriteString("ref_audio", Relative(reference));
        if (clip.Codes is { } codes)
            WriteCodes(json, codes);
        json.WriteEndObject();
    }

    public static string Relative(string folder, string path) => Path.GetRelativePath(folder, path).Replace('\\', '/');

    public static void WriteCodes(Utf8JsonWriter json, IReadOnlyList<int[]> codes)
    {
        json.WriteStartArray("audio_codes");
        foreach (var frame in codes)
        {
            json.WriteStartArray();
            foreach (var code in frame)
                json.WriteNumberValue(code);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    /// <summary>Reads the frames of one line.</summary>
    /// <param name="path">The file.</param>
    /// <param name="number">Number of the line, from 1 on; null if there is only one.</param>
    /// <exception cref="ArgumentException">There is no such line, or there are several and none is chosen.</exception>
    /// <exception cref="InvalidDataException">The line is no JSON object with 'audio_codes'.</exception>
    public static int[][] ReadFrames(string path, int? number)
    {
        var lines = TextFile.ReadLines(path).Select((text, i) => (Json: text.Trim(), Number: i + 1)).Where(l => l.Json.Length > 0).ToList();
        if (number is null && lines.Count > 1)
            throw new ArgumentException($"'{Printable.Text(path)}' has {lines.Count} lines, each with the codes of one recording. "
                + "Choose one with --line.");
        var (json, at) = lines.FirstOrDefault(l => number is null || l.Number == number);
        if (json is null)
            throw new ArgumentException($"'{Printable.Text(path)}' has no line {number ?? 1} with codes. "
                + "Give the number of a line that has.");
        return ClipsOfJson.ReadFrames(json, $"{path}({at})");
    }

    /// <summary>
    /// Reads clips that are ready for training: with a reference, and with whole frames of codes below <paramref name="codebook"/>.
    /// </summary>
    /// <exception cref="InvalidDataException">Some lines are not ready; the message names up to twenty.</exception>
    public static List<Clip> Read(string path, int codeGroups, int codebook)
    {
        var found = new ListProblems();
        if (Directory.Exists(path))
            throw new InvalidDataException(
                $"'{path}' is a folder; training reads the codes.jsonl that 'qwen3tts-train prepare {path}' writes.");
        var clips = ClipList.Read(path, found, ListFormat.Jsonl);
        foreach (var clip in clips)
            if (Problem(clip, path, codeGroups, codebook) is { } problem)
                found.Add(clip.Place, problem);
        found.ThrowIfAny();
        return clips;
    }

    static string? Problem(Clip clip, string path, int codeGroups, int codebook) =>
        clip.Codes is not { Count: > 0 } frames ? $"there are no 'audio_codes'. Run 'qwen3tts-train prepare {path}' first."
        : frames.FirstOrDefault(f => f.Length != codeGroups) is { } odd
            ? $"a frame has {odd.Length} codes, this model's have {codeGroups}. Prepare the recordings with this model."
        : frames.SelectMany(f => f).Where(c => c < 0 || c >= codebook).Select(c => (int?)c).FirstOrDefault() is { } code
            ? $"the code {code} is outside the codebook of {codebook}. Prepare the recordings with this model."
        : clip.Reference is null ? "there is no 'ref_audio'. Name the recording that the voice is taken from."
        : null;
}
