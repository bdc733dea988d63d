// The folder of a run: options.json (all options), preflight.json, voice.safetensors (the vectors in the sequences), log.jsonl (one line
// for each step), tensorboard/ (the same numbers), state/ (weights and moments, until the run is finished), progress.json (whether a state
// must exist) and export/ (the result). A run that is resumed from state/ gives the same numbers as one that was never stopped, because the
// order of the data depends on the step only, and nothing else is random. The folder's record has the files that a run wrote; no other file
// is ever replaced or removed. One process at a time works in the folder. More than 250 lines: whether a folder may be used depends on
// everything that may be in it.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Pages;

namespace Qwen3Tts.Training.Run;

/// <summary>What to do if the folder already has a run.</summary>
enum Existing { Refuse, Resume, Overwrite }

sealed class RunFolder : IDisposable
{
    internal RunFolder(string path)
    {
        Path = path;
        _log = new(LogFile, OutputRecord.At(path));
    }

    public string Path { get; }
    public string Export => In("export");

    string OptionsFile => In("options.json");
    string PreflightFile => PreflightReport.FileIn(Path);
    string VoiceFile => In("voice.safetensors");
    string LogFile => In("log.jsonl");
    string ProgressFile => In("progress.json");
    string StateFile => In("state", "training.safetensors");

    string In(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>True if a run was started in the folder.</summary>
    public static bool IsAt(string path) => File.Exists(new RunFolder(path).OptionsFile);

    /// <summary>Opens the folder of a run, and locks it for this process until it is disposed. Nothing in it is changed yet.</summary>
    /// <exception cref="IOException">Another process trains there; or see <see cref="Find"/>.</exception>
    public static RunFolder Open(string path, TrainingOptions options, Existing existing)
    {
        if (!IsAt(path))
            Find(path, options, existing); // checks first, so that a folder of another kind does not get a lock file
        var own = FolderLock.Take(path, "The run");
        try
        {
            var folder = Find(path, options, existing); // checks again, because another process may have trained in between
            foreach (var model in folder.Models)
                OutputFolder.Recover(model);
            folder.CheckIsFree();
            if (existing == Existing.Resume)
                folder.CheckState();
            folder._lock = own;
            return folder;
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    IDisposable? _lock;

    readonly RunLog _log;

    public void Dispose()
    {
        _log.Dispose();
        Events?.Dispose();
        _lock?.Dispose();
    }

    /// <summary>The model folders that a run writes.</summary>
    IEnumerable<string> Models => [Export, In("candidate")];

    /// <summary>Refuses, before hours of training, a folder in which files of others have the names of results.</summary>
    void CheckIsFree()
    {
        foreach (var model in Models)
            OutputFolder.CheckIsFree(model);
        foreach (var folder in new[] { In("takes"), In("tensorboard"), In("state") })
            if (File.Exists(folder))
                throw new IOException($"'{folder}' is a file, and the run needs a folder of that name. Move it away.");
        if (Directory.Exists(In("takes")))
            foreach (var take in Directory.EnumerateFiles(In("takes"), "*.wav", SearchOption.AllDirectories).Where(IsNamedAsTake))
                OutputFile.CheckIsFree(take, Record);
    }

    /// <summary>takes/step-000050/1-2.wav.</summary>
    static bool IsNamedAsTake(string file) => Regex.IsMatch(file, @"takes[/\\]step-\d{6,}[/\\]\d+-\d+\.wav$");

    /// <summary>Refuses inputs that this program wrote into the run's folder, because starting the run again would remove them.</summary>
    /// <exception cref="ArgumentException">An input is such a file.</exception>
    public static void CheckInputs(string path, IEnumerable<string?> inputs)
    {
        var record = OutputRecord.At(path);
        bool IsRunsOwn(string input) =>
            record.Owns(input) || OutputRecord.At(System.IO.Path.GetDirectoryName(FileIdentity.Resolve(input))!).Owns(input);
        if (inputs.OfType<string>().FirstOrDefault(i => FileIdentity.IsWithin(i, path) && File.Exists(i) && IsRunsOwn(i)) is { } input)
            throw new ArgumentException(
                $"'{Printable.Text(input)}' is an input, and a run wrote it into '{path}'. Starting that run again would remove " +
                $"it. Name another folder for the run.");
    }

    /// <summary>Checks whether the run can use the folder. Writes nothing.</summary>
    /// <exception cref="IOException">The folder is not empty and is neither to be resumed nor to be overwritten; or it is not the folder of
    /// a run.</exception>
    /// <exception cref="ArgumentException">The run is to be resumed with other options than it began with.</exception>
    public static RunFolder Find(string path, TrainingOptions options, Existing existing)
    {
        var folder = new RunFolder(path);
        if (!Directory.Exists(path) || Directory.EnumerateFileSystemEntries(path).All(OutputFolder.IsBookkeeping))
            return existing == Existing.Resume ? throw new IOException($"'{path}' holds no run to resume. Leave --resume out.")
                : folder;
        if (!File.Exists(folder.OptionsFile) && !folder.Record.Exists)
            throw new IOException($"'{path}' is not empty and holds no run. Name another folder for the run.");
        if (existing == Existing.Refuse)
            throw new IOException(
                $"'{path}' holds a run already. Resume it with --resume, replace it with --overwrite, or name another folder.");
        if (existing == Existing.Resume && !File.Exists(folder.OptionsFile))
            throw new IOException($"'{path}' holds no run to resume, only the rest of one. Start again with --overwrite.");
        if (existing == Existing.Resume)
            CheckSame(options, TrainingOptions.FromJson(TextFile.Read(folder.OptionsFile), folder.OptionsFile), folder.OptionsFile);
        if (!folder.Record.Exists)
            throw new IOException(
                $"'{path}' has an options.json, and no record of what a run wrote there. Name another folder for the run.");
        return folder;
    }

    /// <summary>The options that the run in the folder began with; the given ones if there is no run.</summary>
    public static TrainingOptions Begun(string path, TrainingOptions otherwise) => IsAt(path) ? Begun(path) : otherwise;

    /// <summary>The options that the run in the folder began with.</summary>
    /// <exception cref="InvalidDataException">They are damaged.</exception>
    public static TrainingOptions Begun(string path)
    {
        var file = new RunFolder(path).OptionsFile;
        return TrainingOptions.FromJson(TextFile.Read(file), file);
    }

    /// <summary>Starts a new run with these options. Files of an earlier run are removed; all other files stay.</summary>
    /// <param name="options">Completed options of the run.</param>
    /// <param name="note">Receives a message about files that stay.</param>
    /// <param name="preflight">The results of the preflight.</param>
    public void Begin(TrainingOptions options, Action<string>? note, PreflightReport preflight)
    {
        foreach (var file in new[] { OptionsFile, PreflightFile, VoiceFile, LogFile, ProgressFile, StateFile, In("evaluations.jsonl"),
            In("index.html") })
            OutputFile.CheckIsFree(file, Record); // before anything is removed, and before hours of training
        foreach (var part in Models.Append(In("state")))
            OutputFolder.Remove(part);
        var left = Record.RemoveOwned().Where(file => !OutputFolder.IsBookkeeping(file))
            .Select(file => System.IO.Path.GetRelativePath(Record.Folder, file)).ToList();
        if (left.Count > 0)
            note?.Invoke($"Left in '{Path}', because no run wrote it as it is now: " +
                string.Join(", ", left.Take(MostNamed).Select(Printable.Text)) +
                (left.Count > MostNamed ? $" and {left.Count - MostNamed} more." : "."));
        OutputFile.WriteText(OptionsFile, options.ToJson() + "\n", Record); // this file marks the folder as that of a run
        OutputFile.WriteText(PreflightFile, preflight.ToJson() + "\n", Record);
    }

    const int MostNamed = 20; // few enough to be read

    /// <summary>The files that this program wrote there, except those of the model folders, which have records of their own.</summary>
    public OutputRecord Record => OutputRecord.At(Path);

    /// <summary>The preflight's results; null if a run was killed before they were written.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public PreflightReport? ReadPreflight() => PreflightReport.In(Path);

    /// <summary>Options that do not change the weights.</summary>
    static readonly string[] MayChange = ["force", "save_every", "export_as", "evaluate_every", "patience", "grammar", "dictionaries",
        "memory", "own_models"];

    static void CheckSame(TrainingOptions now, TrainingOptions then, string place)
    {
        using var a = JsonDocument.Parse(now.ToJson());
        using var b = JsonDocument.Parse(then.ToJson());
        foreach (var property in a.RootElement.EnumerateObject())
            if (!MayChange.Contains(property.Name) && b.RootElement.TryGetProperty(property.Name, out var before)
                && before.GetRawText() != property.Value.GetRawText())
                throw new ArgumentException(
                    $"{place}: the run began with {property.Name} {Printable.Text(before.GetRawText())}, and is to be resumed with " +
                    $"{Printable.Text(property.Value.GetRawText())}. Give the same options, or start again with --overwrite.");
    }

    /// <summary>Stores the vectors of the run, each with the hash of its recording.</summary>
    /// <exception cref="InvalidDataException">The run began with another vector.</exception>
    public void Keep(IReadOnlyList<TrainingVoice> voices)
    {
        if (File.Exists(VoiceFile))
        {
            using var file = SafetensorsFile.Open(VoiceFile);
            foreach (var voice in voices)
                if (!file.Tensors.ContainsKey(Key(voice)) || !file.Float32(Key(voice)).AsSpan().SequenceEqual(voice.Vector))
                    throw new InvalidDataException(
                        $"{VoiceFile}: '{voice.Reference}' gives another voice now than when the run began. Restore the recording, or " +
                        $"start again with --overwrite.");
            return;
        }
        SafetensorsWriter.Write(VoiceFile, [.. voices.Select(v => TensorToWrite.FromArray(Key(v), [v.Vector.Length], v.Vector))], voices
            .ToDictionary(v => $"{Key(v)}.reference_sha256", v => v.ReferenceSha256), Record);
    }

    static string Key(TrainingVoice voice) => Files.SpeakerName.Key(voice.Name);

    /// <summary>TensorBoard's log; null until <see cref="Restore"/> is called.</summary>
    public EventFile? Events { get; private set; }

    /// <summary>Appends a line to log.jsonl, and the numbers to TensorBoard's log.</summary>
    /// <exception cref="IOException">The line cannot be written.</exception>
    public void Log(StepReport line)
    {
        _log.Append(line);
        Events?.Scalars(line.Step, [("loss/talker", line.Talker), ("loss/predictor", line.Predictor), ("loss/end", line.End),
            ("held out/talker", line.HeldOutTalker), ("held out/predictor", line.HeldOutPredictor),
            ("gradient norm", line.GradientNorm), ("learning rate", line.LearningRate), ("tokens a second", line.Tokens / line.Seconds)]);
    }

    /// <summary>The logged lines. The last line may be incomplete if the run was killed.</summary>
    /// <exception cref="InvalidDataException">Another line is damaged.</exception>
    public List<StepReport> ReadLog() => _log.Read();

    /// <summary>Saves everything that the next step depends on in one file, which replaces the previous one when it is complete.</summary>
    /// <exception cref="IOException">It could not be written; the previous state is unchanged.</exception>
    public void Save(int step, AdamW optimizer)
    {
        try
        {
            Record.MakeFolder(In("state"));
            var tensors = optimizer.State.Select(
                s => new TensorToWrite(s.Name, ElementType.F32, Array.ConvertAll(s.Shape, d => (int)d), stream =>
                stream.Write(MemoryMarshal.AsBytes(s.Values().AsSpan())))).ToList();
            SafetensorsWriter.Write(StateFile, tensors,
                new Dictionary<string, string> { ["step"] = step.ToString(CultureInfo.InvariantCulture) }, Record);
            // written after the state: if the process is killed in between, the state itself has its step
            Write(new RunProgress(step, Finished: false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"{e.Message} The state of step {step} is not saved{(SavedStep is { } last ? $"; that of step {last} is" : "")}. Make " +
                $"room, then give the same command again; 'qwen3tts-train train' needs --resume.", e);
        }
    }

    void Write(RunProgress progress) =>
        OutputFile.WriteText(ProgressFile, JsonSerializer.Serialize(progress, LogJson.Default.RunProgress) + "\n", Record);

    RunProgress? Progress => File.Exists(ProgressFile)
        ? JsonFile.Read(ProgressFile, LogJson.Default.RunProgress, "Restore the file, or name another folder for a new run.") : null;

    /// <summary>The step of the saved state; null if there is none.</summary>
    /// <exception cref="IOException">There is something else in its place.</exception>
    /// <exception cref="InvalidDataException">The file is not a state.</exception>
    public int? SavedStep
    {
        get
        {
            using var state = OpenState();
            return state is null ? null : StepOf(state);
        }
    }

    SafetensorsFile? OpenState()
    {
        if (Directory.Exists(StateFile))
            throw new IOException($"'{StateFile}' is a folder, and the state of the run is a file of that name. {StateRemedy}");
        if (File.Exists(In("state")))
            throw new IOException($"'{In("state")}' is a file, and the state of the run is in a folder of that name. {StateRemedy}");
        return File.Exists(StateFile) ? SafetensorsFile.Open(StateFile) : null;
    }

    int StepOf(SafetensorsFile state) =>
        state.Metadata.TryGetValue("step", out var text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var step) && step > 0 ? step
            : throw new InvalidDataException(
                $"{StateFile}: its metadata has {(text is null ? "no 'step'" : $"the step '{Printable.Text(text)}'")}, so it is not the " +
                $"state of a run. {StateRemedy}");

    const string StateRemedy = "Move it away and restore the state from a copy, or name another folder for a new run.";

    /// <summary>
    /// Restores the saved state, if there is one, and returns the step to resume from. Removes the logged lines of later steps.
    /// </summary>
    /// <param name="optimizer">The optimizer whose state is restored.</param>
    /// <param name="warn">Receives messages about failures that do not stop the run.</param>
    /// <exception cref="InvalidDataException">The state belongs to another model.</exception>
    public int Restore(AdamW optimizer, Action<string>? warn = null)
    {
        var step = 0;
        using (var state = OpenState())
            if (state is not null)
                optimizer.Restore(step = StepOf(state), state.Float32);
        _log.CutAfter(step, warn);
        Events = new(In("tensorboard"), step, warn, Record);
        return step;
    }

    /// <summary>True if the run was finished, and its state was removed after the export was complete.</summary>
    public bool IsFinished => Progress is { Finished: true };

    /// <summary>Refuses to start silently from the first step if a saved state has disappeared.</summary>
    void CheckState()
    {
        if (Progress is not { } progress)
            return; // killed before its first state was saved: the run starts from the first step
        if (progress.Finished && !Directory.Exists(Export))
            throw new IOException(
                $"The run in '{Path}' is finished, and its result '{Export}' is gone. Restore it, or start again with --overwrite.");
        if (!progress.Finished && SavedStep is null)
            throw new IOException(
                $"'{StateFile}' is gone, and the run was saved there at step {progress.Saved}. Restore the file, or start again with " +
                $"--overwrite.");
    }

    /// <summary>Removes what is only needed to resume the run.</summary>
    public void Finish(int step)
    {
        Write(new RunProgress(step, Finished: true)); // before the state is removed, because this file explains why it is missing
        if (File.Exists(StateFile))
            File.Delete(StateFile);
    }
}
