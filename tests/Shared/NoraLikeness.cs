using Qwen3Tts.Audio;
using Qwen3Tts.Likeness;

namespace Qwen3Tts.Tests;

/// <summary>Likeness to nora, compared with the voices of the reference clips.</summary>
static class NoraLikeness
{
    public static VoiceLikeness Create() => new(Nora, Others);

    public static IEnumerable<Waveform> Nora =>
        Directory.GetFiles(Mini.Recordings, "*.wav").Order(StringComparer.Ordinal).Select(AudioFile.Read);

    /// <summary>Recordings of each other voice, in files that are named voice_number.</summary>
    public static IEnumerable<IEnumerable<Waveform>> Others =>
        [.. Directory.GetFiles(Path.Combine(Mini.Folder, "clips"), "*.wav").Order(StringComparer.Ordinal)
        .GroupBy(f => Path.GetFileName(f).Split('_')[0]).Select(v => v.Select(AudioFile.Read).ToList())];
}
