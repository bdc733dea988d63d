// Compares the tuned voice with the clone: the untouched model with the same vector, on the same held-out texts with the same seeds. A
// difference counts only if it is larger than twice its standard error over the texts. With few texts that error is itself uncertain, so
// the number of texts is always told.
using System.Globalization;

namespace Qwen3Tts.Training.Log;

/// <summary>The mean difference over texts or clips, tuned minus clone or later minus earlier, and its standard error.</summary>
sealed record Difference(double Before, double After, double Mean, double Error)
{
    public bool IsLower => Mean < -2 * Error && Mean < 0;
    public bool IsHigher => Mean > 2 * Error && Mean > 0;

    /// <summary>Null if one of the two was not measured.</summary>
    public static Difference? Between(Evaluation clone, Evaluation tuned, Func<IReadOnlyList<SpokenTake>, double?> of)
    {
        var texts = clone.Takes.Select(t => t.Text).Intersect(tuned.Takes.Select(t => t.Text)).ToList();
        double? Of(Evaluation e, int text) => of([.. e.Takes.Where(t => t.Text == text)]);
        List<double> each = [.. texts.Select(t => Of(tuned, t) - Of(clone, t)).OfType<double>()];
        if (each.Count == 0 || of(clone.Takes) is not { } before || of(tuned.Takes) is not { } after)
            return null;
        return new(before, after, each.Average(), StandardError(each));
    }

    /// <summary>Of the same clips, measured twice; null if they are not known.</summary>
    public static Difference? Between(IReadOnlyList<double>? before, IReadOnlyList<double>? after)
    {
        List<double> each = [.. (after ?? []).Zip(before ?? [], (a, b) => a - b)];
        return each.Count == 0 ? null : new(before!.Average(), after!.Average(), each.Average(), StandardError(each));
    }

    /// <summary>Standard error of the mean; infinite for a single value.</summary>
    public static double StandardError(IReadOnlyList<double> values)
    {
        var mean = values.Average();
        return values.Count < 2 ? double.PositiveInfinity
            : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1) / values.Count);
    }
}

/// <summary>What tuning brought.</summary>
/// <param name="Texts">Number of texts that both spoke.</param>
/// <param name="Words">Share of words wrong; null without a recogniser.</param>
/// <param name="Spectrum">Distance from the voice's recordings; null if it was not measured.</param>
/// <param name="Runaway">Share of takes that do not end.</param>
sealed record Comparison(int Texts, Difference? Words, Difference? Spectrum, Difference? Runaway)
{
    /// <summary>By the user's speaker model; null without it. The verdict does not depend on models of others.</summary>
    public Difference? Similarity { get; init; }

    /// <summary>By the user's MOS model; null without it.</summary>
    public Difference? Mos { get; init; }

    /// <summary>Null if one of the two is missing.</summary>
    public static Comparison? Of(IReadOnlyList<Evaluation> evaluations, int tuned)
    {
        var (clone, after) = (evaluations.FirstOrDefault(e => e.Step == 0), evaluations.FirstOrDefault(e => e.Step == tuned));
        if (clone is null || after is null || tuned == 0)
            return null;
        var sameModels = clone.OwnModels == after.OwnModels;
        Difference? OwnModels(Func<ModelFigures, double?> of) => !sameModels ? null
            : Difference.Between(clone, after, takes => ModelFigures.Mean(takes.Select(t => t.Models)) is { } mean ? of(mean) : null);
        return new(clone.Takes.Select(t => t.Text).Intersect(after.Takes.Select(t => t.Text)).Count(),
            Difference.Between(clone, after, takes => takes.Sum(t => t.Words ?? 0) is > 0 and var words
                ? takes.Sum(t => t.WrongWords ?? 0) / (double)words : null),
            Difference.Between(clone, after, takes => takes.Select(t => t.Spectrum).OfType<double>().ToList() is { Count: > 0 } all
                ? all.Average() : null),
            Difference.Between(clone, after, takes => takes.Count(t => !t.Ended) / (double)takes.Count))
        {
            Similarity = OwnModels(m => m.Similarity),
            Mos = OwnModels(m => m.Mos),
        };
    }

    bool IsWorse => Words is { IsHigher: true } || Runaway is { IsHigher: true };
    bool IsBetter => !IsWorse && (Words is { IsLower: true } || Spectrum is { IsLower: true } || Runaway is { IsLower: true });

    /// <summary>good, warn or bad.</summary>
    public string Kind => IsBetter ? "good" : IsWorse ? "bad" : "warn";

    /// <summary>One sentence.</summary>
    public string Verdict => IsBetter ? $"Tuning helped: the voice {Gains()} than the clone."
        : IsWorse ? $"Tuning did harm: the clone {(Words is { IsHigher: true } ? "says more words right" : "ends its speech more often")}" +
            $"{(Spectrum is { IsLower: true } ? ", though the tuned voice sounds more like the recordings" : "")}. Use the clone (say " +
            "--voice), or train with more recordings."
        : $"Tuning did not help: the clone is as good{(Words is null ? " as far as was measured; no recogniser counted words" : "")}. " +
            "Use the clone (say --voice), or train with more recordings.";

    string Gains() => string.Join(" and ", new[]
    {
        Words is { IsLower: true } ? "says more words right" : null,
        Runaway is { IsLower: true } ? "ends its speech more often" : null,
        Spectrum is { IsLower: true } ? "is nearer to the recordings" : null,
    }.OfType<string>());

    /// <summary>The numbers, one sentence.</summary>
    public string Numbers
    {
        get
        {
            string Share(string what, Difference d) => string.Create(CultureInfo.InvariantCulture,
                $"{what} {100 * d.Before:0} % → {100 * d.After:0} % ({100 * d.Mean:+0;-0;0} ± {200 * d.Error:0} points)");
            string Number(string what, Difference d) => string.Create(CultureInfo.InvariantCulture,
                $"{what} {d.Before:0.00} → {d.After:0.00} ({d.Mean:+0.00;-0.00;0.00} ± {2 * d.Error:0.00})");
            return $"Clone → tuned, {Texts} held-out texts, ± is twice the standard error: " + string.Join(", ", new[]
            {
                Words is null ? null : Share("words wrong", Words),
                Spectrum is null ? null : Number("distance of the spectrum from the recordings", Spectrum),
                Similarity is null ? null : Number("similarity by your speaker model", Similarity),
                Mos is null ? null : Number("score by your MOS model", Mos),
                Runaway is not null and not { Before: 0, After: 0 } ? Share("does not end", Runaway) : null,
            }.OfType<string>()) + ".";
        }
    }
}
