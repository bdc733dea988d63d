// What the numbers of a report mean: which value is chance, which is perfect. One list for the console, the page and the JSON, with an
// entry for each number that this report has.
using Qwen3Tts.Doctor.Evidence;

namespace Qwen3Tts.Doctor.Report;

/// <param name="Number">As the report calls it.</param>
/// <param name="Meaning">In words, without the full stop.</param>
sealed record LegendEntry(string Number, string Meaning);

static class NumberMeanings
{
    public static IReadOnlyList<LegendEntry> List(DoctorReport r) =>
        [.. OfTraining(r), .. OfProjection(r.TextProjection), .. OfMovement(r.Movement), .. OfSpeech(r.Speech)];

    static IEnumerable<LegendEntry> OfTraining(DoctorReport r)
    {
        if (r.Data is { } data)
            yield return new("loss", $"nats for a code: 0 is certainty, {Html.Number(data.Guessing)} is guessing; total is talker + 0.3 "
                + "predictor");
        if (r.Confidence is not null)
            yield return new("sure", "share of resampled sets of clips that say the same: 100 % is all of them");
        if (r.Margin is not null)
            yield return new("times worse", "how much less the evidence speaks for the next: 1 is as much");
        if (r.Findings.Any(f => f.Evidence.Contains("at a cosine of", StringComparison.Ordinal)))
            yield return new("cosine in the heads", "what moved there against the way down the gradient: 0 is chance, 1 is one step of "
                + "plain descent, below 0 is the other way");
    }

    static IEnumerable<LegendEntry> OfProjection(TextProjectionReport? p)
    {
        if (p?.Vocabulary.Distance is null)
            yield break;
        yield return new("cosine of x and P(x)", "0 is chance, 1 is the same direction");
        yield return new("|P(x) − x| / |P(x)|", "0 % is an identity, 100 % is as far away as P(x) is long");
    }

    static IEnumerable<LegendEntry> OfMovement(MovementReport? m)
    {
        if (m is null)
            yield break;
        yield return new("relative", "|new − old| / |old| over all elements of a part: 0 is unmoved");
        yield return new("directions", "that carry the change of one matrix, of as many as it could have: few are a LoRA, or few steps");
    }

    static IEnumerable<LegendEntry> OfSpeech(SpeechReport? s)
    {
        if (s is null)
            yield break;
        if (s.LengthRatio is not null)
            yield return new("length", "frames against what the data takes for as much text: 1 is the data's pace");
        yield return new("silence", "share of windows of 10 ms below a hundredth of the loudest: 0 % is none, 100 % is nothing else");
        yield return new("repeated frames", "share of frames equal to the one before in all codes: 0 % is none, 100 % stands still");
        if (s.WordErrors is not null)
            yield return new("words heard wrongly", "by the recogniser, of the words that were to be said: 0 % is none");
    }
}
