// A folder of recordings with a text of the same name each: x.wav with x.txt, or with x.lab as GPT-SoVITS, MFA and fish-speech have it.
using Qwen3Tts.Files;

namespace Qwen3Tts.Doctor;

static class ClipFolder
{
    public static List<Clip> Read(string folder, List<string> problems)
    {
        var clips = new List<Clip>();
        var texts = Files(folder, ".txt", ".lab").ToLookup(f => ClipPath.Key(Path.GetFileNameWithoutExtension(f)));
        var used = new HashSet<string>();
        foreach (var wav in Files(folder, ".wav"))
        {
            var name = Path.GetFileNameWithoutExtension(wav);
            var own = texts[ClipPath.Key(name)].ToList();
            if (own.Any(t => Path.GetFileNameWithoutExtension(t) == name))
                own.RemoveAll(t => Path.GetFileNameWithoutExtension(t) != name);
            used.UnionWith(own);
            if (own.Count == 0)
                problems.Add($"{Shown(wav)}: there is no {Printable.Text(name)}.txt beside it, nor a .lab. "
                    + "Write what is said into one, or remove the recording.");
            else
                Add(wav, own, clips, problems);
        }
        problems.AddRange(texts.SelectMany(t => t).Where(t => !used.Contains(t))
            .Select(t => $"{Shown(t)}: there is no recording of that name. Add the WAV file, or remove the text."));
        foreach (var f in Files(folder, ".mp3", ".flac", ".ogg", ".opus", ".m4a"))
            problems.Add($"{Shown(f)}: only WAV files are read. Convert it: "
                + $"ffmpeg -i {Printable.Text(Path.GetFileName(f))} {Printable.Text(Path.GetFileNameWithoutExtension(f))}.wav");
        if (clips.Count == 0 && problems.Count == 0)
            problems.Add($"{folder}: there is no WAV file in it. Name the folder that holds the recordings.");
        return clips;
    }

    static void Add(string wav, List<string> texts, List<Clip> clips, List<string> problems)
    {
        try
        {
            var said = texts.ConvertAll(TextFile.Read);
            if (said.Select(ClipList.Words).Distinct().Count() > 1)
                problems.Add($"{Shown(wav)}: {string.Join(" and ", texts.Select(t => Printable.Text(Path.GetFileName(t))))} "
                    + $"are both the text of {Printable.Text(Path.GetFileName(wav))}. Remove one of them.");
            else if (ClipList.Words(said[0]) is { Length: > 0 } text)
                clips.Add(new(wav, Path.GetFullPath(wav), true, text));
            else
                problems.Add($"{Shown(texts[0])}: the text is empty. Write what is said, or remove the recording.");
        }
        catch (InvalidDataException e)
        {
            problems.Add(e.Message);
        }
    }

    /// <summary>A folder's files; those that begin with a dot belong to the system and are no recordings.</summary>
    static IEnumerable<string> Files(string folder, params string[] extensions) => Directory.GetFiles(folder)
        .Where(f => !Path.GetFileName(f).StartsWith('.') && extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase))
        .Order(StringComparer.Ordinal);

    static string Shown(string file) => Path.Combine(Path.GetDirectoryName(file)!, Printable.Text(Path.GetFileName(file)));
}
