// What the numbers of a report mean: which value is chance, and which is perfect. Console, page and JSON have the same list, with an entry
// for each number that this report has.
using Qwen3Tts.Doctor.Evidence;

namespace Qwen3Tts.Doctor.Report;

/// <param name="Number">The name of the number in the report.</param>
/// <param name="Meaning">Its meaning in words, without the full stop.</param>
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
            yield return new("times worse", "by what factor the evidence for the next hypothesis is worse: 1 is equally good");
        if (r.Findings.Any(f => f.Evidence.Contains("at a cosine of", StringComparison.Ordinal)))
            yield return new("cosine in the heads", "between the change of the heads and the descent direction: 0 is chance, 1 is one "
                + "step of plain gradient descent, below 0 is the opposite direction");
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
        yield return new("directions", "effective rank of the change of one matrix, and the largest possible rank: a small "
            + "one is a LoRA, or few steps");
    }

    static IEnumerable<LegendEntry> OfSpeech(SpeechReport? s)
    {
        if (s is null)
            yield break;
        if (s.LengthRatio is not null)
            yield return new("length", "frames, divided by those of the data for as much text: 1 is the data's pace");
        yield return new("silence", "share of windows of 10 ms below a hundredth of the loudest: 0 % is none, 100 % is nothing else");
        yield return new("repeated frames", "share of frames equal to the one before in all codes: 0 % is none, 100 % stands still");
        if (s.WordErrors is not null)
            yield return new("words heard wrongly", "by the recogniser, of the words that were to be said: 0 % is none");
        if (s.Likeness is null)
            yield break;
        yield return new("distance of the spectrum", "from the recordings of the data: 1 is usual for one of them, lower is nearer; it "
            + "also follows microphone and room, and knows no melody and no words");
        yield return new("pitch, range", "median of the fundamental frequency, and semitones from its 10th to its 90th percentile: as the "
            + "recordings have them; two speakers may have the same");
        yield return new("letters a second", "of the text, without pauses: as the recordings have them; 0 is no speech");
        yield return new("pauses", "share of the time that is silent for 0.15 s or more: as the recordings have it");
        yield return new("distortion", "mel-cepstral, from the recording of the same text: 0 dB is the recording itself; other words or "
            + "another voice have about 3 dB and more");
    }
}
