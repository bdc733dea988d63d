// Clips that are much longer than the others. They cost time and memory: a model learns a voice as well from their pieces.
using System.Globalization;
using Qwen3Tts.Training.Log;

namespace Qwen3Tts.Training.Run;

static class LongClips
{
    const double Times = 3; // the median length
    const int Named = 5;

    /// <summary>A finding about all of them, or none.</summary>
    public static IEnumerable<PreflightFinding> Find(PreparedRun run)
    {
        var frames = run.Clips.Select(c => c.Codes!.Count).Order().ToList();
        var median = frames[frames.Count / 2];
        var clips = run.Clips.Where(c => c.Codes!.Count > Times * median).OrderByDescending(c => c.Codes!.Count).ToList();
        if (clips.Count == 0)
            yield break;
        var rate = Checkpoint.CodecConfig.ReadFramesPerSecond(run.Model);
        string Seconds(int count) => (count / rate).ToString("0.0", CultureInfo.InvariantCulture);
        yield return new(false,
            $"{clips.Count} {(clips.Count == 1 ? "clip is" : "clips are")} more than {Times} times as long as most, which have " +
            $"{Seconds(median)} s: " + string.Join(", ", clips.Take(Named)
                .Select(c => $"{Path.GetFileName(c.Audio)} ({Seconds(c.Codes!.Count)} s)")) + (clips.Count > Named ? ", …" : "") + ".",
            "They are computed apart from the others, so that these are not padded. Cut them at pauses into clips of 3 to 12 s, each " +
            "with its text.");
    }
}
