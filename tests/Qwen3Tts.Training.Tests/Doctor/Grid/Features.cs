// What the rules of the doctor read of each checkpoint of the grid: numbers alone, so that all decisions can be made again in a moment,
// without a model. They lie in tests/Mini/doctor_grid.jsonl, a line for each set of clips and for each checkpoint. GridRecordingTests
// writes them. A number that a changed rule reads and no rule read before is missing; then the file has to be written anew.
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Tests;

/// <summary>A number of each clip, by hypothesis (the number of a <see cref="FaultSet"/>); null or left out where no rule asks.</summary>
sealed class PerClip : SortedDictionary<int, double?[]>
{
    /// <summary>The number kept, or else the one that is computed now, which is kept.</summary>
    /// <param name="faults">The hypothesis.</param>
    /// <param name="clip">Which clip.</param>
    /// <param name="compute">Null: what is not there is an error.</param>
    public double Read(FaultSet faults, int clip, Func<double>? compute)
    {
        var known = TryGetValue((int)faults, out var row) ? row : [];
        if (clip < known.Length && known[clip] is { } value)
            return value;
        if (compute is null)
            throw new InvalidDataException(
                $"Clip {clip} under hypothesis {faults} is not recorded. Write the grid anew: GridRecordingTests says how.");
        Array.Resize(ref known, Math.Max(known.Length, clip + 1));
        known[clip] = value = Round(compute());
        this[(int)faults] = known;
        return value;
    }

    const int Digits = 6;

    static double Round(double value)
    {
        if (value == 0 || !double.IsFinite(value))
            return value;
        var places = Digits - 1 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return places is < 0 or > 15 ? value : Math.Round(value, places);
    }
}

/// <summary>Sums of nats, or how many predictions these are.</summary>
sealed record LossFeatures
{
    public PerClip Codes { get; init; } = [];
    public PerClip End { get; init; } = [];
    public PerClip Predictor { get; init; } = [];
}

/// <summary>A set of clips, with what is the same for every checkpoint that is measured on it.</summary>
sealed record ClipFeatures
{
    public required string Name { get; init; }
    public required int Clips { get; init; }
    public required int Codebook { get; init; }
    public required int Vocabulary { get; init; }
    /// <summary>Whether text can enter without its projection.</summary>
    public required bool RawText { get; init; }
    /// <summary>Faults of the input that make a difference on these clips.</summary>
    public required int Shows { get; init; }
    public LossFeatures Counts { get; init; } = new();
    public LossFeatures Base { get; init; } = new();
}

/// <summary>What moved since the base.</summary>
sealed record OriginFeatures
{
    /// <summary>A digit for each clip: 1 where it may have been trained on.</summary>
    public required string Seen { get; init; }
    /// <summary>What rows say: a fault, and 1 where it was there.</summary>
    public required int[][] Rows { get; init; }
    public required bool Talker { get; init; }
    public required bool End { get; init; }
    public required bool Predictor { get; init; }
    public PerClip CodesFit { get; init; } = [];
    public PerClip PredictorFit { get; init; } = [];
    public PerClip Votes { get; init; } = [];
}

/// <summary>One checkpoint on one set of clips.</summary>
/// <param name="Clips">The name of the set.</param>
/// <param name="Losses">Of the checkpoint.</param>
/// <param name="Origin">From its base.</param>
sealed record Measured(string Clips, LossFeatures Losses, OriginFeatures Origin);

/// <summary>One checkpoint of the grid.</summary>
/// <param name="Table">The table that it belongs to.</param>
/// <param name="Trained">Its row there.</param>
/// <param name="Right">What it was trained with.</param>
/// <param name="Rate">Learning rate.</param>
/// <param name="Steps">Updates.</param>
/// <param name="Own">On the clips that it was trained on.</param>
/// <param name="Others">On clips that it was not trained on, where that was measured.</param>
sealed record CheckpointFeatures(string Table, string Trained, string Right, double Rate, int Steps, Measured Own, Measured? Others);

/// <summary>A line of the file: one of the two.</summary>
sealed record GridLine(ClipFeatures? Set, CheckpointFeatures? Checkpoint);

static class GridFile
{
    public static string Path { get; } = System.IO.Path.Combine(Golden.Repository, "tests", "Mini", "doctor_grid.jsonl");

    static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static IReadOnlyList<GridLine> Read(string path) =>
        [.. File.ReadLines(path).Select(line => JsonSerializer.Deserialize<GridLine>(line, Options)!)];

    public static void Write(string path, IEnumerable<GridLine> lines) =>
        File.WriteAllText(path, string.Concat(lines.Select(line => JsonSerializer.Serialize(line, Options) + "\n")));
}
