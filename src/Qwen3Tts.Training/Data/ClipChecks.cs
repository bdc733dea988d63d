// Errors (the clip cannot be used) and doubts (it can be used, but should be checked by listening) about clips, each with its place and a
// remedy. The last three checks compare a clip with the others by medians, which a few wrong clips do not change.
using System.Globalization;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Sequence;
using Qwen3Tts.Text;

namespace Qwen3Tts.Training.Data;

static class ClipChecks
{
    /// <summary>Fewest clips for which medians are compared.</summary>
    const int Few = 8;
    /// <summary>A pace differs from the median by more than this factor, and by more than this number of robust deviations.</summary>
    const double PaceFactor = 1.8, PaceDeviations = 4;
    /// <summary>
    /// Largest distance of a voice from the medoid voice, in robust standard deviations from the median distance. The miniature's sixty
    /// trimmed clips of one voice were measured with six clips of other voices among them: the farthest clip of the voice lies at 4.5; the
    /// nearest other clip, of the voice that this one was made from by resampling, at 12.3; other speakers lie beyond 40.
    /// </summary>
    public const double OtherVoice = 7;

    /// <summary>The second remedy of commands that read many recordings.</summary>
    public const string LeaveOut = " Or leave it out with --skip-bad.";

    /// <summary>Doubts that the text gives, without the recording.</summary>
    public static IEnumerable<string> CheckText(Clip clip, TextTokenizer? tokenizer)
    {
        if (clip.LinesJoined)
            yield return $"{clip.Place}: the text has line breaks; they are read as spaces. Write it in one line.";
        if (tokenizer is null)
            yield break;
        var inPieces = clip.Text.EnumerateRunes().Where(r => !r.IsAscii).Distinct()
            .Where(r => tokenizer.Encode(r.ToString()) is { Length: > 1 } ids
            && ids.Any(id => tokenizer.Decode([id]).Contains('\uFFFD', StringComparison.Ordinal))).ToList();
        if (inPieces.Count > 0)
            yield return $"{clip.Place}: the model reads " +
                $"{string.Join(", ", inPieces.Take(8).Select(r => $"'{r}' (U+{r.Value:X4})"))}{(inPieces.Count > 8 ? ", …" : "")} as " +
                $"pieces of bytes, not as characters. Write what is said in other ones.";
    }

    /// <summary>Languages that the model does not have, each reported at its first clip.</summary>
    public static IEnumerable<string> CheckLanguages(IEnumerable<Clip> clips, IReadOnlyList<string> known)
    {
        foreach (var own in clips.Where(c => LanguageNames.Find(c.Language, known) is null).GroupBy(c => LanguageNames.NameOf(c.Language!)))
            yield return $"{own.First().Place}: {LanguageNames.Unknown(own.First().Language!, known)} Or teach the model this one: " +
                $"'train --new-language' does."
                + (own.Count() > 1 ? $" {own.Count() - 1} more clips name it." : "");
    }

    /// <summary>
    /// A recording that is listed twice. With two different texts, one of them is wrong; with the same text, it would be trained on twice.
    /// </summary>
    /// <param name="clips">The clips with the hashes of their recordings.</param>
    /// <param name="errors">Receives clips that contradict an earlier one.</param>
    /// <param name="doubts">Receives messages about the others.</param>
    public static void Duplicates(IEnumerable<(Clip Clip, string Content)> clips, List<(Clip Clip, string Message)> errors,
        List<string> doubts)
    {
        foreach (var copies in clips.GroupBy(c => c.Content).Where(g => g.Count() > 1))
        {
            var first = copies.First().Clip;
            foreach (var (clip, _) in copies.Skip(1))
                if (clip.Text == first.Text)
                    doubts.Add($"{clip.Place}: the same recording with the same text as {first.Place}. Remove one of the two.");
                else
                    errors.Add((clip, $"{clip.Place}: the same recording as {first.Place}, with another text: '{clip.Text}', not " +
                        $"'{first.Text}'. Remove the wrong one."));
        }
    }

    /// <summary>
    /// Noise, reverberation and bandwidth. What most clips share is said once, at the first of them: it is about the whole recording.
    /// </summary>
    public static IEnumerable<string> CheckSound(IReadOnlyList<(Clip Clip, SoundQuality Sound)> clips)
    {
        foreach (var kind in clips.SelectMany(c => c.Sound.Doubts().Select(d => (c.Clip, d.Kind, d.Message))).GroupBy(d => d.Kind))
        {
            var all = kind.ToList();
            var shown = all.Count > Few && 2 * all.Count > clips.Count ? all[..1] : all;
            foreach (var (clip, _, doubt) in shown)
                yield return $"{clip.Place}: {RecordingChecks.Named(clip.Audio, doubt)}"
                    + (shown.Count < all.Count ? $" {all.Count - 1} more of {clips.Count} clips are like this." : "");
        }
    }

    /// <summary>Texts that do not fit the length of their recording, by frames for each token.</summary>
    public static IEnumerable<string> CheckPace(IReadOnlyList<(Clip Clip, int Frames, int Tokens)> clips)
    {
        var paces = clips.Select(c => Math.Log((double)c.Frames / Math.Max(1, c.Tokens))).ToList();
        var (median, deviation) = Robust(paces);
        foreach (var (i, clip) in clips.Index())
        {
            if (RecordingChecks.PaceDoubt(clip.Frames, clip.Tokens) is { } doubt)
                yield return $"{clip.Clip.Place}: {doubt}";
            else if (clips.Count >= Few && IsFarFrom(median, deviation, paces[i]))
                yield return F($"{clip.Clip.Place}: {clip.Frames} frames for {clip.Tokens} tokens, {Math.Exp(paces[i]):0.0} each, ")
                    + F($"where the others have {Math.Exp(median):0.0}. ")
                    + RecordingChecks.PaceRemedy(paces[i] > median);
        }
    }

    /// <summary>Texts that do not fit the length of the speech, by letters; for clips that have no codes yet.</summary>
    public static IEnumerable<string> CheckLetterPace(IReadOnlyList<(Clip Clip, double Seconds)> clips)
    {
        const int OfDigit = 4; // letters of its name
        var paces = clips.Select(c => Math.Log(Math.Max(c.Seconds, 0.01)
            / Math.Max(1, c.Clip.Text.Sum(x => char.IsDigit(x) ? OfDigit : char.IsLetter(x) ? 1 : 0)))).ToList();
        var (median, deviation) = Robust(paces);
        foreach (var (i, clip) in clips.Index())
            if (clips.Count >= Few && IsFarFrom(median, deviation, paces[i]))
                yield return F($"{clip.Clip.Place}: its speech takes {1000 * Math.Exp(paces[i]):0} ms a letter, where the others have ")
                    + F($"{1000 * Math.Exp(median):0}. ") + RecordingChecks.PaceRemedy(paces[i] > median);
    }

    /// <summary>True if the logarithm of a pace is an outlier.</summary>
    static bool IsFarFrom(double median, double deviation, double pace) =>
        Math.Abs(pace - median) > Math.Log(PaceFactor) && Math.Abs(pace - median) > PaceDeviations * deviation;

    /// <summary>
    /// Clips that sound like another speaker than the clip that is most similar to all others, for each speaker separately.
    /// </summary>
    public static IEnumerable<string> CheckVoices(IReadOnlyList<(Clip Clip, float[] Voice)> clips)
    {
        foreach (var speaker in clips.GroupBy(c => c.Clip.Speaker))
        {
            var own = speaker.ToList();
            var (medoid, distances) = Distances([.. own.Select(c => c.Voice)]);
            foreach (var (i, clip) in own.Index())
                if (own.Count >= Few && distances[i] > OtherVoice)
                    yield return $"{clip.Clip.Place}: '{Path.GetFileName(clip.Clip.Audio)}' sounds like another speaker than " +
                        $"'{Path.GetFileName(own[medoid].Clip.Audio)}': it is {F($"{distances[i]:0}")} deviations off, where " +
                        $"{OtherVoice} are too many. Listen to both, and remove it if it is.";
        }
    }

    /// <summary>
    /// Distance of each clip's voice from its speaker's medoid, in robust standard deviations; null if the clip has no voice, or the
    /// speaker has too few clips.
    /// </summary>
    public static double?[] Distances(IReadOnlyList<(string? Speaker, float[]? Voice)> clips)
    {
        var result = new double?[clips.Count];
        foreach (var speaker in Enumerable.Range(0, clips.Count).Where(i => clips[i].Voice is not null).GroupBy(i => clips[i].Speaker)
            .Where(s => s.Count() >= Few))
            foreach (var (i, distance) in speaker.Zip(Distances([.. speaker.Select(i => clips[i].Voice!)]).Deviations))
                result[i] = distance;
        return result;
    }

    /// <summary>
    /// The index of the medoid, and the distance of each voice from it, in robust standard deviations from the median distance.
    /// </summary>
    public static (int Medoid, double[] Deviations) Distances(IReadOnlyList<float[]> voices)
    {
        var medoid = Preparation.Medoid(voices);
        var distances = voices.Select(v => 1 - Cosine(v, voices[medoid])).ToList();
        var (median, deviation) = Robust(distances);
        return (medoid, [.. distances.Select(d => (d - median) / Math.Max(deviation, 1e-6))]);
    }

    static double Cosine(float[] a, float[] b)
    {
        double product = 0, first = 0, second = 0;
        for (var i = 0; i < a.Length; i++)
            (product, first, second) = (product + (double)a[i] * b[i], first + (double)a[i] * a[i], second + (double)b[i] * b[i]);
        return product / Math.Sqrt(first * second);
    }

    /// <summary>The median, and the standard deviation estimated from the median absolute deviation.</summary>
    static (double Median, double Deviation) Robust(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
            return (0, 0);
        var median = Median(values);
        return (median, 1.4826 * Median([.. values.Select(v => Math.Abs(v - median))]));
    }

    public static double Median(IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
