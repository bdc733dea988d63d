// What changes the voices while the server runs: new and deleted voices, and models that come and go.
using Microsoft.AspNetCore.Http;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Voices;

namespace Qwen3Tts.Server;

sealed partial class VoiceShelf
{
    /// <summary>The name of a new voice.</summary>
    /// <exception cref="ApiError">It cannot be one, or there is such a voice, or there are too many.</exception>
    public string CheckNew(string? name)
    {
        if (_options.VoicesFolder is null)
            throw new ApiError(StatusCodes.Status403Forbidden, "This server keeps no voices. Start it with --voices DIR.");
        if (!IsName(name))
            throw ApiError.Of("name", $"'{Printable.Text(name ?? "")}' cannot be the name of a voice. Give 1 to 64 letters a to z, digits, "
                + "- and _, the first of them a letter or digit.");
        if (Find(name) is not null)
            throw new ApiError(StatusCodes.Status409Conflict, $"There is a voice '{name}' already. Delete it first, or give another name.",
                "name");
        if (_voices.Count >= _options.MostVoices)
            throw new ApiError(StatusCodes.Status409Conflict, $"There are {_voices.Count} voices, which are the most. Delete one first.");
        return name;
    }

    /// <summary>Copies an adapter into the folder of voices, and speaks with it from now on.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="folder">The adapter.</param>
    /// <exception cref="ApiError">There is such a voice, or the adapter cannot be used.</exception>
    public void Adopt(string name, string folder)
    {
        lock (_gate)
        {
            CheckNew(name);
            var path = System.IO.Path.Combine(_options.VoicesFolder!, name);
            var voices = Adapted(folder).ToList(); // a bad one is refused before it is copied
            Store(() => OutputFolder.Write(path, aside =>
            {
                foreach (var file in Directory.GetFiles(folder).Where(f => !OutputFolder.IsBookkeeping(f)))
                    OutputFile.Write(System.IO.Path.Combine(aside, System.IO.Path.GetFileName(file)), to =>
                    {
                        using var from = File.OpenRead(file);
                        from.CopyTo(to);
                    });
            }));
            foreach (var voice in voices)
                Put(voice with { Path = path });
        }
    }

    string? Find(string name) => _voices.ContainsKey(name)
        || _models.All.Exists(m => m.Model.Speakers.Contains(name, StringComparer.OrdinalIgnoreCase)) ? name : null;

    /// <summary>Keeps a voice. The file is complete on the disk before it has its name.</summary>
    /// <exception cref="ApiError">There is such a voice by now.</exception>
    public ShelvedVoice Add(string name, VoiceFile file)
    {
        var path = System.IO.Path.Combine(_options.VoicesFolder!, name + VoiceFile.Extension);
        lock (_gate)
        {
            CheckNew(name);
            var voice = Saved(name, path, file); // what no model can use is refused before it is written
            Store(() => file.Write(path));
            _voices = _voices.Add(name, voice);
            return voice;
        }
    }

    /// <summary>Deletes a saved voice, or an adapter with all its voices.</summary>
    /// <returns>The names of what is gone.</returns>
    /// <exception cref="ApiError">There is no such voice.</exception>
    public IReadOnlyList<string> Remove(string name)
    {
        lock (_gate)
        {
            if (!_voices.TryGetValue(SpeakerName.Key(name), out var voice))
                throw new ApiError(StatusCodes.Status404NotFound, $"There is no saved voice '{Printable.Text(name)}'. GET /v1/audio/voices "
                    + "lists them.");
            Store(() =>
            {
                if (voice.File is null)
                    RemoveAdapter(voice.Path);
                else
                    File.Delete(voice.Path);
            });
            var gone = _voices.Values.Where(v => v.Path == voice.Path).Select(v => v.Name).ToList();
            _voices = _voices.RemoveRange(gone);
            return gone;
        }
    }

    /// <summary>Changes the folder of voices.</summary>
    /// <exception cref="ApiError">It cannot be changed. The answer names no path.</exception>
    static void Store(Action change)
    {
        try
        {
            change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ApiError(StatusCodes.Status507InsufficientStorage, "The folder of voices could not be changed. Look there for room, "
                + "for the rights of this server, and for a folder of that name with files that this server did not write.");
        }
    }

    /// <summary>Deletes the files of an adapter, and its folder if nothing else lies in it. A link is removed, and not what it leads
    /// to.</summary>
    static void RemoveAdapter(string folder)
    {
        if (new DirectoryInfo(folder).LinkTarget is not null)
        {
            Directory.Delete(folder);
            return;
        }
        foreach (var file in new[] { Adapter.ConfigName, Adapter.TensorsName, Adapter.VoicesName }) // without the first it is no adapter
            File.Delete(System.IO.Path.Combine(folder, file));
        OutputFolder.Remove(folder);
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }

    /// <exception cref="ApiError">A speaker of a further model cannot have this name, because a voice has it.</exception>
    public void CheckSpeaker(string name)
    {
        if (_voices.ContainsKey(SpeakerName.Key(name)))
            throw new ApiError(StatusCodes.Status409Conflict, $"There is a voice '{Printable.Text(name)}' already, and a speaker of the "
                + "model has the same name. Delete that voice first.");
    }

    /// <summary>Serves a further model, with its speakers and the saved voices that it can use.</summary>
    /// <exception cref="ApiError">There is such a model, or a voice with the name of one of its speakers.</exception>
    public void Admit(ServedModel served)
    {
        lock (_gate)
        {
            foreach (var speaker in served.Model.Speakers)
                CheckSpeaker(speaker);
            var changed = new Dictionary<ShelvedVoice, SpeechOptions>();
            foreach (var voice in _voices.Values.Where(v => v.File is not null))
                try
                {
                    changed[voice] = new() { Voice = served.Model.Use(voice.File!) }; // reads the model's files
                }
                catch (ArgumentException)
                {
                    // a voice of another kind of model
                }
            _models.Add(served);
            foreach (var (voice, with) in changed)
                Change(voice, voice.ByModel.Append(new(served.Model, with)));
        }
    }

    /// <summary>Ends a model that was trained here. Voices that no other model can use stay, and cannot be spoken with.</summary>
    /// <exception cref="ApiError">There is no such model, or it was not trained here.</exception>
    public void Dismiss(string name)
    {
        lock (_gate)
        {
            var gone = _models.Remove(name);
            foreach (var voice in _voices.Values.Where(v => v.ByModel.ContainsKey(gone)))
                Change(voice, voice.ByModel.Where(m => m.Key != gone));
        }
    }

    void Change(ShelvedVoice voice, IEnumerable<KeyValuePair<Tts, SpeechOptions>> byModel) =>
        _voices = _voices.SetItem(voice.Name, voice with { ByModel = byModel.ToDictionary() });
}
