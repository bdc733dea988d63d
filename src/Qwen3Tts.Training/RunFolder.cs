// What a run leaves: options.json (all it is a function of), preflight.json, voice.safetensors (the vectors that stand in its sequences),
// log.jsonl (one line a step) and tensorboard/ (the same), state/ (weights and moments, until the run is done) and export/ (the result). A run goes on from state/ with the
// same numbers as if it had never stopped: the order of the data is a function of the step, and nothing else is random.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Training;

/// <summary>What to do with a folder that holds a run already.</summary>
enum Existing { Refuse, Resume, Overwrite }

sealed class RunFolder
{
    static readonly JsonSerializerOptions LogFormat = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    internal RunFolder(string path) => Path = path;

    public string Path { get; }
    public string Export => In("export");
    const string Part = ".part"; // of names whose file is not complete

    string OptionsFile => In("options.json");
    string PreflightFile => In("preflight.json");
    string VoiceFile => In("voice.safetensors");
    string LogFile => In("log.jsonl");
    string StateFile => In("state", "training.safetensors");

    string In(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>A run was begun there.</summary>
    public static bool IsAt(string path) => File.Exists(new RunFolder(path).OptionsFile);

    /// <summary>Looks whether the run can be there, and writes nothing.</summary>
    /// <exception cref="IOException">The folder is not empty, and is neither to be resumed nor to be overwritten; or is no run's.</exception>
    /// <exception cref="ArgumentException">To be resumed, with other options than it began with.</exception>
    public static RunFolder Find(string path, TrainingOptions options, Existing existing)
    {
        var file = new RunFolder(path).OptionsFile;
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any(e => !e.EndsWith(Part, StringComparison.Ordinal)))
        {
            if (!File.Exists(file))
                throw new IOException($"'{path}' is not empty and holds no run. Name another folder for the run.");
            if (existing == Existing.Refuse)
                throw new IOException($"'{path}' holds a run already. Go on with it by --resume, begin anew by --overwrite, or name another folder.");
            if (existing == Existing.Resume)
                CheckSame(options, TrainingOptions.FromJson(File.ReadAllText(file), file), file);
        }
        else if (existing == Existing.Resume)
            throw new IOException($"'{path}' holds no run to go on with. Leave --resume out.");
        return new(path);
    }

    /// <summary>The options that the run there began with; the given ones where there is none.</summary>
    public static TrainingOptions Begun(string path, TrainingOptions otherwise) => new RunFolder(path).OptionsFile is var file && File.Exists(file) ? TrainingOptions.FromJson(File.ReadAllText(file), file) : otherwise;

    /// <summary>Begins anew with these options: whatever is there goes.</summary>
    public void Begin(TrainingOptions options, PreflightReport preflight)
    {
        Directory.CreateDirectory(Path);
        foreach (var folder in Directory.GetDirectories(Path))
            Directory.Delete(folder, true);
        foreach (var file in Directory.GetFiles(Path).Where(f => f != OptionsFile))
            File.Delete(file);
        Replace(OptionsFile, options.ToJson() + "\n"); // it is what makes the folder a run's, so it is there from first to last
        Replace(PreflightFile, preflight.ToJson() + "\n");
    }

    /// <summary>Null where a run was killed before it was written.</summary>
    public PreflightReport? ReadPreflight() => File.Exists(PreflightFile) ? PreflightReport.FromJson(File.ReadAllText(PreflightFile)) : null;

    /// <summary>A file is the old one or the new one, whenever the power goes.</summary>
    public static void Replace(string path, string text)
    {
        var aside = path + Part;
        using (var stream = new FileStream(aside, FileMode.Create, FileAccess.Write))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }
        File.Move(aside, path, overwrite: true);
    }

    /// <summary>Options that no weight depends on.</summary>
    static readonly string[] MayChange = ["force", "save_every", "export_as", "evaluate_every", "patience", "grammar", "dictionaries", "memory"];

    static void CheckSame(TrainingOptions now, TrainingOptions then, string place)
    {
        using var a = JsonDocument.Parse(now.ToJson());
        using var b = JsonDocument.Parse(then.ToJson());
        foreach (var property in a.RootElement.EnumerateObject())
            if (!MayChange.Contains(property.Name) && b.RootElement.TryGetProperty(property.Name, out var before) && before.GetRawText() != property.Value.GetRawText())
                throw new ArgumentException($"{place}: the run began with {property.Name} {before.GetRawText()}, and is to go on with {property.Value.GetRawText()}. Give the same options, or begin anew with --overwrite.");
    }

    /// <summary>Keeps the vectors of the run, each with the hash of the recording it was taken from.</summary>
    /// <exception cref="InvalidDataException">The run began with another vector.</exception>
    public void Keep(IReadOnlyList<TrainingVoice> voices)
    {
        if (File.Exists(VoiceFile))
        {
            using var file = SafetensorsFile.Open(VoiceFile);
            foreach (var voice in voices)
                if (!file.Tensors.ContainsKey(Key(voice)) || !file.Float32(Key(voice)).AsSpan().SequenceEqual(voice.Vector))
                    throw new InvalidDataException($"{VoiceFile}: '{voice.Reference}' gives another voice now than when the run began. Restore the recording, or begin anew with --overwrite.");
            return;
        }
        SafetensorsWriter.Write(VoiceFile, [.. voices.Select(v => TensorToWrite.Of(Key(v), [v.Vector.Length], v.Vector))], voices.ToDictionary(v => $"{Key(v)}.reference_sha256", v => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(v.Reference)))));
    }

    static string Key(TrainingVoice voice) => Files.SpeakerName.Key(voice.Name);

    /// <summary>For TensorBoard; there from <see cref="Restore"/> on.</summary>
    public EventFile? Events { get; private set; }

    /// <summary>Appends a line to log.jsonl, and to TensorBoard's.</summary>
    public void Log(StepReport line)
    {
        File.AppendAllText(LogFile, JsonSerializer.Serialize(line, LogFormat) + "\n");
        Events?.Scalars(line.Step, [("loss/talker", line.Talker), ("loss/predictor", line.Predictor), ("loss/end", line.End), ("held out/talker", line.HeldOutTalker), ("held out/predictor", line.HeldOutPredictor),
            ("gradient norm", line.GradientNorm), ("learning rate", line.LearningRate), ("tokens a second", line.Tokens / line.Seconds)]);
    }

    /// <summary>The lines logged so far.</summary>
    public List<StepReport> ReadLog() => !File.Exists(LogFile) ? []
        : [.. File.ReadLines(LogFile).Where(l => l.EndsWith('}')).Select(l => JsonSerializer.Deserialize<StepReport>(l, LogFormat)!)];

    /// <summary>Everything that the next step depends on, in one file, which replaces the last one when it is complete.</summary>
    /// <exception cref="IOException">It could not be written; the last one is still there.</exception>
    public void Save(int step, AdamW optimizer)
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(StateFile)!);
            var tensors = optimizer.State.Select(s => new TensorToWrite(s.Name, ElementType.F32, Array.ConvertAll(s.Shape, d => (int)d), stream => stream.Write(MemoryMarshal.AsBytes(s.Values().AsSpan())))).ToList();
            SafetensorsWriter.Write(StateFile, tensors, new Dictionary<string, string> { ["step"] = step.ToString(CultureInfo.InvariantCulture) });
        }
        catch (IOException e)
        {
            throw new IOException($"{e.Message} The state of step {step} is not saved{(SavedStep is { } last ? $"; that of step {last} is" : "")}. Make room, then go on with --resume.", e);
        }
    }

    /// <summary>The step of the saved state, if there is one.</summary>
    public int? SavedStep
    {
        get
        {
            if (!File.Exists(StateFile))
                return null;
            using var file = SafetensorsFile.Open(StateFile);
            return int.Parse(file.Metadata["step"], CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Puts the saved state back, if there is one, and gives the step to go on with. Lines logged beyond it are dropped.</summary>
    /// <exception cref="InvalidDataException">The state is of another model.</exception>
    public int Restore(AdamW optimizer)
    {
        var step = SavedStep ?? 0;
        if (step > 0)
        {
            using var file = SafetensorsFile.Open(StateFile);
            optimizer.Restore(step, file.Float32);
        }
        if (File.Exists(LogFile))
            Replace(LogFile, string.Concat(ReadLog().Where(l => l.Step <= step).Select(l => JsonSerializer.Serialize(l, LogFormat) + "\n")));
        Events = new(In("tensorboard"), step);
        return step;
    }

    /// <summary>The run came to its end: the last thing that it does is to drop its state, when the export is complete.</summary>
    public bool IsFinished => !File.Exists(StateFile) && Directory.Exists(Export);

    /// <summary>What is only needed to go on is not kept when the run is done.</summary>
    public void Finish()
    {
        if (File.Exists(StateFile))
            File.Delete(StateFile);
    }
}
