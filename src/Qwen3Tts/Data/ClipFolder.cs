// Reads a folder of recordings, each with a text file of the same name: x.wav with x.txt, or with x.lab (GPT-SoVITS, MFA, fish-speech). Of
// recordings with one name, such as x.wav and the x.mp3 that it was made from, the one that lost least is taken.
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Data;

static class ClipFolder
{
    /// <param name="folder">The folder.</param>
    /// <param name="found">Receives the mistakes.</param>
    /// <param name="withoutText">Recordings without a text are clips with an empty text, and no mistakes.</param>
    public static List<Clip> Read(string folder, ListProblems found, bool withoutText = false)
    {
        var (clips, before) = (new List<Clip>(), found.Count);
        var texts = Texts(folder);
        var (recordings, used) = (Recordings(folder), new Dictionary<string, string>());
        foreach (var wav in recordings)
        {
            var own = Own(texts, wav);
            if (own.Count == 0 && withoutText)
                clips.Add(new(wav, Path.GetFullPath(wav), true, ""));
            else if (own.Count == 0)
                found.Add(Shown(wav), $"there is no {Printable.Text(Path.GetFileNameWithoutExtension(wav))}.txt beside it, nor a .lab. "
                    + "Write what is said into one, or remove the recording.", "no text", "file");
            else if (own.Select(t => used.GetValueOrDefault(t)).FirstOrDefault(w => w is not null) is { } other)
                found.Add(Shown(wav), $"{Printable.Text(Path.GetFileName(own[0]))} is the text of "
                    + $"{Printable.Text(Path.GetFileName(other))} already. Remove one of the two recordings.");
            else
                Add(wav, own, clips, found, withoutText);
            foreach (var text in own)
                used.TryAdd(text, wav);
        }
        foreach (var text in texts.SelectMany(t => t).Where(t => !used.ContainsKey(t)))
            found.Add(Shown(text), "there is no recording of that name. Add the recording, or remove the text.", "no recording", "file");
        var names = recordings.Select(Path.GetFileNameWithoutExtension).ToHashSet(); // such a file was converted already
        var others = Files(folder, ".m4a", ".aac", ".wma", ".webm");
        foreach (var f in others.Where(f => !names.Contains(Path.GetFileNameWithoutExtension(f))))
            found.Add(Shown(f), $"it is none of {AudioFile.Readable}. Convert it with "
                + $"'ffmpeg -i \"{Shown(f)}\" \"{Path.ChangeExtension(Shown(f), ".wav")}\"'.", "other format", "file");
        if (clips.Count == 0 && found.Count == before)
            found.Add(folder, "there is no recording in it. Name the folder that holds the recordings.");
        return clips;
    }

    /// <summary>The files with the text of a recording: one, or a TXT and a LAB with the same words.</summary>
    public static List<string> TextsOf(string wav) => Own(Texts(Path.GetDirectoryName(wav)!), wav);

    static ILookup<string, string> Texts(string folder) =>
        Files(folder, ".txt", ".lab").ToLookup(f => ClipPath.Key(Path.GetFileNameWithoutExtension(f)));

    static List<string> Own(ILookup<string, string> texts, string wav)
    {
        var name = Path.GetFileNameWithoutExtension(wav);
        var own = texts[ClipPath.Key(name)].ToList();
        if (own.Any(t => Path.GetFileNameWithoutExtension(t) == name))
            own.RemoveAll(t => Path.GetFileNameWithoutExtension(t) != name);
        return own;
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

    static void Add(string wav, List<string> texts, List<Clip> clips, ListProblems problems, bool withoutText)
    {
        try
        {
            var said = texts.ConvertAll(TextFile.Read);
            if (said.Select(ClipList.Words).Distinct().Count() > 1)
                problems.Add(Shown(wav), $"{string.Join(" and ", texts.Select(t => Printable.Text(Path.GetFileName(t))))} "
                    + $"are both the text of {Printable.Text(Path.GetFileName(wav))}. Remove one of them.");
            else if (ClipList.Words(said[0]) is var text && (text.Length > 0 || withoutText))
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
