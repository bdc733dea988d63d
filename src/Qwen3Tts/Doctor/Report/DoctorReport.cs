// The result of an examination as data: the console, the page and --json show the same record. docs/doctor.md describes the JSON.
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Doctor.Evidence;

namespace Qwen3Tts.Doctor.Report;

/// <summary>The checkpoint's loss under one hypothesis, mean over all clips, in nats.</summary>
/// <param name="Hypothesis">Its name.</param>
/// <param name="NotMeasured">Why the numbers are null: the shapes of the weights or the changed rows rule it out. Null if they were
/// measured.</param>
/// <param name="Total">talker + 0.3 predictor.</param>
/// <param name="Talker">The talker's loss over first codes and ends of speech.</param>
/// <param name="Codes">The talker's loss over first codes only.</param>
/// <param name="End">The talker's loss over ends of speech only.</param>
/// <param name="Predictor">The code predictor's loss over the other codes.</param>
/// <param name="Base">The base's total loss, if there is a base.</param>
sealed record LossRow(string Hypothesis, string? NotMeasured, double? Total = null, double? Talker = null, double? Codes = null,
    double? End = null, double? Predictor = null, double? Base = null)
{
    /// <summary>Whether nothing rules the hypothesis out, so that there are numbers.</summary>
    public bool Possible => NotMeasured is null;
}

/// <summary>The data that the losses were measured on.</summary>
/// <param name="Source">The file or folder.</param>
/// <param name="Clips">Number of measured clips.</param>
/// <param name="Frames">Number of frames of all these clips together.</param>
/// <param name="Voice">Where the voice comes from, in words.</param>
/// <param name="Layout">The layout, by its name for <c>--layout</c>.</param>
/// <param name="Instructed">Number of clips with an instruction.</param>
/// <param name="InContext">Number of clips with a reference recording in their prompt.</param>
/// <param name="WrittenAs">Where layout, instructions and reference come from: the run's manifest, or the list of clips.</param>
/// <param name="TestsLanguage">Whether any clip names a language. If none does, prefixes cannot be distinguished.</param>
/// <param name="Guessing">The loss of guessing a code, in nats.</param>
sealed record DataReport(string Source, int Clips, int Frames, string Voice, string Layout, int Instructed, int InContext, string WrittenAs,
    bool TestsLanguage, double Guessing)
{
    /// <summary>The same in words.</summary>
    public string Sentence => $"Measured on {Clips} clips, {Frames} frames; voice: {Voice}; layout: {Layout}; with an instruction: "
        + $"{Instructed}; with a reference in the prompt: {InContext} (from {WrittenAs}).";
}

sealed record DoctorReport
{
    /// <summary>The verdict, one short sentence.</summary>
    public required string Verdict { get; init; }
    /// <summary>The lines below the verdict.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];
    /// <summary>Whether the verdict is Healthy: exit code 0.</summary>
    public required bool Healthy { get; init; }
    /// <summary>Whether no fault was found, but the training was not measured or could not be decided: exit code 4. If the report is
    /// neither healthy nor undecided, the exit code is 3.</summary>
    public bool Undecided { get; init; }
    /// <summary>What the checkpoint was trained with: a name, names joined by '+', "untrained", or null if nothing was measured.</summary>
    public string? Hypothesis { get; init; }
    /// <summary>Share of resampled sets of clips that give this name.</summary>
    public double? Confidence { get; init; }
    /// <summary>The best hypothesis that can be distinguished from the named one.</summary>
    public string? Next { get; init; }
    /// <summary>How many times better the evidence for the named hypothesis is than for the next one.</summary>
    public double? Margin { get; init; }
    /// <summary>Hypotheses that these clips cannot distinguish from the named one.</summary>
    public IReadOnlyList<string> Alike { get; init; } = [];
    /// <summary>The command that speaks with the checkpoint as it was trained; null if that is impossible, or if no special option is
    /// needed.</summary>
    public string? Rescue { get; init; }
    public required string Checkpoint { get; init; }
    public string? Base { get; init; }
    public DataReport? Data { get; init; }
    public IReadOnlyList<Finding> Findings { get; init; } = [];
    public IReadOnlyList<LossRow> Losses { get; init; } = [];
    public TextProjectionReport? TextProjection { get; init; }
    public MovementReport? Movement { get; init; }
    public SpeechReport? Speech { get; init; }
    /// <summary>What the numbers of this report mean.</summary>
    public IReadOnlyList<LegendEntry> Legend => NumberMeanings.List(this);

    public string ToJson() => JsonSerializer.Serialize(this, DoctorJson.Default.DoctorReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    UseStringEnumConverter = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(DoctorReport))]
sealed partial class DoctorJson : JsonSerializerContext;
