// What is wrong with clips (they cannot be used) and what is doubtful (they can, but listen first), each with its place and a remedy. The
// last three compare a clip with the others, by medians: what is wrong in a few clips does not move the yardstick.
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Qwen3Tts.Doctor;
using Qwen3Tts.Text;

namespace Qwen3Tts.Training.Data;

static partial class ClipChecks
{
    /// <summary>Below this many clips no median says much.</summary>
    const int Few = 8;
    /// <summary>
    /// Distances from the medoid voice, in robust standard deviations from their median. Of the miniature's sixty trimmed clips of one voice,
    /// with six of others among them, the farthest lies at 4.5; the nearest other is the very voice that it was made from by resampling, at
    /// 12.3, and strangers lie beyond 40.
    /// </summary>
    public const double OtherVoice = 7;

    [GeneratedRegex(@"<\|[^|<>]*\|>|</?(?:think|tool_call|tool_response|tts_\w+)>")]
    private static partial Regex ControlToken();

    /// <summary>Why a text cannot be trained on, or null.</summary>
    public static string? Error(Clip clip)
    {
        if (ControlToken().Match(clip.Text) is { Success: true } token)
            return $"{clip.Place}: the text has '{token.Value}', which programs take for a control token. Remove it from the text.";
        foreach (var rune in clip.Text.EnumerateRunes())
            if (rune == Rune.ReplacementChar || Rune.IsControl(rune))
                return $"{clip.Place}: the text has U+{rune.Value:X4}, which nobody can say. Save the text as UTF-8, or remove the character.";
        return clip.Text.EnumerateRunes().Any(Rune.IsLetterOrDigit) ? null : $"{clip.Place}: the text '{clip.Text}' has no word. Write what is said, or remove the recording.";
    }

    /// <summary>What the text alone lets one doubt.</summary>
    public static IEnumerable<string> OfText(Clip clip, TextTokenizer? tokenizer)
    {
        if (clip.LinesJoined)
            yield return $"{clip.Place}: the text has line breaks; they are read as spaces. Write it in one line.";
        if (tokenizer is null)
            yield break;
        var inPieces = clip.Text.EnumerateRunes().Where(r => !r.IsAscii).Distinct().Where(r => tokenizer.Encode(r.ToString()) is { Length: > 1 } ids && ids.Any(id => tokenizer.Decode([id]).Contains('\uFFFD', StringComparison.Ordinal))).ToList();
        if (inPieces.Count > 0)
            yield return $"{clip.Place}: the model reads {string.Join(", ", inPieces.Take(8).Select(r => $"'{r}' (U+{r.Value:X4})"))}{(inPieces.Count > 8 ? ", …" : "")} as pieces of bytes, not as characters. Write what is said in other ones.";
    }

    /// <summary>What the recording alone lets one doubt; where it is trimmed, silence at its ends is cut anyway.</summary>
    public static IEnumerable<string> OfSound(Clip clip, ClipLevels sound, bool trimmed)
    {
        string Tell(string what, string remedy) => $"{clip.Place}: '{Path.GetFileName(clip.Audio)}' {what}. {remedy}";
        if (sound.Seconds > 60)
            yield return Tell(F($"is {sound.Seconds:0} s long; more than 60 s need much memory"), "Cut it between two sentences.");
        if (sound.Speech < 0.4)
            yield return Tell(F($"has {sound.Speech:0.00} s of speech"), "Record a whole sentence, or remove it.");
        if (sound.Clipped > 1e-4)
            yield return Tell(F($"is clipped: {100 * sound.Clipped:0.00} % of its samples lie in flat tops at {Decibel(sound.Peak):0.0} dBFS"), "Record it with less gain.");
        if (sound.Rms is > 0 and < 0.003)
            yield return Tell(F($"is very quiet: its speech has {Decibel(sound.Rms):0} dBFS"), "Record it with more gain: raising it later raises the noise, too.");
        if (sound.Pause > 2)
            yield return Tell(F($"has a pause of {sound.Pause:0.0} s"), "Shorten it, or cut the recording in two there.");
        if (!trimmed && sound.Seconds - sound.Speech - sound.Pause > 2)
            yield return Tell(F($"is silent for {sound.Seconds - sound.Speech:0.0} of {sound.Seconds:0.0} s"), "Prepare it with --trim true.");
        if (sound.Start > 0.5)
            yield return Tell("begins in the middle of a sound", "Cut it with some silence before the first word.");
        if (sound.End > 0.5)
            yield return Tell("ends in the middle of a sound", "Cut it with some silence after the last word: the end of speech is learned from it.");
    }

    /// <summary>One recording that is listed twice: with another text one of the two is wrong, with the same it is trained on twice.</summary>
    /// <param name="clips">With their content's hash.</param>
    /// <param name="errors">Gets the clips that contradict an earlier one.</param>
    /// <param name="doubts">Gets the rest.</param>
    public static void Duplicates(IEnumerable<(Clip Clip, string Content)> clips, List<(Clip Clip, string Message)> errors, List<string> doubts)
    {
        foreach (var copies in clips.GroupBy(c => c.Content).Where(g => g.Count() > 1))
        {
            var first = copies.First().Clip;
            foreach (var (clip, _) in copies.Skip(1))
                if (clip.Text == first.Text)
                    doubts.Add($"{clip.Place}: the same recording with the same text as {first.Place}. Remove one of the two.");
                else
                    errors.Add((clip, $"{clip.Place}: the same recording as {first.Place}, with another text: '{clip.Text}', not '{first.Text}'. Remove the wrong one."));
        }
    }

    /// <summary>Texts that do not cover their recording, or say more than it holds: by frames a token.</summary>
    public static IEnumerable<string> OfPace(IReadOnlyList<(Clip Clip, int Frames, int Tokens)> clips)
    {
        const double Slowest = 12, Fastest = 1, Factor = 1.8, Deviations = 4;
        var paces = clips.Select(c => Math.Log((double)c.Frames / Math.Max(1, c.Tokens))).ToList();
        var (median, deviation) = Robust(paces);
        foreach (var (i, clip) in clips.Index())
        {
            var (pace, off) = (Math.Exp(paces[i]), Math.Abs(paces[i] - median));
            if (pace is < Fastest or > Slowest || clips.Count >= Few && off > Math.Log(Factor) && off > Deviations * deviation)
                yield return F($"{clip.Clip.Place}: {clip.Frames} frames for {clip.Tokens} tokens, {pace:0.0} each, where the others have {Math.Exp(median):0.0}. ")
                    + (paces[i] > median ? "Its text may leave out what is said; complete it, or cut the recording." : "The recording may lack what the text says; shorten the text, or record it again.");
        }
    }

    /// <summary>Clips that sound like someone else than the clip that is most like all others, each speaker by himself.</summary>
    public static IEnumerable<string> OfVoices(IReadOnlyList<(Clip Clip, float[] Voice)> clips)
    {
        foreach (var speaker in clips.GroupBy(c => c.Clip.Speaker))
        {
            var own = speaker.ToList();
            var (medoid, distances) = Distances([.. own.Select(c => c.Voice)]);
            foreach (var (i, clip) in own.Index())
                if (own.Count >= Few && distances[i] > OtherVoice)
                    yield return $"{clip.Clip.Place}: '{Path.GetFileName(clip.Clip.Audio)}' sounds like another speaker than '{Path.GetFileName(own[medoid].Clip.Audio)}': it is {F($"{distances[i]:0}")} deviations off, where {OtherVoice} are too many. Listen to both, and remove it if it is.";
        }
    }

    /// <summary>How far each clip's voice is from its speaker's medoid, in deviations; null where it has none, or the speaker too few clips to say.</summary>
    public static double?[] Distances(IReadOnlyList<(string? Speaker, float[]? Voice)> clips)
    {
        var result = new double?[clips.Count];
        foreach (var speaker in Enumerable.Range(0, clips.Count).Where(i => clips[i].Voice is not null).GroupBy(i => clips[i].Speaker).Where(s => s.Count() >= Few))
            foreach (var (i, distance) in speaker.Zip(Distances([.. speaker.Select(i => clips[i].Voice!)]).Deviations))
                result[i] = distance;
        return result;
    }

    /// <summary>The medoid, and how far each voice is from it, in robust standard deviations from the median distance.</summary>
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

    /// <summary>Median, and the standard deviation as the median deviation from it gives it.</summary>
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

    public static double Decibel(double amplitude) => 20 * Math.Log10(Math.Max(amplitude, 1e-9));

    static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
