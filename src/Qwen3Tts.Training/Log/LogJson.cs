// Reads and writes the records of a run: source-generated, with strict types. Each file has its own JSON options.
using System.Text.Json.Serialization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Log;

/// <summary>The progress of a run, in progress.json. It is not in state/, so that a deleted state is noticed.</summary>
/// <param name="Saved">Step of the last saved state.</param>
/// <param name="Finished">True if the export is complete, so that the state was removed on purpose.</param>
sealed record RunProgress(int Saved, bool Finished);

/// <summary>preflight.json; its losses may be infinite.</summary>
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
    /// <summary>Ends the message about a damaged line. The file is not needed to resume.</summary>
    public const string Remedy = "Move the file away; the run goes on without what it says.";

    /// <summary>The lines of a file, each with its place for messages; empty if there is no file.</summary>
    /// <exception cref="IOException">There is a folder in the place of the file.</exception>
    /// <exception cref="InvalidDataException">The file is not a text file.</exception>
    public static IEnumerable<(string Place, string Line)> Lines(string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"'{path}' is a folder where a file of the run should be. Move it away.");
        return File.Exists(path) ? TextFile.ReadLines(path).Select((line, i) => ($"{path}({i + 1})", line)) : [];
    }
}
