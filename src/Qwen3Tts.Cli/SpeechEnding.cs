using Qwen3Tts.Files;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Cli;

/// <summary>How speech ended, in words.</summary>
/// <param name="Words">Part of the line that reports what was spoken.</param>
/// <param name="Remedy">What happened and what to do about it; null if the speech ended by itself.</param>
readonly record struct SpeechEnding(string Words, string? Remedy)
{
    /// <summary>True if the user stopped the speech.</summary>
    public bool IsStopped { get; private init; }

    /// <param name="reason">Why the speech ended.</param>
    /// <param name="frames">Frames that were spoken.</param>
    /// <param name="file">The file that it was written to; null if there is none.</param>
    public static SpeechEnding Describe(FinishReason reason, int frames, string? file)
    {
        var cut = $"It was cut off after {frames} frame{(frames == 1 ? "" : "s")}, ";
        return reason switch
        {
            FinishReason.End => new("ended by itself", null),
            FinishReason.Runaway => new("cut off because it did not end",
                $"{cut}because the model did not end it: it was far longer than such a text takes, or repeated itself. "
                + "Try another --seed, or allow more with --max-frames-per-token; 0 is no limit."),
            FinishReason.Context => new("cut off at the model's positions",
                $"{cut}where the model sees no further (max_position_embeddings in config.json). Say the text in parts."),
            FinishReason.Cancelled => new("stopped", file is null ? "Stopped."
                : $"Stopped. What was spoken until then, {frames} frames, is in {file}.")
            {
                IsStopped = true
            },
            _ => new("cut off at the limit", $"{cut}before the model ended it. Allow more with --max-seconds, or try another --seed."),
        };
    }

    /// <summary>How a long text ended.</summary>
    /// <param name="times">The sentences that were spoken.</param>
    /// <param name="full">True if the limit of seconds was reached.</param>
    /// <param name="stopped">True if the user stopped it.</param>
    /// <param name="file">The file that it was written to; null if there is none.</param>
    public static SpeechEnding Describe(IReadOnlyList<SentenceTime> times, bool full, bool stopped, string? file)
    {
        const int Shown = 60;
        var frames = times.Sum(t => t.Frames);
        if (stopped || full)
            return Describe(stopped ? FinishReason.Cancelled : FinishReason.Length, frames, file);
        var cut = times.Where(t => t.FinishReason != FinishReason.End).ToList();
        if (cut.Count == 0)
            return new($"{times.Count} sentences ended by themselves", null);
        var first = Printable.Text(cut[0].Text.Length > Shown ? cut[0].Text[..Shown] : cut[0].Text);
        return new($"{cut.Count} of {times.Count} sentences cut off",
            $"The model did not end {cut.Count} of the sentences, which were cut off; the first is '{first}'. Try another --seed, or allow "
            + "more with --max-frames-per-token; 0 is no limit.");
    }
}
