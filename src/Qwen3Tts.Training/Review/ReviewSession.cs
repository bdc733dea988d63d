// The list that is reviewed. Each change is on the disk before it is confirmed: texts in the list itself, marks in the file beside it. The
// disk is the only state, so nothing is lost when the program or the browser ends.
using System.Text.Json.Serialization;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Files;
using Qwen3Tts.Text;

namespace Qwen3Tts.Training.Review;

/// <summary>A clip as the page shows it.</summary>
/// <param name="Name">File name of the recording.</param>
/// <param name="Text">What is said.</param>
/// <param name="Speaker">Name of the speaker, if the list names one.</param>
/// <param name="Dropped">See <see cref="ClipMarks"/>.</param>
/// <param name="Reference">See <see cref="ClipMarks"/>.</param>
/// <param name="Checked">See <see cref="ClipMarks"/>.</param>
/// <param name="Warnings">Full sentences.</param>
sealed record ReviewClip(string Name, string Text, string? Speaker, bool Dropped, bool Reference, bool Checked,
    IReadOnlyList<string> Warnings);

/// <summary>What the page gets.</summary>
/// <param name="List">The list.</param>
/// <param name="Version">Changes when the list or the marks change.</param>
/// <param name="Clips">The clips in the order of the list.</param>
sealed record ReviewList(string List, string Version, IReadOnlyList<ReviewClip> Clips);

/// <summary>A change that the page asks for: the new state of one clip.</summary>
/// <param name="Version">The version of the list that the page has.</param>
/// <param name="Index">Index of the clip.</param>
/// <param name="Text">What is said.</param>
/// <param name="Dropped">See <see cref="ClipMarks"/>.</param>
/// <param name="Reference">See <see cref="ClipMarks"/>.</param>
/// <param name="Checked">See <see cref="ClipMarks"/>.</param>
sealed record ReviewChange([property: JsonRequired] string Version, [property: JsonRequired] int Index,
    [property: JsonRequired] string Text, bool Dropped = false, bool Reference = false, bool Checked = false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ReviewList))]
[JsonSerializable(typeof(ReviewChange))]
sealed partial class ReviewJson : JsonSerializerContext;

sealed class ReviewSession
{
    readonly Lock _gate = new();
    readonly string _list;
    readonly IReadOnlyDictionary<string, List<string>> _warnings; // by the clip's place

    /// <param name="path">The folder or list.</param>
    /// <param name="warnings">Warnings of each clip, by its place.</param>
    /// <exception cref="InvalidDataException">The list has mistakes.</exception>
    public ReviewSession(string path, IReadOnlyDictionary<string, List<string>> warnings)
    {
        var problems = new ListProblems();
        _list = ClipList.ListOf(path, problems) ?? path;
        problems.ThrowIfAny();
        _warnings = warnings;
        if (Read().Count == 0)
            throw new InvalidDataException($"{path}: there is no clip to review.");
    }

    /// <summary>The clips as they are on the disk now.</summary>
    /// <exception cref="InvalidDataException">The list has mistakes.</exception>
    public ReviewList List()
    {
        lock (_gate)
            return Shown(Read());
    }

    /// <summary>The recording of a clip.</summary>
    /// <exception cref="ArgumentException">There is no such clip.</exception>
    public Waveform Sound(int index)
    {
        string audio;
        lock (_gate)
            audio = Read() is var clips && index >= 0 && index < clips.Count ? clips[index].Audio : throw NoClip(index);
        return AudioFile.Read(audio);
    }

    /// <summary>Writes a change to the disk, and returns the list as it is then.</summary>
    /// <exception cref="ArgumentException">There is no such clip, or the text cannot be spoken.</exception>
    /// <exception cref="InvalidDataException">A list of this format cannot have the text.</exception>
    /// <exception cref="IOException">The list was changed by another program, or the disk is full.</exception>
    public ReviewList Change(ReviewChange change)
    {
        lock (_gate)
        {
            var clips = Read();
            if (change.Index < 0 || change.Index >= clips.Count)
                throw NoClip(change.Index);
            if (change.Version != Version(clips))
                throw new IOException($"'{_list}' was changed by another program, or in another window. Load this page again, then " +
                    $"change the clip.");
            var clip = clips[change.Index];
            if (ClipList.Words(change.Text) is var said && said != clip.Text)
            {
                if (SpokenText.Problem(said) is { } problem)
                    throw new ArgumentException(problem);
                WriteText(clips, change.Index, said);
            }
            var marked = clips.Select((c, i) => i == change.Index
                ? c with { Marks = new(change.Dropped, change.Reference, change.Checked) }
                : change.Reference && c.Speaker == clip.Speaker ? c with { Marks = c.Marks with { Reference = false } } : c).ToList();
            if (!marked.Select(c => c.Marks).SequenceEqual(clips.Select(c => c.Marks)))
                OutputFile.Replace(ReviewFile.PathOf(_list), stream => stream.Write(ReviewFile.Write(_list, marked)));
            return Shown(Read());
        }
    }

    List<Clip> Read()
    {
        var problems = new ListProblems();
        var clips = ClipList.ReadAll(_list, problems, withoutText: true);
        if (!Directory.Exists(_list))
            problems.ThrowIfAny(); // a folder's other files do not disturb
        return clips;
    }

    void WriteText(List<Clip> clips, int index, string said)
    {
        var audio = clips[index].Audio;
        if (!Directory.Exists(_list))
            Write(_list, ListEditor.WithText(_list, WholeFile.Read(_list), clips, index, said));
        else if (ClipFolder.TextsOf(audio) is { Count: > 0 } texts)
            texts.ForEach(file => Write(file, ListEditor.Encode(said + "\n", WholeFile.Read(file))));
        else
            OutputFile.Replace(Path.ChangeExtension(audio, ".txt"), stream => stream.Write(ListEditor.Encode(said + "\n", [])));
    }

    /// <summary>Replaces a file of the user, who asked for it. The file as it was before the first change is kept beside it.</summary>
    static void Write(string file, byte[] content)
    {
        var kept = file + ".orig";
        if (!Path.Exists(kept))
            OutputFile.Replace(kept, stream => stream.Write(WholeFile.Read(file)));
        OutputFile.Replace(file, stream => stream.Write(content));
    }

    ReviewList Shown(List<Clip> clips) => new(_list, Version(clips), [.. clips.Select(c => new ReviewClip(Path.GetFileName(c.Audio),
        c.Text, c.Speaker, c.Marks.Dropped, c.Marks.Reference, c.Marks.Checked, _warnings.GetValueOrDefault(c.Place, [])))]);

    /// <summary>A hash of everything that a change may overwrite.</summary>
    static string Version(List<Clip> clips)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        foreach (var clip in clips)
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{clip.Audio}\n{clip.Text}\n{clip.Speaker}\n{clip.Marks}\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    static ArgumentException NoClip(int index) => new($"There is no clip {index + 1} in the list. Load this page again.");
}
