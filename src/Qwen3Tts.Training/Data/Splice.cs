// New sentences out of the recordings of a voice. A sentence goes on in another recording after a word that both have, so what is heard
// before the join is what the words after it usually follow. A model that hears only a few minutes learns whole recordings by heart; with
// spliced sentences it must learn the words.
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Training.Data;

static class Splice
{
    const int MostJoins = 3;
    const double JoinsFurther = 0.9; // probability, before each of the joins
    const int TriesForEach = 100;
    const double FadeSeconds = 0.01, SearchSeconds = 0.03;

    /// <summary>The clips of the list, followed by spliced ones, which are trained on. Nothing is made from held-out clips, and no spliced
    /// sentence is that of a clip.</summary>
    /// <exception cref="InvalidDataException">The clips of no voice have words in common.</exception>
    public static List<PreparedClip> AddTo(List<PreparedClip> clips, PreparationOptions options, ClipEncoder encoder,
        IProgress<(string What, int Done, int Of)>? progress, CancellationToken stop)
    {
        if (options.HeldOut is { } count && clips.All(c => c.Clip.HeldOut is null))
        {
            var held = new HeldOut(null, count).Choose([.. clips.Select(c => c.Clip)]);
            clips = [.. clips.Zip(held, (c, h) => c with { Clip = c.Clip with { HeldOut = h } })];
        }
        if (options.Splice == 0)
            return clips;
        clips = clips.ConvertAll(c => c with { Clip = c.Clip with { HeldOut = c.Clip.HeldOut ?? false } });
        var known = clips.Select(c => c.Clip.Text).Concat(options.NotSpliced).Select(Key).ToHashSet();
        var (training, made) = (clips.Where(c => c.Clip.HeldOut != true).ToList(), new List<Clip>());
        foreach (var voice in training.GroupBy(c => (c.Clip.Speaker, c.Clip.Language, c.Clip.Instruct)))
            foreach (var (text, wave) in Make([.. voice.Select(c => c.Clip)], options.Splice * voice.Count() / training.Count, known, stop))
            {
                var file = PreparedFiles.Spliced(options.Output, made.Count);
                PreparedFiles.Write(file, new ClipShape { Trim = false, Level = false }.Apply(wave, encoder.FrameSamples).Wave,
                    options.Output);
                made.Add(voice.First().Clip with { Place = file, Audio = file, GivenAsRelative = true, Text = text, Codes = null });
            }
        return made.Count > 0 ? [.. clips, .. Encode(made, options, encoder, progress, stop)] : throw new InvalidDataException(
            $"{options.Input}: no new sentence can be spliced, because the recordings of a voice have no words in common. Prepare "
            + "them without splicing.");
    }

    static PreparedClip[] Encode(List<Clip> made, PreparationOptions options, ClipEncoder encoder,
        IProgress<(string What, int Done, int Of)>? progress, CancellationToken stop)
    {
        using var cache = new EncodingCache(options.Output + ".cache", encoder.Fingerprint);
        return Preparation.Each("Encoding spliced sentences", made, options, progress, stop, clip =>
        {
            var (encoded, known) = Preparation.Encode(clip, encoder, cache, withVoice: false);
            return new PreparedClip(clip with { Codes = encoded.Codes }, null, null, known)
            {
                Tokens = encoder.Tokenizer?.Encode(clip.Text).Length,
            };
        });
    }

    /// <summary>Up to <paramref name="count"/> new sentences; fewer if the words allow no more.</summary>
    /// <param name="clips">Recordings of one voice, cut to the speech.</param>
    /// <param name="count">Number of sentences.</param>
    /// <param name="known">Sentences that are not made; those that are made are added.</param>
    /// <param name="stop">Ends it.</param>
    public static IEnumerable<(string Text, Waveform Wave)> Make(IReadOnlyList<Clip> clips, int count, HashSet<string> known,
        CancellationToken stop)
    {
        var recordings = Read(clips, stop);
        if (recordings.Count == 0)
            yield break;
        // where each word is said, except as the last word of its recording
        var places = recordings.SelectMany((r, c) => r.Words.SkipLast(1).Select((w, i) => (w.Word, Clip: c, At: i)))
            .ToLookup(p => p.Word, p => (p.Clip, p.At));
        var (random, longest) = (new Pcg32(seed: 1), recordings.Max(r => r.Words.Length));
        var made = 0;
        for (var tries = 0; made < count && tries < TriesForEach * count; tries++)
        {
            var parts = Draw(recordings, places, random);
            var text = string.Join(' ', parts.SelectMany(p => recordings[p.Clip].Texts[p.From..p.To]));
            if (parts.Count < 2 || parts.Sum(p => p.To - p.From) > longest || !known.Add(Key(text)))
                continue;
            made++;
            yield return (text, Join([.. parts.Select(p => recordings[p.Clip].Cut(p.From, p.To))], recordings[0].Wave.SampleRate));
        }
    }

    /// <summary>The parts of a sentence: words From to To of a recording each.</summary>
    static List<(int Clip, int From, int To)> Draw(List<Recording> recordings, ILookup<string, (int Clip, int At)> places, Pcg32 random)
    {
        var (parts, clip, from) = (new List<(int, int, int)>(), random.NextBelow(recordings.Count), 0);
        while (parts.Count < MostJoins && random.NextUnit() < JoinsFurther)
        {
            var words = recordings[clip].Words;
            List<(int Clip, int At)> Others(int at) => [.. places[words[at].Word].Where(p => p.Clip != clip)];
            var joins = Enumerable.Range(from, Math.Max(0, words.Length - 1 - from)).Where(at => Others(at).Count > 0).ToList();
            if (joins.Count == 0)
                break;
            var at = joins[random.NextBelow(joins.Count)];
            var others = Others(at);
            parts.Add((clip, from, at + 1));
            (clip, from) = others[random.NextBelow(others.Count)];
            from++;
        }
        parts.Add((clip, from, recordings[clip].Words.Length));
        return parts;
    }

    /// <summary>The recordings of at least two words, and when the words are said.</summary>
    static List<Recording> Read(IReadOnlyList<Clip> clips, CancellationToken stop)
    {
        var read = (from clip in clips
                    let texts = clip.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    let words = Array.ConvertAll(texts, Key)
                    where words.Length > 1 && !words.Contains("")
                    select (Wave: AudioFile.Read(clip.Audio), Texts: texts, Words: words)).ToList();
        var times = WordTimes.Find([.. read.Select(r => (r.Wave, (IReadOnlyList<string>)r.Words))], stop);
        return [.. read.Zip(times).Where(r => r.Second is not null).Select(r => new Recording(r.First.Wave, r.First.Texts, r.Second!))];
    }

    /// <summary>The letters and digits of a word or a text, in lower case.</summary>
    static string Key(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    static Waveform Join(List<float[]> parts, int rate)
    {
        var fade = (int)(FadeSeconds * rate);
        var sound = parts[0].ToList();
        foreach (var part in parts.Skip(1))
        {
            var both = Math.Min(fade, Math.Min(sound.Count, part.Length));
            for (var i = 0; i < both; i++)
            {
                var share = (i + 1f) / (both + 1);
                sound[^(both - i)] = sound[^(both - i)] * (1 - share) + part[i] * share;
            }
            sound.AddRange(part[both..]);
        }
        return new([.. sound], rate);
    }

    sealed record Recording(Waveform Wave, string[] Texts, WordTime[] Words)
    {
        /// <summary>The samples of some words, cut where it is quietest near the border of two words.</summary>
        public float[] Cut(int from, int to)
        {
            var begin = from == 0 ? 0 : Quietest(Words[from - 1].To);
            var end = to == Words.Length ? Wave.Samples.Length : Quietest(Words[to - 1].To);
            return Wave.Samples[begin..Math.Max(begin, end)];
        }

        int Quietest(double seconds)
        {
            var (window, at) = ((int)(FadeSeconds * Wave.SampleRate), (int)(seconds * Wave.SampleRate));
            var reach = (int)(SearchSeconds * Wave.SampleRate);
            double Energy(int middle) => Enumerable.Range(middle - window / 2, window)
                .Sum(i => i >= 0 && i < Wave.Samples.Length ? (double)Wave.Samples[i] * Wave.Samples[i] : 0);
            return Math.Clamp(Enumerable.Range(-reach, 2 * reach + 1).Where(o => o % (window / 4) == 0).Select(o => at + o)
                .MinBy(Energy), 0, Wave.Samples.Length);
        }
    }
}
