// Speaks a text at once, or a long one sentence by sentence, as the command line does. A model that designs voices would design another one
// for each part, so it speaks every text at once.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Qwen3Tts.Audio;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Extensions.AI;

static class TextOfAnyLength
{
    static bool IsLong(Tts tts, string text, SpeechOptions how) => tts.Kind != "voice_design" && tts.Parts(text, how).Skip(1).Any();

    /// <summary>Speaks a text.</summary>
    /// <returns>The sound, how it went, and what the library returned: a <see cref="Speech"/>, or the sentences of a long text.</returns>
    public static async Task<(Waveform Sound, SpeechSummary Summary, object Raw)> SayAsync(Tts tts, string text, SpeechOptions how,
        CancellationToken cancellation)
    {
        if (!IsLong(tts, text, how))
        {
            var speech = await tts.SayAsync(text, how, cancellation).ConfigureAwait(false);
            return (speech.Waveform, speech, speech);
        }
        var (sentences, summary) = (new List<SpokenSentence>(), new Summing(tts, how));
        await foreach (var sentence in tts.SayLongAsync(text, how, null, cancellation).ConfigureAwait(false))
        {
            sentences.Add(sentence);
            summary.Add(sentence.Speech.Samples.Length, sentence);
        }
        return (new([.. sentences.SelectMany(s => s.Speech.Samples)], tts.SampleRate), summary.Sum(), sentences);
    }

    /// <summary>Speaks a text, and returns each chunk as soon as it is computed.</summary>
    /// <returns>Samples, and with the last chunk how the speech went.</returns>
    public static async IAsyncEnumerable<(float[] Samples, SpeechSummary? Ended)> StreamAsync(Tts tts, string text, SpeechOptions how,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!IsLong(tts, text, how))
        {
            await foreach (var chunk in tts.StreamAsync(text, how, cancellation).ConfigureAwait(false))
                yield return (chunk.Samples, chunk.Ended);
            yield break;
        }
        var summary = new Summing(tts, how);
        await foreach (var chunk in tts.StreamLongAsync(text, how, null, cancellation).ConfigureAwait(false))
        {
            summary.Add(chunk.Samples.Length, chunk.Ended);
            yield return (chunk.Samples, null);
        }
        yield return ([], summary.Sum());
    }

    /// <summary>Adds up how the sentences of a text went.</summary>
    sealed class Summing(Tts tts, SpeechOptions how)
    {
        readonly Stopwatch _clock = Stopwatch.StartNew();
        readonly List<SentenceTime> _sentences = [];
        TimeSpan? _first;
        long _samples;

        public void Add(int samples, SentenceTime? ended)
        {
            if (samples > 0)
                _first ??= _clock.Elapsed;
            _samples += samples;
            if (ended is not null)
                _sentences.Add(ended);
        }

        /// <summary>The reason is the first one that is not the end of a sentence, if there is one.</summary>
        public SpeechSummary Sum() => new(_sentences.Select(s => s.FinishReason).FirstOrDefault(r => r != FinishReason.End),
            _sentences.Sum(s => s.Frames), (double)_samples / tts.SampleRate, (how.Sampling ?? tts.Sampling).Seed,
            new(default, _first ?? default, _first ?? default, _clock.Elapsed));
    }
}
