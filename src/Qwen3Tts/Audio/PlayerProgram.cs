using Qwen3Tts.Files;

namespace Qwen3Tts.Audio;

/// <summary>A program that plays sound.</summary>
/// <param name="Name">Its name on the PATH.</param>
/// <param name="ReadsInput">True if it plays raw samples from its standard input.</param>
/// <param name="Arguments">With $RATE for the sample rate, and $FILE for a WAV file.</param>
sealed record PlayerProgram(string Name, bool ReadsInput, params IReadOnlyList<string> Arguments)
{
    static readonly PlayerProgram FFplay =
        new("ffplay", true, "-nodisp", "-autoexit", "-loglevel", "error", "-f", "s16le", "-sample_rate", "$RATE", "-i", "pipe:0");

    /// <summary>The programs of this system; those that play while the speech is generated come first.</summary>
    static IReadOnlyList<PlayerProgram> Known =>
        OperatingSystem.IsWindows()
            ? [FFplay, new("powershell", false, "-NoProfile", "-Command", "(New-Object Media.SoundPlayer '$FILE').PlaySync()")]
        : OperatingSystem.IsMacOS() ? [FFplay, new("afplay", false, "$FILE")]
        : [
            new("paplay", true, "--raw", "--format=s16le", "--channels=1", "--rate=$RATE"),
            new("aplay", true, "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "$RATE", "-"),
            FFplay,
            new("pw-play", false, "$FILE"),
        ];

    /// <summary>The first one that is on the PATH.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static PlayerProgram Find() => Known.FirstOrDefault(p => ExternalProgram.OnPath(p.Name) is not null)
        ?? throw new FileNotFoundException("Speech can only be played by a program that plays sound, and none of "
            + $"{string.Join(", ", Known.Select(p => p.Name))} is on the PATH. "
            + "Install one of them (ffplay comes with ffmpeg), or write a file.");
}
