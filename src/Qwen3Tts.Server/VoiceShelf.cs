// The voices that requests may name beside the speakers of the models: voice files and adapters of one folder. Requests name voices, and
// never files: a name is looked up among those that are there, and a new name has letters, digits, - and _ alone.
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Voices;

namespace Qwen3Tts.Server;

/// <summary>A saved voice, or one speaker of an adapter.</summary>
/// <param name="Name">Name in requests.</param>
/// <param name="Path">The file, or the folder of the adapter.</param>
/// <param name="File">The voice; null for an adapter.</param>
/// <param name="ByModel">How each model that fits speaks with it, without the other options of a request.</param>
sealed record ShelvedVoice(string Name, string Path, VoiceFile? File, IReadOnlyDictionary<Tts, SpeechOptions> ByModel);

sealed partial class VoiceShelf
{
    readonly SpeechServerOptions _options;
    readonly ServedModels _models;
    readonly Lock _gate = new();
    ImmutableSortedDictionary<string, ShelvedVoice> _voices =
        ImmutableSortedDictionary.Create<string, ShelvedVoice>(StringComparer.Ordinal);

    VoiceShelf(SpeechServerOptions options, ServedModels models) => (_options, _models) = (options, models);

    /// <summary>All of them, by name.</summary>
    public IReadOnlyDictionary<string, ShelvedVoice> All => _voices;

    /// <summary>Reads the folder. What fits no model, or cannot be read, is left out with a line in the log.</summary>
    public static VoiceShelf Open(SpeechServerOptions options, ServedModels models)
    {
        var shelf = new VoiceShelf(options, models);
        if (options.VoicesFolder is not { } folder)
            return shelf;
        OutputFile.Try(folder, () => Directory.CreateDirectory(folder));
        foreach (var path in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
            try
            {
                if (TemporaryName.Is(path) && TemporaryName.IsAbandoned(path))
                    TemporaryName.RemoveFile(path); // of a server that was killed while it wrote
                else if (path.EndsWith(VoiceFile.Extension, StringComparison.Ordinal))
                    shelf.Put(shelf.Saved(SpeakerName.Key(System.IO.Path.GetFileName(path)[..^VoiceFile.Extension.Length]), path,
                        VoiceFile.Read(path)));
                else if (File.Exists(System.IO.Path.Combine(path, Adapter.ConfigName)))
                    foreach (var voice in shelf.Adapted(path))
                        shelf.Put(voice);
            }
            catch (Exception e) when (e is IOException or InvalidDataException or ArgumentException or NotSupportedException
                or UnauthorizedAccessException)
            {
                options.Log?.Invoke($"A voice is left out: {e.Message}");
            }
        return shelf;
    }

    void Put(ShelvedVoice voice)
    {
        if (_models.All.Find(m => m.Model.Speakers.Contains(voice.Name, StringComparer.OrdinalIgnoreCase)) is { } model)
            throw new ArgumentException($"The model {model.Name} has a speaker '{Printable.Text(voice.Name)}'. Give the voice another "
                + "name.");
        if (_voices.ContainsKey(voice.Name))
            throw new ArgumentException($"There are two voices '{Printable.Text(voice.Name)}'. Rename one of them.");
        _voices = _voices.Add(voice.Name, voice);
    }

    ShelvedVoice Saved(string name, string path, VoiceFile file)
    {
        var fitting = new Dictionary<Tts, SpeechOptions>();
        ArgumentException? last = null;
        foreach (var (_, model, _) in _models.All)
            try
            {
                fitting[model] = new() { Voice = model.Use(file) };
            }
            catch (ArgumentException e)
            {
                last = e;
            }
        return fitting.Count > 0 ? new(name, path, file, fitting) : throw last!;
    }

    /// <summary>The speakers of an adapter. It is loaded for the models that it was trained on.</summary>
    IEnumerable<ShelvedVoice> Adapted(string folder)
    {
        var loaded = new Dictionary<Tts, VoiceAdapter>();
        Exception? last = null;
        foreach (var (_, model, _) in _models.All)
            try
            {
                loaded[model] = model.LoadAdapter(folder);
            }
            catch (Exception e) when (e is InvalidDataException or NotSupportedException)
            {
                last = e;
            }
        if (loaded.Count == 0)
            throw new InvalidDataException(last!.Message, last);
        var speakers = loaded.Values.First().Speakers.ToList();
        if (speakers.Count == 0)
            throw new InvalidDataException($"The adapter '{Printable.Path(folder)}' has no voice of its own (voices.safetensors). Load its "
                + "model with it instead.");
        return speakers.Select(name => new ShelvedVoice(name, folder, null,
            loaded.ToDictionary(m => m.Key, m => new SpeechOptions { Adapter = m.Value, Speaker = name })));
    }

    /// <summary>The names that a model can speak with.</summary>
    public IEnumerable<string> Names(Tts model) =>
        model.Speakers.Concat(_voices.Values.Where(v => v.ByModel.ContainsKey(model)).Select(v => v.Name));

    /// <summary>Puts the voice of a request into its options.</summary>
    /// <param name="name">What the request names; null if it names none.</param>
    /// <param name="model">The model.</param>
    /// <param name="modelName">Its name.</param>
    /// <param name="speech">The other options.</param>
    /// <returns>The name of the voice for the log of the file, and the options.</returns>
    /// <exception cref="ApiError">There is no such voice, or none is named and one is needed.</exception>
    public (string Name, SpeechOptions Speech) Choose(string? name, Tts model, string modelName, SpeechOptions speech)
    {
        if (name is null && model.Kind == "voice_design")
            return ("designed", speech);
        string Known() => Names(model).ToList() is { Count: > 0 } all ? $"The voices of {modelName} are: {string.Join(", ", all)}."
            : model.CanClone ? $"{modelName} has no voice yet. Send a recording in 'ref_audio', or to POST /v1/audio/voices."
            : $"{modelName} has no voice that can be named.";
        if (name is null)
            throw ApiError.Of("voice", $"The request names no voice. {Known()}");
        var key = SpeakerName.Key(name);
        if (model.Speakers.Contains(key, StringComparer.OrdinalIgnoreCase))
            return (key, speech with { Speaker = key });
        if (!_voices.TryGetValue(key, out var voice))
            throw ApiError.Of("voice", $"There is no voice '{Printable.Text(name)}'. {Known()}");
        return voice.ByModel.TryGetValue(model, out var with)
            ? (voice.Name, speech with { Voice = with.Voice, Adapter = with.Adapter, Speaker = with.Speaker })
            : throw ApiError.Of("voice", $"The voice '{voice.Name}' belongs to another model. {Known()}");
    }

    /// <summary>A name that a voice can have: it becomes part of a path.</summary>
    public static bool IsName([NotNullWhen(true)] string? name) =>
        !string.IsNullOrEmpty(name) && NewName().IsMatch(name) && !Reserved().IsMatch(name);

    [GeneratedRegex(@"^[a-z0-9][a-z0-9_-]{0,63}\z")] // $ would let a line end pass
    private static partial Regex NewName();

    [GeneratedRegex(@"^(con|prn|aux|nul|com[0-9]|lpt[0-9])\z")] // names of devices on Windows
    private static partial Regex Reserved();
}
