// Warnings about clips before they are reviewed: about the recordings, and about texts that are too long or too short for them. No model is
// needed; with one, 'prepare' finds more, and its messages are used instead.
using System.Collections.Concurrent;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Training.Review;

static class ReviewWarnings
{
    /// <summary>Warnings of each clip, by its place.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Dictionary<string, List<string>> Find(string path, Action<int, int> progress, CancellationToken stop)
    {
        var clips = ClipList.ReadAll(path, new(), withoutText: true);
        var found = new ConcurrentDictionary<string, List<string>>();
        var levels = new (Clip Clip, Audio.ClipLevels? Levels)[clips.Count];
        var sound = new SoundQuality?[clips.Count];
        var done = 0;
        Parallel.For(0, clips.Count, new ParallelOptions { CancellationToken = stop }, i =>
        {
            var messages = found.GetOrAdd(clips[i].Place, _ => []);
            if (clips[i].Text.Length == 0)
                messages.Add("It has no text yet.");
            else if (ClipGate.Error(clips[i]) is { } wrong)
                messages.Add(Bare(clips[i].Place, wrong));
            try
            {
                var (wave, measured) = ClipGate.Read(clips[i].Place, clips[i].Audio);
                levels[i] = (clips[i], measured);
                messages.AddRange(ClipGate.Doubts(clips[i], measured, trimmed: true).Select(m => Bare(clips[i].Place, m)));
                sound[i] = SoundQuality.Measure(wave);
            }
            catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                messages.Add(Bare(clips[i].Place, e.Message));
            }
            progress(Interlocked.Increment(ref done), clips.Count);
        });
        var read = levels.Where(l => l.Levels is not null).ToList();
        var (errors, doubts) = (new List<(Clip Clip, string Message)>(), new List<string>());
        ClipChecks.Duplicates(read.Select(r => (r.Clip, r.Levels!.Content)), errors, doubts);
        Add(found, [.. errors.Select(e => e.Message), .. doubts,
            .. ClipChecks.CheckSound([.. clips.Zip(sound).Where(c => c.Second is not null).Select(c => (c.First, c.Second!))]),
            .. ClipChecks.CheckLetterPace([.. read.Where(r => r.Clip.Text.Length > 0).Select(r => (r.Clip, r.Levels!.Speech))])]);
        return found.ToDictionary();
    }

    /// <summary>The messages of a preparation, by the place that each begins with.</summary>
    public static Dictionary<string, List<string>> Of(PreparationReport report)
    {
        var found = new ConcurrentDictionary<string, List<string>>(report.Clips.Select(c => c.Clip.Place).Distinct()
            .Select(p => KeyValuePair.Create(p, new List<string>())));
        foreach (var (place, message) in report.LeftOut.Each)
            found.GetOrAdd(place, _ => []).Add(message);
        Add(found, report.Doubts);
        return found.ToDictionary();
    }

    static void Add(ConcurrentDictionary<string, List<string>> found, IReadOnlyList<string> messages)
    {
        foreach (var message in messages)
            if (found.Keys.Where(p => message.StartsWith($"{p}: ", StringComparison.Ordinal)).MaxBy(p => p.Length) is { } place)
                found[place].Add(Bare(place, message));
    }

    static string Bare(string place, string message) =>
        message.StartsWith($"{place}: ", StringComparison.Ordinal) ? message[(place.Length + 2)..] : message;
}
