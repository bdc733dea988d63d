using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Cli;

/// <summary>What was spoken, for --json; docs/json.md describes it.</summary>
/// <param name="File">The file that was written; null if none was.</param>
/// <param name="Model">Folder of the model.</param>
/// <param name="Seed">Seed of the random numbers.</param>
/// <param name="SampleRate">Samples per second.</param>
/// <param name="Seconds">Of speech, with the pauses.</param>
/// <param name="ElapsedSeconds">That it took to generate.</param>
/// <param name="Frames">That the model made.</param>
/// <param name="Stopped">True if the user stopped it.</param>
/// <param name="Sentences">The parts that were spoken at once.</param>
/// <param name="Warnings">Reasons to doubt the result.</param>
sealed record SayReport(string? File, string Model, ulong Seed, int SampleRate, double Seconds, double ElapsedSeconds, int Frames,
    bool Stopped, IReadOnlyList<SaidSentence> Sentences, IReadOnlyList<string> Warnings)
{
    public string ToJson() => JsonSerializer.Serialize(this, SayJson.Default.SayReport);
}

/// <param name="Text">As it was written.</param>
/// <param name="Start">Seconds from the start.</param>
/// <param name="Seconds">Of speech, without the pause after it.</param>
/// <param name="Frames">That the model made.</param>
/// <param name="Finish">Why it ended: end, length, context, runaway or cancelled.</param>
sealed record SaidSentence(string Text, double Start, double Seconds, int Frames, string Finish)
{
    public static SaidSentence Of(SentenceTime time) =>
        new(time.Text, time.Start, time.Duration, time.Frames, JsonNamingPolicy.KebabCaseLower.ConvertName(time.FinishReason.ToString()));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(SayReport))]
sealed partial class SayJson : JsonSerializerContext;
