// Who speaks: the x-vectors of short windows are divided into groups, and the group with the most windows is the main speaker. A group is
// divided into two (2-means on the unit sphere) as long as its halves are far apart compared with their own width, along the line between
// their centres. So no distance of a certain model is built in. The line is taken from every second window and the distance from the
// others, because in many dimensions any few windows can be divided by a line that was made for them. A voice with few windows among many
// may stay in the group of another one.
namespace Qwen3Tts.Training.Slicing;

static class SpeakerTurns
{
    /// <summary>Seconds of a window: shorter ones say more about the sound than about the speaker.</summary>
    public const double Window = 1.6;
    /// <summary>Shortest stretch that has a voice, in seconds.</summary>
    public const double Shortest = 0.5;

    // Distance of two centres, in standard deviations of their windows along the line between them, from which on they are two speakers.
    // The halves of one normal distribution lie 2.6 apart, those of a uniform one 3.5.
    const double Apart = 4;
    const int Fewest = 4; // windows of a speaker

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
            && Math.Min(Separation(voices, a, b, 0), Separation(voices, a, b, 1)) > Apart)
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

    /// <summary>The distance of two groups, where every second window, from this one on, gives the line.</summary>
    static double Separation(double[][] voices, int[] a, int[] b, int begin)
    {
        int[] Every(int[] group, int from) => [.. group.Where((_, i) => i % 2 == from)];
        var (from, to) = (Mean(voices, Every(a, begin)), Mean(voices, Every(b, begin)));
        var line = from.Zip(to, (x, y) => y - x).ToArray();
        double[] Along(int[] group) => [.. Every(group, 1 - begin).Select(i => Cosine(voices[i], line))];
        var (first, second) = (Along(a), Along(b));
        var squares = first.Sum(x => Math.Pow(x - first.Average(), 2)) + second.Sum(x => Math.Pow(x - second.Average(), 2));
        var deviation = Math.Sqrt(squares / Math.Max(1, first.Length + second.Length - 2));
        return (second.Average() - first.Average()) / Math.Max(deviation, 1e-12);
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
