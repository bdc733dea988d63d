// The results of one evaluation: a line of evaluations.jsonl.
using System.Text;
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Training.Log;

/// <summary>One utterance of a checkpoint.</summary>
/// <param name="File">The audio file, relative to the run's folder.</param>
/// <param name="Text">Index of the held-out text.</param>
/// <param name="Seconds">Length of the speech.</param>
/// <param name="Ended">True if the speech ended by itself, false if it reached the limit.</param>
sealed record SpokenTake(string File, int Text, double Seconds, bool Ended);

/// <summary>The results of a checkpoint's takes.</summary>
/// <param name="Step">Updates made; 0 is the untouched model.</param>
/// <param name="HeldOutTalker">Loss of the talker on held-out clips.</param>
/// <param name="HeldOutPredictor">Loss of the code predictor on held-out clips.</param>
/// <param name="Runaway">Share of takes that did not end by themselves.</param>
/// <param name="LengthRatio">Median of the takes' lengths, each divided by the length of the recording of its text.</param>
/// <param name="WordErrors">Word error rate; null without a recogniser.</param>
/// <param name="Ears">Name of the recogniser, or why there is none.</param>
/// <param name="Takes">The takes.</param>
sealed record Evaluation(int Step, double HeldOutTalker, double HeldOutPredictor, double Runaway, double LengthRatio, double? WordErrors,
    string Ears, IReadOnlyList<SpokenTake> Takes)
{
    /// <summary>
    /// Score; lower is better. Word errors, takes that do not end and wrong lengths have equal weight; the loss decides between equal ones.
    /// </summary>
    public double Score => (WordErrors ?? 0) + Runaway + Math.Abs(Math.Log(Math.Max(LengthRatio, 1e-3)))
        + TotalLoss.Compute(HeldOutTalker, HeldOutPredictor) / 10;

    /// <summary>The file of a run's evaluations.</summary>
    public static string FileIn(string run) => Path.Combine(run, "evaluations.jsonl");

    /// <summary>
    /// The trained checkpoint with the lowest score; if word errors of some were measured, one of those. The untouched model is excluded:
    /// it says words well, and the score does not measure the voice, because the model's own speaker encoder hardly distinguishes voices.
    /// </summary>
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
