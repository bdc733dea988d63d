// Who speaks: the x-vectors of short windows are divided into groups, and the group with the most speech is the main speaker. A group is
// divided into two (2-means on the unit sphere) as long as its halves are far apart compared with their own width, so no distance of a
// certain model is built in. Voices that have few windows among many may stay in the group of another one.
namespace Qwen3Tts.Training.Slicing;

static class SpeakerTurns
{
    /// <summary>Seconds of a window: shorter ones say more about the sound than about the speaker.</summary>
    public const double Window = 1.6;
    /// <summary>Shortest stretch that has a voice, in seconds.</summary>
    public const double Shortest = 0.5;

    const double Apart = 0.5; // mean silhouette from which on two halves are two speakers
    const int Fewest = 3; // windows of a speaker

    /// <summary>The windows of a stretch of speech: side by side, of equal length, at least one.</summary>
    public static IEnumerable<Span> Windows(Span stretch)
    {
        var count = stretch.Seconds < Shortest ? 0 : Math.Max(1, (int)(stretch.Seconds / Window));
        var each = stretch.Seconds / Math.Max(1, count);
        return Enumerable.Range(0, count).Select(i => new Span(stretch.Begin + i * each, stretch.Begin + (i + 1) * each));
    }

    /// <summary>The number of the speaker of each window; speaker 0 has the most windows.</summary>
    /// <param name="voices">x-vectors, which need no certain length.</param>
    public static int[] Speakers(IReadOnlyList<float[]> voices)
    {
        var unit = voices.Select(Unit).ToArray();
        var groups = new List<int[]>();
        Divide(unit, [.. Enumerable.Range(0, unit.Length)], groups);
        var result = new int[unit.Length];
        foreach (var (number, group) in groups.OrderByDescending(g => g.Length).ThenBy(g => g[0]).Index())
            foreach (var i in group)
                result[i] = number;
        return result;
    }

    static void Divide(double[][] voices, int[] group, List<int[]> groups)
    {
        if (group.Length >= 2 * Fewest && Halves(voices, group) is var (a, b) && a.Length >= Fewest && b.Length >= Fewest
            && Silhouette(voices, a, b) > Apart)
        {
            Divide(voices, a, groups);
            Divide(voices, b, groups);
        }
        else if (group.Length > 0)
            groups.Add(group);
    }

    /// <summary>2-means, from the voice farthest from the mean and the voice farthest from that one.</summary>
    static (int[] A, int[] B) Halves(double[][] voices, int[] group)
    {
        var mean = Mean(voices, group);
        var first = voices[group.MinBy(i => Cosine(voices[i], mean))];
        var second = voices[group.MinBy(i => Cosine(voices[i], first))];
        int[] a = [];
        for (var round = 0; round < 100; round++)
        {
            var before = a;
            a = [.. group.Where(i => Cosine(voices[i], first) >= Cosine(voices[i], second))];
            if (a.Length == 0 || a.Length == group.Length)
                return (a, []);
            if (a.SequenceEqual(before))
                break;
            (first, second) = (Mean(voices, a), Mean(voices, [.. group.Except(a)]));
        }
        return (a, [.. group.Except(a)]);
    }

    /// <summary>The mean over all voices of (distance to the other half − distance to the own one) / the larger of the two.</summary>
    static double Silhouette(double[][] voices, int[] a, int[] b)
    {
        var (first, second) = (Mean(voices, a), Mean(voices, b));
        double One(int i, double[] own, double[] other) =>
            (1 - Cosine(voices[i], own), 1 - Cosine(voices[i], other)) is var (near, far) && Math.Max(near, far) > 0
                ? (far - near) / Math.Max(near, far) : 0;
        return (a.Sum(i => One(i, first, second)) + b.Sum(i => One(i, second, first))) / (a.Length + b.Length);
    }

    static double[] Mean(double[][] voices, int[] group)
    {
        var sum = new double[voices[group[0]].Length];
        foreach (var i in group)
            for (var d = 0; d < sum.Length; d++)
                sum[d] += voices[i][d];
        return Unit(sum);
    }

    static double[] Unit(float[] voice) => Unit(Array.ConvertAll(voice, v => (double)v));

    static double[] Unit(double[] voice)
    {
        var length = Math.Sqrt(voice.Sum(v => v * v));
        return length == 0 ? voice : Array.ConvertAll(voice, v => v / length);
    }

    static double Cosine(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var d = 0; d < a.Length; d++)
            sum += a[d] * b[d];
        return sum;
    }
}
