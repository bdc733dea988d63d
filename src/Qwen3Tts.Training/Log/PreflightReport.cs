// The results of the preflight: preflight.json.
using System.Text;
using System.Text.Json;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Log;

/// <summary>A reason to doubt a run.</summary>
/// <param name="Refuses">True if the run cannot work; false if it is only unusual.</param>
/// <param name="Evidence">What is wrong, with its numbers.</param>
/// <param name="Remedy">The setting to use.</param>
sealed record PreflightFinding(bool Refuses, string Evidence, string Remedy)
{
    public override string ToString() => $"{Evidence} {Remedy}";
}

/// <summary>Losses of the untouched model, in nats.</summary>
/// <param name="Under">"correct", or the fault that was planted for comparison.</param>
/// <param name="Talker">Loss of the talker; null if the fault does not change it.</param>
/// <param name="Predictor">Loss of the code predictor; null if the fault does not change it.</param>
sealed record StartingLoss(string Under, double? Talker, double? Predictor);

/// <summary>Losses of the untouched model on the held-out clips, in nats.</summary>
/// <param name="Talker">Mean over all predictions of the talker.</param>
/// <param name="Predictor">Mean over all predictions of the code predictor.</param>
/// <param name="Each">The total loss of each clip.</param>
sealed record HeldOutLoss(double Talker, double Predictor, IReadOnlyList<double> Each);

/// <param name="Clips">Number of clips that the losses are means of.</param>
/// <param name="Guessing">Loss of guessing a code: ln(codes).</param>
/// <param name="Losses">The losses; the correct alignment comes first.</param>
/// <param name="Doubts">Reasons to doubt the run; empty if there are none.</param>
/// <param name="Forced">True if the run was started although it was refused.</param>
sealed record PreflightReport(int Clips, double Guessing, IReadOnlyList<StartingLoss> Losses, IReadOnlyList<PreflightFinding> Doubts,
    bool Forced)
{
    /// <summary>Losses on the held-out clips; null if there are none.</summary>
    public HeldOutLoss? HeldOut { get; init; }

    static readonly PreflightJson Format =
        new(new JsonSerializerOptions(
        PreflightJson.Default.Options)
        { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The file of a run's preflight.</summary>
    public static string FileIn(string run) => Path.Combine(run, "preflight.json");

    /// <summary>The preflight of a run; null if a run was killed before it was written.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static PreflightReport? In(string run) =>
        FileIn(run) is var file && File.Exists(file) ? FromJson(TextFile.Read(file), file) : null;

    public string ToJson() => JsonSerializer.Serialize(this, Format.PreflightReport);

    /// <param name="json">Text that <see cref="ToJson"/> wrote.</param>
    /// <param name="place">Name of the file in messages.</param>
    /// <exception cref="InvalidDataException">The text is not such a report.</exception>
    public static PreflightReport FromJson(string json, string place = "preflight.json")
    {
        const string Remedy = "Move the file away; the run goes on without it.";
        var read = JsonFile.Parse(Encoding.UTF8.GetBytes(json), place, Format.PreflightReport, Remedy);
        return read.Losses.Contains(null!) || read.Doubts.Contains(null!)
            ? throw new InvalidDataException($"{place}: a list has null where an object should be. {Remedy}") : read;
    }
}
