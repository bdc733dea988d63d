// Speaking a long text: the text is split into parts, each part is spoken as Stream speaks it, and the parts are joined with pauses. Only
// the part that is spoken is in memory. The first part has the seed of the request, so a text of one part sounds as it does with Say.
using Qwen3Tts.Audio;
using Qwen3Tts.Generation;
using Qwen3Tts.Sequence;
using Qwen3Tts.Text;

namespace Qwen3Tts;

public sealed partial class Tts
{
    /// <summary>The parts that <see cref="SayLong"/> speaks one after another. One part alone is spoken as by <see cref="Say"/>.</summary>
    /// <param name="text">The text to be spoken.</param>
    /// <param name="options">As for <see cref="Say"/>; the language decides how ordinal numbers are read.</param>
    /// <param name="parts">How the text is split; null for the usual lengths.</param>
    /// <returns>Parts in order, each split from the text when it is asked for. One after another, they are the text up to spaces. A part
    /// without a letter or digit is not spoken.</returns>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public IEnumerable<string> Parts(string text, SpeechOptions? options = null, LongTextOptions? parts = null) =>
        PartsOf(text, options ?? new(), parts ?? new()).Select(p => p.Text);

    /// <summary>Speaks a text of any length, sentence by sentence, with pauses between them.</summary>
    /// <param name="text">The text to be spoken. An empty line ends a paragraph.</param>
    /// <param name="options">How to speak, as for <see cref="Say"/>, with its retries for each part. A model that designs voices designs
    /// another one for each part.</param>
    /// <param name="parts">How the text is split and joined; null for the usual lengths and pauses.</param>
    /// <param name="cancellation">Checked after each frame of 80 ms.</param>
    /// <returns>The sentences, each as soon as it is spoken. A text of one part gives the samples of <see cref="Say"/>, bit for
    /// bit.</returns>
    /// <exception cref="ArgumentException">The text is empty, a setting is out of range, or an option does not fit this model. The message
    /// lists the values that do.</exception>
    /// <exception cref="OperationCanceledException">The speech was cancelled.</exception>
    public IEnumerable<SpokenSentence> SayLong(string text, SpeechOptions? options = null, LongTextOptions? parts = null,
        CancellationToken cancellation = default)
    {
        var chunks = SpeakLong(text, options, parts, cancellation, whole: true);
        return Whole();

        IEnumerable<SpokenSentence> Whole()
        {
            var samples = new List<float>();
            foreach (var chunk in chunks)
            {
                cancellation.ThrowIfCancellationRequested();
                samples.AddRange(chunk.Samples);
                if (chunk.Ended is not { } s)
                    continue;
                yield return new(s.Text, s.Start, s.Duration, s.Frames, s.FinishReason, s.Seed, new([.. samples], SampleRate));
                samples.Clear();
            }
        }
    }

    /// <summary>As <see cref="SayLong"/>, but returns each chunk as soon as it is computed. The samples are the same.</summary>
    /// <param name="text">The text to be spoken.</param>
    /// <param name="options">As for <see cref="SayLong"/>.</param>
    /// <param name="parts">As for <see cref="SayLong"/>.</param>
    /// <param name="stop">Checked after each frame of 80 ms; no exception is thrown. The last sentence then ends with
    /// <see cref="FinishReason.Cancelled"/>.</param>
    /// <returns>Chunks; with the last one of each sentence comes its time.</returns>
    /// <exception cref="ArgumentException">As for <see cref="SayLong"/>.</exception>
    public IEnumerable<LongSpeechChunk> StreamLong(string text, SpeechOptions? options = null, LongTextOptions? parts = null,
        CancellationToken stop = default) => SpeakLong(text, options, parts, stop, whole: false);

    IEnumerable<LongSpeechChunk> SpeakLong(string text, SpeechOptions? options, LongTextOptions? parts, CancellationToken stop, bool whole)
    {
        options ??= new();
        parts ??= new();
        var spoken = PartsOf(text, options, parts).Where(p => TextParts.HasWord(options.Reading(p.Text)));
        CheckLong(text, options);
        return Chunks(spoken, options with { Sampling = options.Sampling ?? Sampling }, parts, stop, whole);
    }

    /// <summary>Reports what is wrong with the text or an option before the first part is spoken.</summary>
    void CheckLong(string text, SpeechOptions options)
    {
        _ = SpokenText.Checked(options.Reading(text));
        CheckOptions(options);
    }

    /// <summary>Reports what is wrong with an option before any text is known.</summary>
    void CheckOptions(SpeechOptions options)
    {
        _ = TalkerSequence.Prompt(UtteranceOf("a", options), _ids);
        (options.Sampling ?? Sampling).Check();
        options.Check();
    }

    IEnumerable<TextPart> PartsOf(string text, SpeechOptions options, LongTextOptions parts)
    {
        parts.Check();
        return TextParts.Of(text.TrimStart('\uFEFF'), piece => _tokenizer.Encode(SpokenText.Words(piece)).Length, parts.Longest,
            parts.Shortest, options.Language);
    }

    IEnumerable<LongSpeechChunk> Chunks(IEnumerable<TextPart> parts, SpeechOptions options, LongTextOptions joined, CancellationToken stop,
        bool whole)
    {
        var joiner = new SpeechJoiner(SampleRate);
        var (left, number, made) = (joined.MaxSeconds is { } s ? (long)Math.Min(long.MaxValue / 2, Math.Ceiling(s * FramesPerSecond))
            : long.MaxValue, 0, 0L);
        int? pause = null;
        using var all = parts.GetEnumerator();
        for (var more = all.MoveNext(); more && left > 0; number++)
        {
            var part = all.Current;
            joiner.Begin(pause);
            var start = made + joiner.Lead(pause);
            SpeechSummary? spoken = null;
            foreach (var chunk in Spoken(part.Text, OfPart(options, number, left), stop, whole, summary => spoken = summary))
                if (joiner.Push(chunk) is { Length: > 0 } ready)
                {
                    made += ready.Length;
                    yield return new(ready);
                }
            left -= spoken!.Frames;
            more = spoken.FinishReason != FinishReason.Cancelled && all.MoveNext() && left > 0;
            pause = more ? (int)(SampleRate * PauseAfter(part, joined)) : null;
            var (rest, sound) = pause is { } p ? joiner.End(p) : joiner.EndAll();
            var end = Math.Max(start, made + sound);
            made += rest.Length;
            yield return new(rest, new(part.Text, (double)start / SampleRate, (double)(end - start) / SampleRate, spoken.Frames,
                spoken.FinishReason, spoken.Seed));
        }
    }

    /// <summary>The samples of a part: chunk by chunk, or whole, which lets a part that does not end be spoken again.</summary>
    IEnumerable<float[]> Spoken(string text, SpeechOptions options, CancellationToken stop, bool whole, Action<SpeechSummary> ended)
    {
        if (whole)
        {
            var speech = Say(text, options, stop);
            ended(speech);
            yield return speech.Samples;
            yield break;
        }
        var stream = Stream(text, options);
        foreach (var chunk in stream.Until(stop))
            yield return chunk;
        ended(stream.Summarize());
    }

    static double PauseAfter(TextPart part, LongTextOptions joined) => part.End switch
    {
        PartEnd.Clause => joined.ClausePause,
        PartEnd.Sentence => joined.Pause,
        _ => joined.ParagraphPause,
    };

    /// <summary>The options of one part: its own seed, and at most the frames that are left.</summary>
    static SpeechOptions OfPart(SpeechOptions options, int number, long left) => options with
    {
        Sampling = options.Sampling! with
        {
            Seed = SeedOfPart(options.Sampling.Seed, number),
            MaxFrames = (int)Math.Min(options.Sampling.MaxFrames, left),
        },
    };

    /// <summary>
    /// The seed of a part: that of the request for the first one, and for each other one a number that mixes seed and number (SplitMix64),
    /// so that parts of speeches with neighbouring seeds do not share their seeds.
    /// </summary>
    internal static ulong SeedOfPart(ulong seed, int number)
    {
        if (number == 0)
            return seed;
        var mixed = seed + (ulong)number * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
        return mixed ^ mixed >> 31;
    }
}
