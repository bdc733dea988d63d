// What an examination found, as data: the console, the page and --json show the same record. docs/doctor.md describes the JSON.
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Doctor.Evidence;

namespace Qwen3Tts.Doctor.Report;

/// <summary>The checkpoint's loss under one hypothesis, mean over all clips, in nats.</summary>
/// <param name="Hypothesis">Its name.</param>
/// <param name="Possible">Whether the shapes allow it; the numbers are null where they do not.</param>
/// <param name="Total">talker + 0.3 predictor.</param>
/// <param name="Talker">First codes and ends of speech.</param>
/// <param name="Codes">First codes alone.</param>
/// <param name="End">Ends of speech alone.</param>
/// <param name="Predictor">The other codes.</param>
/// <param name="Base">The base's total, if there is a base.</param>
sealed record LossRow(string Hypothesis, bool Possible, double? Total, double? Talker, double? Codes, double? End, double? Predictor,
    double? Base);

/// <summary>What the losses were measured on.</summary>
/// <param name="Source">The file or folder.</param>
/// <param name="Clips">How many.</param>
/// <param name="Frames">Frames in all.</param>
/// <param name="Voice">Where the voice comes from.</param>
/// <param name="Layout">Where the text lies, as <c>--layout</c> has it.</param>
/// <param name="Instructed">Clips with an instruction.</param>
/// <param name="InContext">Clips with a reference recording in their prompt.</param>
/// <param name="WrittenAs">Where layout, instructions and reference are from: the run's manifest, or the list.</param>
/// <param name="TestsLanguage">Whether any clip names a language, without which prefixes cannot be told apart.</param>
/// <param name="Guessing">What guessing a code costs, in nats.</param>
sealed record DataReport(string Source, int Clips, int Frames, string Voice, string Layout, int Instructed, int InContext, string WrittenAs,
    bool TestsLanguage, double Guessing)
{
    /// <summary>The same in words.</summary>
    public string Sentence => $"Measured on {Clips} clips, {Frames} frames; voice: {Voice}; layout: {Layout}; with an instruction: "
        + $"{Instructed}; with a reference in the prompt: {InContext} (from {WrittenAs}).";
}

sealed record DoctorReport
{
    /// <summary>One short sentence.</summary>
    public required string Verdict { get; init; }
    /// <summary>What stands below it.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];
    /// <summary>Whether nothing is wrong: exit code 0.</summary>
    public required bool Healthy { get; init; }
    /// <summary>
    /// Whether nothing wrong was found, but the training was not measured or could not be told: exit code 4. If neither, it is 3.
    /// </summary>
    public bool Undecided { get; init; }
    /// <summary>What it was trained with: a name, names joined by '+', "untrained", or null where nothing was measured.</summary>
    public string? Hypothesis { get; init; }
    /// <summary>Share of resampled sets of clips that give this name.</summary>
    public double? Confidence { get; init; }
    /// <summary>The next hypothesis that can be told from it, and how many times better the evidence is.</summary>
    public string? Next { get; init; }
    public double? Margin { get; init; }
    /// <summary>Hypotheses that these clips cannot tell from it.</summary>
    public IReadOnlyList<string> Alike { get; init; } = [];
    /// <summary>How to speak with it as it was trained, if that is another way than usual and there is one.</summary>
    public string? Rescue { get; init; }
    public required string Checkpoint { get; init; }
    public string? Base { get; init; }
    public DataReport? Data { get; init; }
    public IReadOnlyList<Finding> Findings { get; init; } = [];
    public IReadOnlyList<LossRow> Losses { get; init; } = [];
    public TextProjectionReport? TextProjection { get; init; }
    public MovementReport? Movement { get; init; }
    public SpeechReport? Speech { get; init; }
    /// <summary>What the numbers in it mean.</summary>
    public IReadOnlyList<LegendEntry> Legend => NumberMeanings.List(this);

    public string ToJson() => JsonSerializer.Serialize(this, DoctorJson.Default.DoctorReport);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    UseStringEnumConverter = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(DoctorReport))]
sealed partial class DoctorJson : JsonSerializerContext;
