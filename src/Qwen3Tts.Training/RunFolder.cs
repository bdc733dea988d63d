// What a run leaves: options.json (all it is a function of), voice.safetensors (the vector that stands in every sequence), log.jsonl (one
// line a step), state/ (weights and moments, where it stopped before its end) and export/ (the result). A run goes on from state/ with the
// same numbers as if it had never stopped: the order of the data is a function of the step, and nothing else is random.
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Training;

/// <summary>What to do with a folder that holds a run already.</summary>
enum Existing { Refuse, Resume, Overwrite }

sealed class RunFolder
{
    static readonly JsonSerializerOptions LogFormat = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    RunFolder(string path) => Path = path;

    public string Path { get; }
    public string Export => In("export");
    string VoiceFile => In("voice.safetensors");
    string LogFile => In("log.jsonl");
    string StateFile => In("state", "training.safetensors");

    string In(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <exception cref="IOException">The folder is not empty, and is neither to be resumed nor to be overwritten; or is no run's.</exception>
    /// <exception cref="ArgumentException">To be resumed, with other options than it began with.</exception>
    public static RunFolder Open(string path, TrainingOptions options, Existing existing)
    {
        var file = System.IO.Path.Combine(path, "options.json");
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            if (!File.Exists(file))
                throw new IOException($"'{path}' is not empty and holds no run. Name another folder for the run.");
            if (existing == Existing.Refuse)
                throw new IOException($"'{path}' holds a run already. Go on with it by --resume, begin anew by --overwrite, or name another folder.");
            if (existing == Existing.Overwrite)
                Directory.Delete(path, true);
            else
                CheckSame(options, TrainingOptions.FromJson(File.ReadAllText(file), file), file);
        }
        else if (existing == Existing.Resume)
            throw new IOException($"'{path}' holds no run to go on with. Leave --resume out.");
        Directory.CreateDirectory(path);
        File.WriteAllText(file, options.ToJson() + "\n");
        return new(path);
    }

    static void CheckSame(TrainingOptions now, TrainingOptions then, string place)
    {
        using var a = JsonDocument.Parse(now.ToJson());
        using var b = JsonDocument.Parse(then.ToJson());
        foreach (var property in a.RootElement.EnumerateObject())
            if (b.RootElement.TryGetProperty(property.Name, out var before) && before.GetRawText() != property.Value.GetRawText())
                throw new ArgumentException($"{place}: the run began with {property.Name} {before.GetRawText()}, and is to go on with {property.Value.GetRawText()}. Give the same options, or begin anew with --overwrite.");
    }

    /// <summary>Keeps the vector of the run with the hash of the recording it was taken from.</summary>
    /// <exception cref="InvalidDataException">The run began with another vector.</exception>
    public void Keep(float[] voice, string reference)
    {
        if (File.Exists(VoiceFile))
        {
            using var file = SafetensorsFile.Open(VoiceFile);
            if (!file.Float32("voice").AsSpan().SequenceEqual(voice))
                throw new InvalidDataException($"{VoiceFile}: '{reference}' gives another voice now than when the run began. Restore the recording, or begin anew with --overwrite.");
            return;
        }
        var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(reference)));
        SafetensorsWriter.Write(VoiceFile, [TensorToWrite.Of("voice", [voice.Length], voice)], new Dictionary<string, string> { ["reference"] = System.IO.Path.GetFileName(reference), ["reference_sha256"] = hash });
    }

    /// <summary>Appends a line to log.jsonl.</summary>
    public void Log(StepReport line) => File.AppendAllText(LogFile, JsonSerializer.Serialize(line, LogFormat) + "\n");

    /// <summary>The lines logged so far.</summary>
    public List<StepReport> ReadLog() => !File.Exists(LogFile) ? []
        : [.. File.ReadLines(LogFile).Where(l => l.EndsWith('}')).Select(l => JsonSerializer.Deserialize<StepReport>(l, LogFormat)!)];

    /// <summary>Everything that the next step depends on, in one file, which replaces the last one when it is complete.</summary>
    public void Save(int step, AdamW optimizer)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(StateFile)!);
        var tensors = optimizer.State.Select(s => new TensorToWrite(s.Name, ElementType.F32, Array.ConvertAll(s.Tensor.shape, d => (int)d), stream => stream.Write(MemoryMarshal.AsBytes(s.Tensor.Values().AsSpan())))).ToList();
        SafetensorsWriter.Write(StateFile, tensors, new Dictionary<string, string> { ["step"] = step.ToString(CultureInfo.InvariantCulture) });
    }

    /// <summary>Puts the saved state back, if there is one, and gives the step to go on with. Lines logged beyond it are dropped.</summary>
    /// <exception cref="InvalidDataException">The state is of another model.</exception>
    public int Restore(AdamW optimizer)
    {
        if (!File.Exists(StateFile))
            return 0;
        using var file = SafetensorsFile.Open(StateFile);
        var step = int.Parse(file.Metadata["step"], CultureInfo.InvariantCulture);
        optimizer.Restore(step, (name, tensor) => tensor.Fill(file.Float32(name)));
        File.WriteAllLines(LogFile, ReadLog().Where(l => l.Step <= step).Select(l => JsonSerializer.Serialize(l, LogFormat)));
        return step;
    }

    /// <summary>What is only needed to go on is not kept when the run is done.</summary>
    public void Finish()
    {
        if (File.Exists(StateFile))
            File.Delete(StateFile);
    }
}
