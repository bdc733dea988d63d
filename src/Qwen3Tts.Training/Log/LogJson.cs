// How the records of a run are read and written: source-generated, strict about what a value is. Each format is the one that its file has
// had.
using System.Text.Json.Serialization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Log;

/// <summary>How far a run has come, in progress.json. It lies outside state/, so that a state that was deleted is missed.</summary>
/// <param name="Saved">Step of the last state that was saved.</param>
/// <param name="Finished">The export is complete and the state was dropped on purpose.</param>
sealed record RunProgress(int Saved, bool Finished);

/// <summary>preflight.json, whose losses may be infinite.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(PreflightReport))]
sealed partial class PreflightJson : JsonSerializerContext;

/// <summary>Lines of log.jsonl and evaluations.jsonl, and progress.json.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, IgnoreReadOnlyProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(StepReport))]
[JsonSerializable(typeof(Evaluation))]
[JsonSerializable(typeof(RunProgress))]
sealed partial class LogJson : JsonSerializerContext
{
    /// <summary>What ends the error of a damaged line: the file is not needed to go on.</summary>
    public const string Remedy = "Move the file away; the run goes on without what it says.";

    /// <summary>The lines of a file, each with its place in messages; none where there is no file.</summary>
    /// <exception cref="IOException">A folder is in the file's place.</exception>
    /// <exception cref="InvalidDataException">The bytes are no text.</exception>
    public static IEnumerable<(string Place, string Line)> Lines(string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"'{path}' is a folder where a file of the run should be. Move it away.");
        return File.Exists(path) ? TextFile.ReadLines(path).Select((line, i) => ($"{path}({i + 1})", line)) : [];
    }
}
