using Qwen3Tts.Generation;

namespace Qwen3Tts.Cli;

/// <summary>How speech ended, in words.</summary>
/// <param name="Words">Part of the line that reports what was spoken.</param>
/// <param name="Remedy">What happened and what to do about it; null if the speech ended by itself.</param>
readonly record struct SpeechEnding(string Words, string? Remedy)
{
    /// <param name="speech">Speech that has ended.</param>
    /// <param name="file">The file that it was written to; null is standard output.</param>
    public static SpeechEnding Describe(SpeechStream speech, string? file)
    {
        var cut = $"It was cut off after {speech.Frames.Count} frames, ";
        return speech.FinishReason switch
        {
            FinishReason.End => new("ended by itself", null),
            FinishReason.TextLength => new("cut off at the limit for its text",
                $"{cut}far longer than such a text takes: the model did not end it. "
                + "Try another --seed, or allow more with --max-frames-per-token; 0 is no limit."),
            FinishReason.Context => new("cut off at the model's positions",
                $"{cut}where the model sees no further (max_position_embeddings in config.json). Say the text in parts."),
            FinishReason.Stopped => new("stopped", file is null ? "Stopped."
                : $"Stopped. What was spoken until then, {speech.Frames.Count} frames, is in {file}."),
            _ => new("cut off at the limit", $"{cut}before the model ended it. Allow more with --max-seconds, or try another --seed."),
        };
    }
}
