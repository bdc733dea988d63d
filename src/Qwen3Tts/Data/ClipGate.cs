// Checks the text and the recording of a clip from a list. Messages begin with the clip's place in the list.
using Qwen3Tts.Audio;
using Qwen3Tts.Text;

namespace Qwen3Tts.Data;

static class ClipGate
{
    /// <summary>Why the text or instruction of a clip cannot be used, or null.</summary>
    public static string? Error(Clip clip) =>
        (SpokenText.Problem(clip.Text)
            ?? (string.IsNullOrWhiteSpace(clip.Instruct) ? null : SpokenText.Problem(clip.Instruct, "the instruction"))) is { } problem
            ? $"{clip.Place}: {problem}" : null;

    /// <summary>Reads a recording and measures its levels.</summary>
    /// <param name="place">Place in the list that names the recording, for messages.</param>
    /// <param name="file">The recording.</param>
    /// <param name="otherwise">A further remedy that the message gets.</param>
    /// <exception cref="InvalidDataException">The file is no recording, or cannot be used. The message names the place, the file and what
    /// to do.</exception>
    public static (Waveform Wave, ClipLevels Levels) Read(string place, string file, string otherwise = "")
    {
        var wave = AudioFile.Read(file);
        var levels = ClipLevels.Measure(wave);
        return RecordingChecks.Problem(wave, levels) is { } problem
            ? throw new InvalidDataException($"{place}: {RecordingChecks.Named(file, problem)}{otherwise}") : (wave, levels);
    }

    /// <summary>Reasons to doubt a recording that can be used. If it will be trimmed, silence at its ends is not reported.</summary>
    public static IEnumerable<string> Doubts(Clip clip, ClipLevels levels, bool trimmed) =>
        RecordingChecks.Doubts(levels, trimmed).Select(doubt => $"{clip.Place}: {RecordingChecks.Named(clip.Audio, doubt)}");

    /// <summary>
    /// Why a voice cannot be taken from a recording, or null. The result of each recording is stored, so that it is read once.
    /// </summary>
    public static string? ReferenceProblem(string file, Dictionary<string, string?> known) =>
        known.TryGetValue(file, out var problem) ? problem : known[file] = ReferenceProblem(file);

    /// <summary>Why a voice cannot be taken from a recording, or null.</summary>
    public static string? ReferenceProblem(string file)
    {
        try
        {
            var wave = AudioFile.Read(file);
            return RecordingChecks.Problem(wave, ClipLevels.Measure(wave)) is { } problem
                ? $"the reference {RecordingChecks.Named(file, problem)}" : null;
        }
        catch (InvalidDataException e)
        {
            return $"the reference {e.Message}";
        }
    }
}
