// A clip of a list goes through the gates for text and for recordings; what they say gets the clip's place put before it.
using Qwen3Tts.Audio;
using Qwen3Tts.Text;

namespace Qwen3Tts.Data;

static class ClipGate
{
    /// <summary>Why a clip's text or instruction cannot be trained on, measured or spoken, or null.</summary>
    public static string? Error(Clip clip) =>
        (SpokenText.Problem(clip.Text)
            ?? (string.IsNullOrWhiteSpace(clip.Instruct) ? null : SpokenText.Problem(clip.Instruct, "the instruction"))) is { } problem
            ? $"{clip.Place}: {problem}" : null;

    /// <summary>Reads a recording that can be used, and measures it.</summary>
    /// <param name="place">Where it was named, for messages.</param>
    /// <param name="file">The recording.</param>
    /// <param name="otherwise">Another remedy than the recording's own.</param>
    /// <exception cref="InvalidDataException">It is no WAV file, or cannot be used; the message names place, file and remedy.</exception>
    public static (Waveform Wave, ClipLevels Levels) Read(string place, string file, string otherwise = "")
    {
        var wave = WavFile.Read(file);
        var levels = ClipLevels.Measure(wave);
        return RecordingChecks.Problem(wave, levels) is { } problem
            ? throw new InvalidDataException($"{place}: {RecordingChecks.Named(file, problem)}{otherwise}") : (wave, levels);
    }

    /// <summary>What lets one doubt a recording that can be used; where it is trimmed, silence at its ends is cut anyway.</summary>
    public static IEnumerable<string> Doubts(Clip clip, ClipLevels levels, bool trimmed) =>
        RecordingChecks.Doubts(levels, trimmed).Select(doubt => $"{clip.Place}: {RecordingChecks.Named(clip.Audio, doubt)}");

    /// <summary>Why a voice cannot be taken from a recording, or null; each is read once.</summary>
    public static string? ReferenceProblem(string file, Dictionary<string, string?> known) =>
        known.TryGetValue(file, out var problem) ? problem : known[file] = ReferenceProblem(file);

    /// <summary>Why a voice cannot be taken from a recording, or null.</summary>
    public static string? ReferenceProblem(string file)
    {
        try
        {
            var wave = WavFile.Read(file);
            return RecordingChecks.Problem(wave, ClipLevels.Measure(wave)) is { } problem
                ? $"the reference {RecordingChecks.Named(file, problem)}" : null;
        }
        catch (InvalidDataException e)
        {
            return $"the reference {e.Message}";
        }
    }
}
