// Recordings that people bring for training, and what the trainer makes of them. Each project is a folder of --studio, whose name is
// checked letter by letter; files in it have numbers that this server gives, so nothing of a request becomes part of a path but a checked
// name.
//
//   NAME/recordings/0001.wav, 0001.txt    as they were brought, with their words if somebody wrote them
//   NAME/clips/metadata.jsonl             cut by 'qwen3tts-train slice'
//   NAME/review.json                      corrected texts, dropped clips
//   NAME/kept.jsonl                       what is trained on
//   NAME/voice/                           of 'qwen3tts-train voice'
//   NAME/served                           there if its whole model is served
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Files;

namespace Qwen3Tts.Server.Studio;

sealed class Projects(SpeechServerOptions options)
{
    const int Most = 200;

    string Root => options.Studio!.Folder!;

    /// <exception cref="IOException">The folder of the options cannot be made.</exception>
    public static Projects Open(SpeechServerOptions options)
    {
        if (options.Studio?.Folder is { } folder)
            OutputFile.Try(folder, () => Directory.CreateDirectory(folder));
        return new(options);
    }

    public IEnumerable<Project> All() => !Directory.Exists(Root) ? []
        : Directory.GetDirectories(Root).Where(d => VoiceShelf.IsName(Path.GetFileName(d))).Order(StringComparer.Ordinal)
            .Select(d => new Project(Path.GetFileName(d), d));

    /// <exception cref="ApiError">There is no such project.</exception>
    public Project Find(string name) => VoiceShelf.IsName(name) && Path.Combine(Root, name) is var folder && Directory.Exists(folder)
        ? new(name, folder)
        : throw new ApiError(StatusCodes.Status404NotFound, $"There is no project '{Printable.Text(name)}'. Load the page again.");

    /// <exception cref="ApiError">The name cannot be one of a voice, or is taken, or there are too many.</exception>
    public Project Create(string? name)
    {
        if (!VoiceShelf.IsName(name))
            throw ApiError.Of("name", $"'{Printable.Text(name ?? "")}' cannot be the name of a voice. Give 1 to 64 letters a to z, digits, "
                + "- and _, the first of them a letter or digit.");
        var folder = Path.Combine(Root, name);
        if (Directory.Exists(folder))
            throw new ApiError(StatusCodes.Status409Conflict, $"There is a project '{name}' already. Open it, or give another name.",
                "name");
        if (All().Count() >= Most)
            throw new ApiError(StatusCodes.Status409Conflict, $"There are {Most} projects, which are the most. Delete one first.");
        Directory.CreateDirectory(Path.Combine(folder, "recordings"));
        return new(name, folder);
    }
}

/// <summary>One project.</summary>
sealed record Project(string Name, string Folder)
{
    const int MostRecordings = 1000, HeadBytes = 12, MostText = 1_000_000;
    const string ListName = "metadata.jsonl";
    static readonly Lock Numbering = new();
    static readonly (string Kind, string Extension)[] Kinds = [("WAV", ".wav"), ("MP3", ".mp3"), ("FLAC", ".flac"), ("Ogg", ".ogg")];

    string In(string name) => Path.Combine(Folder, name);
    public string Recordings => In("recordings");
    public string Clips => In("clips");
    public string Voice => In("voice");
    public string Export => Path.Combine(Voice, "run", "export");
    public string Codes => Path.Combine(Voice, "codes.jsonl");
    string ServedFile => In("served");

    /// <summary>True if its whole model is served, also when the server starts again.</summary>
    public bool IsServed
    {
        get => File.Exists(ServedFile);
        set
        {
            if (value)
                OutputFile.Replace(ServedFile, _ => { });
            else
                File.Delete(ServedFile);
        }
    }

    IEnumerable<(int Id, string Path)> Files() => !Directory.Exists(Recordings) ? []
        : from path in Directory.GetFiles(Recordings).Order(StringComparer.Ordinal)
          where Array.Exists(Kinds, k => path.EndsWith(k.Extension, StringComparison.Ordinal))
          select (int.TryParse(Path.GetFileNameWithoutExtension(path), out var id) ? id : 0, path);

    static string TextOf(string path) => Path.ChangeExtension(path, ".txt") is var file && File.Exists(file) ? TextFile.Read(file) : "";

    public IReadOnlyList<RecordingView> ListRecordings() => [.. Files().Select(f => new RecordingView(f.Id,
        Path.GetExtension(f.Path)[1..], new FileInfo(f.Path).Length, TextOf(f.Path)))];

    string RecordingAt(int id) => Files().FirstOrDefault(f => f.Id == id).Path
        ?? throw new ApiError(StatusCodes.Status404NotFound, $"There is no recording {id}. Load the page again.");

    /// <summary>Keeps a recording; the file appears complete or not at all.</summary>
    /// <exception cref="ApiError">It is of no kind that is read, did not arrive, or cannot be kept, or there are too many.</exception>
    public async Task AddAsync(Stream body, CancellationToken stop)
    {
        try
        {
            await KeepAsync(body, stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException and not BadHttpRequestException or UnauthorizedAccessException)
        {
            throw new ApiError(StatusCodes.Status507InsufficientStorage, "The recording did not arrive whole, or could not be kept. Look "
                + "whether the project is still there and the server's disk has room, and send it again.");
        }
    }

    async Task KeepAsync(Stream body, CancellationToken stop)
    {
        foreach (var left in Directory.EnumerateFiles(Recordings).Where(f => TemporaryName.Is(f) && TemporaryName.IsAbandoned(f)))
            TemporaryName.RemoveFile(left); // of a server that was killed meanwhile
        var head = new byte[HeadBytes];
        var length = await body.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, stop).ConfigureAwait(false);
        var kind = AudioKind.Recognise(head.AsSpan(0, length));
        var extension = Array.Find(Kinds, k => kind?.StartsWith(k.Kind, StringComparison.Ordinal) == true).Extension
            ?? throw new ApiError(StatusCodes.Status400BadRequest, $"The file is {kind ?? "no recording"}. Bring WAV, FLAC, MP3 or Ogg.");
        var aside = TemporaryName.Take(Path.Combine(Recordings, "new"), TemporaryName.New);
        try
        {
            var file = new FileStream(aside, FileMode.CreateNew, FileAccess.Write);
            await using (file.ConfigureAwait(false))
            {
                await file.WriteAsync(head.AsMemory(0, length), stop).ConfigureAwait(false);
                await body.CopyToAsync(file, stop).ConfigureAwait(false);
            }
            Number(aside, extension);
        }
        finally
        {
            File.Delete(aside);
            TemporaryName.Release(aside);
        }
    }

    /// <summary>Gives a complete recording the next number. Of two that arrive at the same time, each gets its own.</summary>
    void Number(string aside, string extension)
    {
        lock (Numbering)
        {
            var id = Files().Select(f => f.Id).DefaultIfEmpty().Max() + 1;
            if (id > MostRecordings)
                throw new ApiError(StatusCodes.Status409Conflict, $"There are {MostRecordings} recordings, which are the most. Delete some "
                    + "first.");
            File.Move(aside, Path.Combine(Recordings, $"{id:D4}{extension}"), overwrite: false);
        }
    }

    public void SetText(int id, string? text)
    {
        if (text?.Length > MostText)
            throw ApiError.Of("text", $"The text has {text.Length} characters, and {MostText} are the most. Bring the recording in parts.");
        var file = Path.ChangeExtension(RecordingAt(id), ".txt");
        if (string.IsNullOrWhiteSpace(text))
            File.Delete(file);
        else
            OutputFile.Replace(file, s => s.Write(Encoding.UTF8.GetBytes(text)));
    }

    public void RemoveRecording(int id)
    {
        var path = RecordingAt(id);
        File.Delete(path);
        File.Delete(Path.ChangeExtension(path, ".txt"));
    }

    string ReviewFile => In("review.json");

    ReviewedClips Reviewed => !File.Exists(ReviewFile) ? new([]) : JsonFile.Read(ReviewFile, StudioJson.Default.ReviewedClips,
        "Move the file away; corrected texts are lost with it.");

    /// <summary>The clips that were cut, with their corrections. Those of the list that lie elsewhere are left out.</summary>
    List<(string Path, string Text, bool Dropped)> Cut()
    {
        var list = Path.Combine(Clips, ListName);
        if (!File.Exists(list))
            return [];
        var (reviewed, inside) = (Reviewed, Path.GetFullPath(Clips) + Path.DirectorySeparatorChar);
        return
        [
            .. from line in TextFile.ReadLines(list).Where(l => l.Length > 0)
               let clip = JsonFile.Parse(Encoding.UTF8.GetBytes(line), ListName, ClipJson.Default.ClipLine, "Cut the recordings again.")
               where clip.Audio is not null
               let path = Path.GetFullPath(Path.Combine(Clips, clip.Audio!))
               where path.StartsWith(inside, StringComparison.Ordinal)
               let change = reviewed.Clips.GetValueOrDefault(Path.GetFileName(path))
               select (path, change?.Text ?? clip.Text ?? "", change?.Dropped == true),
        ];
    }

    public IReadOnlyList<ClipView> ListClips() => [.. Cut().Select((c, i) => new ClipView(i, c.Text, c.Dropped))];

    /// <exception cref="ApiError">There is no such clip.</exception>
    public string ClipAt(int id) => Cut() is var all && id >= 0 && id < all.Count ? all[id].Path
        : throw new ApiError(StatusCodes.Status404NotFound, $"There is no clip {id}. Load the page again.");

    public void Review(int id, TextBody change)
    {
        var (name, reviewed) = (Path.GetFileName(ClipAt(id)), Reviewed);
        reviewed.Clips[name] = change;
        OutputFile.Replace(ReviewFile, s => JsonSerializer.Serialize(s, reviewed, StudioJson.Default.ReviewedClips));
    }

    /// <summary>Writes the list that is trained on: the clips that were cut, or else the recordings that have a text.</summary>
    /// <exception cref="ApiError">There is nothing to train on.</exception>
    public string WriteKept(string? language)
    {
        var cut = Cut();
        var all = cut.Count > 0 ? cut : [.. Files().Select(f => (f.Path, TextOf(f.Path), false))];
        var kept = all.Where(c => !c.Dropped && !string.IsNullOrWhiteSpace(c.Text)).ToList();
        if (kept.Count == 0)
            throw new ApiError(StatusCodes.Status400BadRequest, "No clip has a text. Bring recordings with their words, or write down what "
                + "is said in them.");
        var list = In("kept.jsonl");
        File.Delete(list);
        CodesFile.Write(list, kept.Select(c => new Clip("", c.Path, true, string.Join(' ', c.Text.Split((char[]?)null,
            StringSplitOptions.RemoveEmptyEntries)), Language: language)));
        return list;
    }
}
