// What is returned for a long text: chunks while it is spoken, or whole sentences. A sentence here is what was spoken at once: one,
// several short ones, or a piece of a long one.
using Qwen3Tts.Audio;

namespace Qwen3Tts.Generation;

/// <summary>When a sentence was spoken.</summary>
/// <param name="Text">The sentence as it is written in the text.</param>
/// <param name="Start">Seconds from the start of the speech.</param>
/// <param name="Duration">Seconds, without the pause after it.</param>
/// <param name="Frames">Frames that the model made for it, of 80 ms.</param>
/// <param name="FinishReason">The reason why the sentence ended.</param>
/// <param name="Seed">The seed that it was spoken with.</param>
public record SentenceTime(string Text, double Start, double Duration, int Frames, FinishReason FinishReason, ulong Seed);

/// <summary>A sentence with its speech.</summary>
/// <param name="Text">The sentence as it is written in the text.</param>
/// <param name="Start">Seconds from the start of the speech.</param>
/// <param name="Duration">Seconds, without the pause after it.</param>
/// <param name="Frames">Frames that the model made for it, of 80 ms.</param>
/// <param name="FinishReason">The reason why the sentence ended.</param>
/// <param name="Seed">The seed that it was spoken with.</param>
/// <param name="Speech">Samples of the sentence and of the pause after it. One after another, these are the whole speech.</param>
public sealed record SpokenSentence(string Text, double Start, double Duration, int Frames, FinishReason FinishReason, ulong Seed,
    Waveform Speech) : SentenceTime(Text, Start, Duration, Frames, FinishReason, Seed);

/// <summary>A piece of the speech of a long text.</summary>
/// <param name="Samples">Samples within ±1; possibly none.</param>
/// <param name="Ended">The sentence that ends with this chunk; null while it goes on.</param>
public sealed record LongSpeechChunk(float[] Samples, SentenceTime? Ended = null);
