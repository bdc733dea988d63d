// The results of one evaluation: a line of evaluations.jsonl.
using System.Text;
using Qwen3Tts.Files;
using Qwen3Tts.Likeness;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Log;

/// <summary>One utterance of a checkpoint.</summary>
/// <param name="File">The audio file, relative to the run's folder.</param>
/// <param name="Text">Index of the held-out text.</param>
/// <param name="Seconds">Length of the speech.</param>
/// <param name="Ended">True if the speech ended by itself, false if it reached the limit.</param>
/// <param name="Words">Words of the text; null without a recogniser.</param>
/// <param name="WrongWords">Words that were recognised wrongly, are missing or are too many; null without a recogniser.</param>
/// <param name="Spectrum">Distance from the voice's recordings by the long-term spectrum; null if it was not measured.</param>
/// <param name="Models">Figures of the user's own models; null without them.</param>
sealed record SpokenTake(string File, int Text, double Seconds, bool Ended, int? Words = null, int? WrongWords = null,
    double? Spectrum = null, ModelFigures? Models = null);

/// <summary>What ONNX models of the user's own say of speech. A figure is null without its model, or for silence.</summary>
/// <param name="Similarity">Cosine between the speaker model's embeddings of the speech and of the voice's recordings.</param>
/// <param name="Mos">The score of the MOS model.</param>
sealed record ModelFigures(double? Similarity, double? Mos)
{
    /// <summary>The means; null if nothing was measured.</summary>
    public static ModelFigures? Mean(IEnumerable<ModelFigures?> figures)
    {
        var all = figures.OfType<ModelFigures>().ToList();
        static double? Of(IEnumerable<double?> values) => values.OfType<double>().ToList() is { Count: > 0 } some ? some.Average() : null;
        return all.Count == 0 ? null : new(Of(all.Select(f => f.Similarity)), Of(all.Select(f => f.Mos)));
    }
}

/// <summary>The results of a checkpoint's takes.</summary>
/// <param name="Step">Updates made; 0 is the untouched model.</param>
/// <param name="Runaway">Share of takes that did not end by themselves.</param>
/// <param name="LengthRatio">Median of the takes' lengths, each divided by the length of the recording of its text.</param>
/// <param name="Ears">Name of the recogniser, or why there is none.</param>
/// <param name="Takes">The takes.</param>
sealed record Evaluation(int Step, double Runaway, double LengthRatio, string Ears, IReadOnlyList<SpokenTake> Takes)
{
    /// <summary>Figures of the takes.</summary>
    public SpeechFigures? Figures { get; init; }

    /// <summary>The same figures of the recordings of these texts.</summary>
    public SpeechFigures? Recordings { get; init; }

    /// <summary>The user's own models that measured; null without them. Figures of other models cannot be compared.</summary>
    public OwnModels? OwnModels { get; init; }

    /// <summary>Their figures of these recordings.</summary>
    public ModelFigures? RecordingModels { get; init; }

    /// <summary>The means of their figures of the takes.</summary>
    public ModelFigures? Models => ModelFigures.Mean(Takes.Select(t => t.Models));

    /// <summary>Word error rate over all takes; null without a recogniser.</summary>
    public double? WordErrors =>
        Takes.Sum(t => t.Words ?? 0) is > 0 and var words ? Takes.Sum(t => t.WrongWords ?? 0) / (double)words : null;

    /// <summary>The file of a run's evaluations.</summary>
    public static string FileIn(string run) => Path.Combine(run, "evaluations.jsonl");

    /// <summary>The evaluations of a run, in the order of their steps.</summary>
    /// <exception cref="InvalidDataException">A line is damaged.</exception>
    public static List<Evaluation> ReadAll(string run) => [.. LogJson.Lines(FileIn(run)).Select(l =>
        JsonFile.Parse(Encoding.UTF8.GetBytes(l.Line), l.Place, LogJson.Default.Evaluation, LogJson.Remedy) is var read
            && !read.Takes.Contains(null!) ? read
            : throw new InvalidDataException($"{l.Place}: 'takes' has null where a take should be. {LogJson.Remedy}"))
        .OrderBy(e => e.Step)];
}
