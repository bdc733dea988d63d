using System.Globalization;
using System.Text;

namespace Qwen3Tts.Tests;

/// <summary>
/// Collects the results of the golden tests: one row for each stage and mode with the number of cases, the worst difference and the
/// tolerance. The table of a whole run is written to <c>artifacts/parity-*.md</c>, and with <c>QWEN3TTS_WRITE_README=1</c> to
/// docs/parity.md.
/// </summary>
static class Parity
{
    static readonly SortedDictionary<(int Order, string Stage, string Mode), (int Cases, double Worst, double Tolerance)> Rows = [];
    static readonly List<string> Stages = ["text", "sequence", "audio", "speaker", "codec", "prompt", "talker", "code predictor",
        "sampling", "greedy codes", "training", "doctor"];

    /// <summary>Adds a case, and fails the test if the difference is larger than the tolerance (0 = exact).</summary>
    public static void Check(string stage, string mode, double difference, double tolerance, string what = "")
    {
        lock (Rows)
        {
            var order = Stages.IndexOf(stage);
            if (order < 0)
                throw new ArgumentException($"'{stage}' is no stage of the table.", nameof(stage));
            var key = (order, stage, mode);
            var row = Rows.GetValueOrDefault(key);
            Rows[key] = (row.Cases + 1, Math.Max(row.Worst, difference), Math.Max(row.Tolerance, tolerance));
        }
        Xunit.Assert.True(difference <= tolerance, $"{stage}, {mode}, {what}: differs by {difference:g3}, allowed is {tolerance:g3}.");
    }

    /// <summary>Largest absolute difference of two arrays of the same length.</summary>
    public static double Difference(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Xunit.Assert.Equal(b.Length, a.Length);
        double worst = 0;
        for (var i = 0; i < a.Length; i++)
        {
            var d = Math.Abs((double)a[i] - b[i]);
            worst = double.IsNaN(d) ? double.PositiveInfinity : Math.Max(worst, d); // a NaN exceeds every tolerance
        }
        return worst;
    }

    public static double Largest(ReadOnlySpan<float> a)
    {
        double largest = 0;
        foreach (var v in a)
            largest = Math.Max(largest, Math.Abs(v));
        return largest;
    }

    /// <summary>Called after all tests of the assembly.</summary>
    public static void Write(string part)
    {
        if (Rows.Count == 0)
            return;
        var table = new StringBuilder("| stage | mode | cases | worst difference | tolerance |\n|---|---|---|---|---|\n");
        foreach (var ((_, stage, mode), r) in Rows)
            table.Append(CultureInfo.InvariantCulture, $"| {stage} | {mode} | {r.Cases} | {Number(r.Worst)} | {Number(r.Tolerance)} |\n");
        var artifacts = Path.Combine(Golden.Repository, "artifacts");
        Directory.CreateDirectory(artifacts);
        File.WriteAllText(Path.Combine(artifacts, $"parity-{part}.md"), table.ToString());
        if (Readme.IsToBeWritten)
            Readme.Write("docs/parity.md", $"parity {part}", table.ToString());
    }

    static string Number(double v) => v == 0 ? "exact" : v.ToString("0.0e+0", CultureInfo.InvariantCulture);
}
