// What was measured at an evaluation, a line of evaluations.jsonl.
using System.Text;
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Training.Log;

/// <summary>One utterance of a checkpoint.</summary>
/// <param name="File">The sound, relative to the run.</param>
/// <param name="Text">Number of the held-out text.</param>
/// <param name="Seconds">Its length.</param>
/// <param name="Ended">By itself, and not by the limit.</param>
sealed record SpokenTake(string File, int Text, double Seconds, bool Ended);

/// <summary>What a checkpoint's takes are like.</summary>
/// <param name="Step">Updates made; 0 is the untouched model.</param>
/// <param name="HeldOutTalker">Loss on clips that are not trained on.</param>
/// <param name="HeldOutPredictor">The same of the code predictor.</param>
/// <param name="Runaway">Share of takes that did not end.</param>
/// <param name="LengthRatio">Median length, against the recording of the same text.</param>
/// <param name="WordErrors">Share of words heard wrongly; null without a recogniser.</param>
/// <param name="Ears">The recogniser, or why there is none.</param>
/// <param name="Takes">The sounds.</param>
sealed record Evaluation(int Step, double HeldOutTalker, double HeldOutPredictor, double Runaway, double LengthRatio, double? WordErrors,
    string Ears, IReadOnlyList<SpokenTake> Takes)
{
    /// <summary>
    /// Lower is better: words lost, takes that do not end and wrong lengths count alike; the loss decides between equals.
    /// </summary>
    public double Score => (WordErrors ?? 0) + Runaway + Math.Abs(Math.Log(Math.Max(LengthRatio, 1e-3)))
        + TotalLoss.Compute(HeldOutTalker, HeldOutPredictor) / 10;

    /// <summary>The file that a run keeps its evaluations in.</summary>
    public static string FileIn(string run) => Path.Combine(run, "evaluations.jsonl");

    /// <summary>The trained checkpoint with the lowest score; where words of some were heard, one of those. The untouched model is no
    /// candidate: words are its strength, and the score knows nothing of the voice, because the model's own speaker encoder hardly tells
    /// voices apart.</summary>
    public static Evaluation? FindBest(IEnumerable<Evaluation> evaluations)
    {
        var trained = evaluations.Where(e => e.Step > 0).ToList();
        var heard = trained.Where(e => e.WordErrors is not null).ToList();
        return (heard.Count > 0 ? heard : trained).MinBy(e => e.Score);
    }

    /// <summary>The evaluations of a run, in their order.</summary>
    /// <exception cref="InvalidDataException">A line is damaged.</exception>
    public static List<Evaluation> ReadAll(string run) => [.. LogJson.Lines(FileIn(run)).Select(l =>
        JsonFile.Parse(Encoding.UTF8.GetBytes(l.Line), l.Place, LogJson.Default.Evaluation, LogJson.Remedy) is var read
            && !read.Takes.Contains(null!) ? read
            : throw new InvalidDataException($"{l.Place}: 'takes' has null where a take should be. {LogJson.Remedy}"))];
}
