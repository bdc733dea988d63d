// The numbers that the rules of the doctor read for each checkpoint of the grid. With these numbers, all decisions can be made again in a
// moment, without a model. They are stored in tests/Mini/doctor_grid.jsonl, with one line for each set of clips and one for each
// checkpoint. GridRecordingTests writes them. If a changed rule reads a number that no rule read before, the number is missing, and the
// file must be recorded again.
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Tests;

/// <summary>One number for each clip, by hypothesis (a <see cref="FaultSet"/> as a number); null or absent if no rule reads it.</summary>
sealed class PerClip : SortedDictionary<int, double?[]>
{
    /// <summary>The recorded number; if there is none, the number is computed and recorded.</summary>
    /// <param name="faults">The hypothesis.</param>
    /// <param name="clip">Index of the clip.</param>
    /// <param name="compute">Computes a missing number; null: a missing number is an error.</param>
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

/// <summary>Sums of losses in nats, or numbers of predictions.</summary>
sealed record LossFeatures
{
    public PerClip Codes { get; init; } = [];
    public PerClip End { get; init; } = [];
    public PerClip Predictor { get; init; } = [];
}

/// <summary>A set of clips, with the numbers that are the same for every checkpoint that is measured on it.</summary>
sealed record ClipFeatures
{
    public required string Name { get; init; }
    public required int Clips { get; init; }
    public required int Codebook { get; init; }
    public required int Vocabulary { get; init; }
    /// <summary>Whether text can enter the talker without text_projection.</summary>
    public required bool RawText { get; init; }
    /// <summary>Faults of the input that change the example of any of these clips.</summary>
    public required int Shows { get; init; }
    public LossFeatures Counts { get; init; } = new();
    public LossFeatures Base { get; init; } = new();
}

/// <summary>The evidence from the base.</summary>
sealed record OriginFeatures
{
    /// <summary>A digit for each clip: 1 if it may have been trained on, otherwise 0.</summary>
    public required string Seen { get; init; }
    /// <summary>The evidence of rows: a fault, and 1 if it is present, 0 if it is ruled out.</summary>
    public required int[][] Rows { get; init; }
    public required bool Talker { get; init; }
    public required bool End { get; init; }
    public required bool Predictor { get; init; }
    public PerClip CodesFit { get; init; } = [];
    public PerClip PredictorFit { get; init; } = [];
    public PerClip Votes { get; init; } = [];
    /// <summary>Null where no answer needs it, because the other evidence shows that the end was taught.</summary>
    public PerClip? VotesIfTaught { get; set; }
}

/// <summary>One checkpoint on one set of clips.</summary>
/// <param name="Clips">The name of the set.</param>
/// <param name="Losses">The losses of the checkpoint.</param>
/// <param name="Origin">The evidence from its base.</param>
sealed record Measured(string Clips, LossFeatures Losses, OriginFeatures Origin);

/// <summary>One checkpoint of the grid.</summary>
/// <param name="Table">The table that it belongs to.</param>
/// <param name="Trained">Its row in this table.</param>
/// <param name="Right">The name of what it was trained with.</param>
/// <param name="Rate">Learning rate.</param>
/// <param name="Steps">Number of updates.</param>
/// <param name="Own">Measured on the clips that it was trained on.</param>
/// <param name="Others">Measured on clips that it was not trained on; null if that was not measured.</param>
sealed record CheckpointFeatures(string Table, string Trained, string Right, double Rate, int Steps, Measured Own, Measured? Others);

/// <summary>A line of the file: a set of clips or a checkpoint; the other one is null.</summary>
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
