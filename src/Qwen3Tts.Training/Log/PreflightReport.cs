// What the preflight found, preflight.json.
using System.Text;
using System.Text.Json;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Log;

/// <summary>A reason to doubt a run.</summary>
/// <param name="Refuses">The run cannot work; without it, it is only unusual.</param>
/// <param name="Evidence">What is wrong, with its numbers.</param>
/// <param name="Remedy">The setting to use.</param>
sealed record PreflightFinding(bool Refuses, string Evidence, string Remedy)
{
    public override string ToString() => $"{Evidence} {Remedy}";
}

/// <summary>Losses of the untouched model, in nats.</summary>
/// <param name="Under">"correct", or the fault that was planted for comparison.</param>
/// <param name="Talker">Null where the fault does not touch it.</param>
/// <param name="Predictor">The same.</param>
sealed record StartingLoss(string Under, double? Talker, double? Predictor);

/// <param name="Clips">How many clips the losses are means of.</param>
/// <param name="Guessing">Loss of guessing a code.</param>
/// <param name="Losses">The correct alignment first.</param>
/// <param name="Doubts">None where all is as it should be.</param>
/// <param name="Forced">The run was begun in spite of a refusal.</param>
sealed record PreflightReport(int Clips, double Guessing, IReadOnlyList<StartingLoss> Losses, IReadOnlyList<PreflightFinding> Doubts,
    bool Forced)
{
    static readonly PreflightJson Format =
        new(new JsonSerializerOptions(
        PreflightJson.Default.Options)
        { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public string ToJson() => JsonSerializer.Serialize(this, Format.PreflightReport);

    /// <param name="json">What <see cref="ToJson"/> wrote.</param>
    /// <param name="place">What messages call it.</param>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public static PreflightReport FromJson(string json, string place = "preflight.json")
    {
        const string Remedy = "Move the file away; the run goes on without it.";
        var read = JsonFile.Parse(Encoding.UTF8.GetBytes(json), place, Format.PreflightReport, Remedy);
        return read.Losses.Contains(null!) || read.Doubts.Contains(null!)
            ? throw new InvalidDataException($"{place}: a list has null where an object should be. {Remedy}") : read;
    }
}
