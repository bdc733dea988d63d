namespace Qwen3Tts.Generation;

/// <summary>How a voice is cloned in context. The defaults are what the official package does.</summary>
public sealed record CloneOptions
{
    /// <summary>Default of the command line for <see cref="SilenceAtEnd"/>, in seconds; docs/voices.md has the measurement.</summary>
    public const double UsualSilenceAtEnd = 0.3;

    /// <summary>
    /// Seconds of silence that follow the last sound of the recording, 0 to 5; zeros are appended if there are fewer. Speech in context
    /// continues the recording, so a recording that ends with its last word spoils the beginning of the speech. 0 appends nothing.
    /// </summary>
    public double SilenceAtEnd { get; init; }

    /// <summary>
    /// True to measure with the model itself whether the transcript fits the recording, and to warn if not. It takes about as long as the
    /// model needs to read the recording twice.
    /// </summary>
    public bool ChecksTranscript { get; init; }
}
