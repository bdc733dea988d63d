// The voice that say speaks with: a recording, which is cloned, or a voice file.
using System.CommandLine;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Generation;
using Qwen3Tts.Voices;

namespace Qwen3Tts.Cli;

sealed class VoiceOptions
{
    readonly Option<string?> _voice = new("--voice")
    {
        Description = "Clone the voice of this recording (Base models): WAV, FLAC, MP3, Ogg Opus or Ogg Vorbis. Or a voice file, as "
            + "`voice create` writes it.",
        HelpName = "FILE",
    };
    readonly Option<string?> _transcript = Transcript();
    readonly Option<double?> _silence = Silence();

    public IEnumerable<Option> All => [_voice, _transcript, _silence];

    public static Option<string?> Transcript() => new("--transcript")
    {
        Description = "The words of the recording: clones in context, which also reproduces the manner of speaking.",
        HelpName = "TEXT",
    };

    public static Option<double?> Silence() => new NumberOption<double?>("--reference-silence", new(0, 5))
    {
        Description = FormattableString.Invariant($"With a transcript: seconds of silence behind the last word of the recording; what is ")
            + FormattableString.Invariant($"missing is appended. 0 appends nothing. Default: {CloneOptions.UsualSilenceAtEnd}."),
    };

    public string? Path(ParseResult parsed) => parsed.GetValue(_voice);

    /// <summary>Refuses options that contradict each other.</summary>
    public void Check(ParseResult parsed)
    {
        var given = parsed.GetValue(_transcript) is not null ? "--transcript" : parsed.GetValue(_silence) is not null
            ? "--reference-silence" : null;
        if (given is null)
            return;
        if (Path(parsed) is not { } voice)
            throw new ArgumentException($"{given} was given without --voice. Give the recording that it belongs to.");
        if (VoiceFile.IsVoice(voice))
            throw new ArgumentException($"{given} was given, and '{voice}' is a voice file, which has its transcript. Leave {given} out.");
    }

    /// <summary>The voice of a recording, or of a voice file.</summary>
    public Voice Read(ParseResult parsed, Tts tts, string file) => VoiceFile.IsVoice(file) ? tts.Use(VoiceFile.Read(file))
        : tts.Clone(AudioFile.Read(file), parsed.GetValue(_transcript), new() { SilenceAtEnd = Seconds(parsed.GetValue(_silence)) });

    public static double Seconds(double? given) => given ?? CloneOptions.UsualSilenceAtEnd;
}
