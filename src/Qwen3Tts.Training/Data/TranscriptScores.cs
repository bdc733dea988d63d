// Finds wrong transcripts without a recogniser: the model predicts a recording better from its own text than from texts of other clips. For
// a wrong transcript there is no difference. docs/data.md has the measurement.
using System.Globalization;
using Qwen3Tts.Data;

namespace Qwen3Tts.Training.Data;

/// <summary>A clip as the model sees it.</summary>
/// <param name="Clip">The clip with its codes.</param>
/// <param name="Text">Ids of its text.</param>
/// <param name="Voice">Its voice; null without one.</param>
sealed record ScoredClip(Clip Clip, int[] Text, float[]? Voice);

/// <param name="Saved">For each clip, the nats a frame that its own text saves, compared with other texts; null if the scores say
/// nothing.</param>
/// <param name="Doubts">Messages about clips whose texts may be wrong.</param>
/// <param name="Summary">The whole in one line.</param>
sealed record TranscriptScores(IReadOnlyList<double?> Saved, IReadOnlyList<string> Doubts, string Summary)
{
    /// <summary>Number of other texts that each text is compared with.</summary>
    public const int Others = 8;
    /// <summary>A text is doubted if it saves less than this share of what the median text saves.</summary>
    const double Share = 0.5;
    /// <summary>The model must find the own text to be the best for this share of the clips; or else it does not know the words.</summary>
    const double Known = 2.0 / 3;
    /// <summary>Neighbours in the list on each side whose texts, if they are doubted too, are tried for a doubted clip.</summary>
    const int Neighbours = 2;

    /// <param name="clips">Clips in the order of the list. They should be of one language.</param>
    /// <param name="loss">The mean loss of a clip's first codes with a text before them, in nats a frame.</param>
    /// <param name="progress">Told how many clips are done.</param>
    /// <param name="stop">Cancels.</param>
    public static TranscriptScores Measure(IReadOnlyList<ScoredClip> clips, Func<ScoredClip, int[], double> loss, Action<int>? progress,
        CancellationToken stop)
    {
        if (clips.Select(c => c.Clip.Text).Distinct().Count() <= Others)
            return new(new double?[clips.Count], [], $"not compared with the recordings: that needs more than {Others} texts");
        var (saved, medians, best) = (new double[clips.Count], new double[clips.Count], 0);
        for (var i = 0; i < clips.Count; i++)
        {
            stop.ThrowIfCancellationRequested();
            var own = loss(clips[i], clips[i].Text);
            var others = OtherTexts(clips, i).Select(text => loss(clips[i], text)).ToList();
            medians[i] = ClipChecks.Median(others);
            saved[i] = medians[i] - own;
            best += own < others.Min() ? 1 : 0;
            progress?.Invoke(i + 1);
        }
        var share = (double)best / clips.Count;
        if (share < Known)
            return new(new double?[clips.Count], [], DescribeFew(share, clips.Count));
        var limit = Share * ClipChecks.Median(saved);
        var doubts = Enumerable.Range(0, clips.Count).Where(i => saved[i] < limit)
            .Select(i => Doubt(clips, i, saved[i], limit,
                j => saved[j] < limit && medians[i] - loss(clips[i], clips[j].Text) >= limit)).ToList();
        return new([.. saved.Select(s => (double?)s)], doubts,
            F($"a text saves {ClipChecks.Median(saved):0.0} nats a frame, {saved.Min():0.0} to {saved.Max():0.0}; {doubts.Count} may be ")
            + "wrong");
    }

    /// <summary>Why single texts cannot be doubted if the own text is the best for too few clips.</summary>
    static string DescribeFew(double share, int clips)
    {
        const double Chance = 1.0 / (Others + 1);
        return share <= Chance + 2 * Math.Sqrt(Chance * (1 - Chance) / clips)
            ? F($"the texts fit the recordings no better than chance: the model prefers {100 * share:0} % of them to {Others} others, and ")
                + F($"chance is {100 * Chance:0} %. They are those of other recordings, or in a language that the model does not know")
            : F($"not compared with the recordings: the model knows these words too little, it prefers {100 * share:0} % of the ")
                + F($"texts to {Others} others, and {100 * Known:0} % are needed");
    }

    /// <summary>Texts of other clips, from all over the list.</summary>
    static IEnumerable<int[]> OtherTexts(IReadOnlyList<ScoredClip> clips, int index)
    {
        var taken = new HashSet<string> { clips[index].Clip.Text };
        for (var k = 1; k <= Others; k++)
        {
            var at = index + k * clips.Count / (Others + 1);
            while (!taken.Add(clips[at % clips.Count].Clip.Text))
                at++;
            yield return clips[at % clips.Count].Text;
        }
    }

    static string Doubt(IReadOnlyList<ScoredClip> clips, int index, double saved, double limit, Func<int, bool> fits)
    {
        var clip = clips[index].Clip;
        var near = Enumerable.Range(1, Neighbours).SelectMany(d => new[] { index - d, index + d })
            .Where(j => j >= 0 && j < clips.Count && clips[j].Clip.Text != clip.Text).FirstOrDefault(fits, -1);
        return $"{clip.Place}: the text may not be what '{Path.GetFileName(clip.Audio)}' says: "
            + F($"it saves {saved:0.0} nats a frame, and a right one {limit:0.0} or more. ")
            + (near >= 0 ? $"The text of {clips[near].Clip.Place} fits: are the two exchanged? " : "") + "Listen, and correct the text.";
    }

    static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
