// Reads a folder of recordings, each with a text file of the same name: x.wav with x.txt, or with x.lab (GPT-SoVITS, MFA, fish-speech). Of
// recordings with one name, such as x.wav and the x.mp3 that it was made from, the one that lost least is taken.
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Data;

static class ClipFolder
{
    public static List<Clip> Read(string folder, ListProblems found)
    {
        var (clips, before) = (new List<Clip>(), found.Count);
        var texts = Files(folder, ".txt", ".lab").ToLookup(f => ClipPath.Key(Path.GetFileNameWithoutExtension(f)));
        var (recordings, used) = (Recordings(folder), new Dictionary<string, string>());
        foreach (var wav in recordings)
        {
            var name = Path.GetFileNameWithoutExtension(wav);
            var own = texts[ClipPath.Key(name)].ToList();
            if (own.Any(t => Path.GetFileNameWithoutExtension(t) == name))
                own.RemoveAll(t => Path.GetFileNameWithoutExtension(t) != name);
            if (own.Count == 0)
                found.Add(Shown(wav), $"there is no {Printable.Text(name)}.txt beside it, nor a .lab. "
                    + "Write what is said into one, or remove the recording.", "no text", "file");
            else if (own.Select(t => used.GetValueOrDefault(t)).FirstOrDefault(w => w is not null) is { } other)
                found.Add(Shown(wav), $"{Printable.Text(Path.GetFileName(own[0]))} is the text of "
                    + $"{Printable.Text(Path.GetFileName(other))} already. Remove one of the two recordings.");
            else
                Add(wav, own, clips, found);
            foreach (var text in own)
                used.TryAdd(text, wav);
        }
        foreach (var text in texts.SelectMany(t => t).Where(t => !used.ContainsKey(t)))
            found.Add(Shown(text), "there is no recording of that name. Add the recording, or remove the text.", "no recording", "file");
        var names = recordings.Select(Path.GetFileNameWithoutExtension).ToHashSet(); // such a file was converted already
        var others = Files(folder, ".m4a", ".aac", ".wma", ".webm");
        foreach (var f in others.Where(f => !names.Contains(Path.GetFileNameWithoutExtension(f))))
            found.Add(Shown(f), $"it is none of {AudioFile.Readable}. Convert it with "
                + $"'ffmpeg -i {Printable.Text(Path.GetFileName(f))} {Printable.Text(Path.GetFileNameWithoutExtension(f))}.wav'.",
                "other format", "file");
        if (clips.Count == 0 && found.Count == before)
            found.Add(folder, "there is no recording in it. Name the folder that holds the recordings.");
        return clips;
    }

    static List<string> Recordings(string folder)
    {
        var (found, names) = (new List<string>(), new HashSet<string?>());
        foreach (var extension in AudioFile.Extensions)
        {
            found.AddRange(Files(folder, extension).Where(f => !names.Contains(Path.GetFileNameWithoutExtension(f))));
            names.UnionWith(found.Select(Path.GetFileNameWithoutExtension));
        }
        return [.. found.Order(StringComparer.Ordinal)];
    }

    static void Add(string wav, List<string> texts, List<Clip> clips, ListProblems problems)
    {
        try
        {
            var said = texts.ConvertAll(TextFile.Read);
            if (said.Select(ClipList.Words).Distinct().Count() > 1)
                problems.Add(Shown(wav), $"{string.Join(" and ", texts.Select(t => Printable.Text(Path.GetFileName(t))))} "
                    + $"are both the text of {Printable.Text(Path.GetFileName(wav))}. Remove one of them.");
            else if (ClipList.Words(said[0]) is { Length: > 0 } text)
                clips.Add(new(wav, Path.GetFullPath(wav), true, text));
            else
                problems.Add(Shown(texts[0]), "the text is empty. Write what is said, or remove the recording.");
        }
        catch (InvalidDataException e)
        {
            problems.Add("", e.Message);
        }
    }

    /// <summary>The files of a folder. Files that begin with a dot belong to the system and are ignored.</summary>
    static IEnumerable<string> Files(string folder, params string[] extensions) => Directory.GetFiles(folder)
        .Where(f => !Path.GetFileName(f).StartsWith('.') && extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase))
        .Order(StringComparer.Ordinal);

    static string Shown(string file) => Path.Combine(Path.GetDirectoryName(file)!, Printable.Text(Path.GetFileName(file)));
}
