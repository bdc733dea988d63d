// Curves and bars as SVG in an HTML page, without scripts. The colours are the page's own variables. Two charts stand side by side where
// there is room.
using System.Globalization;
using System.Net;
using System.Text;

namespace Qwen3Tts.Training.Pages;

static class Chart
{
    const int Width = 440, Height = 190, Left = 44, Right = 12, Bottom = 36, Top = 8; // in SVG units
    const int MostPoints = 600; // more points than a screen can show

    public const string Style = """
        figure.chart{display:inline-block;vertical-align:top;width:min(100%,27.5rem);margin:0 1rem 1.25rem 0}figure.chart figcaption{font-size:.9rem;font-weight:600}
        figure.chart .legend{display:flex;flex-wrap:wrap;gap:.1rem .9rem;font-size:.8rem;font-weight:400;color:var(--soft)}figure.chart .legend i{display:inline-block;width:1.1rem;height:0;border-top:2px solid var(--soft);vertical-align:middle;margin-right:.35rem;opacity:.6}
        figure.chart .legend i.mean{border-color:var(--good);border-width:3px;opacity:1}figure.chart .legend i.dot{width:.5rem;height:.5rem;border:0;border-radius:50%;background:var(--bad);opacity:1}figure.chart .legend i.mark{width:0;height:.9rem;border:0;border-left:2px dashed var(--ink);opacity:.7}
        svg.chart{height:auto}svg.chart path{fill:none;stroke:var(--soft);stroke-width:1;opacity:.45}svg.chart path.mean{stroke:var(--good);stroke-width:2.5;opacity:1}svg.chart circle{fill:var(--bad)}
        svg.chart line{stroke:var(--line)}svg.chart line.mark{stroke:var(--ink);stroke-dasharray:4 3;opacity:.7}svg.chart rect{fill:var(--good);opacity:.75}svg.chart text{fill:var(--soft);font:12px system-ui,sans-serif}
        """;

    /// <summary>A curve of a value at every step with its running mean, and dots for values that were measured at some steps.</summary>
    /// <param name="title">Plain text.</param>
    /// <param name="line">The curve; may be empty.</param>
    /// <param name="dots">The dots; may be empty.</param>
    /// <param name="mark">A step that is marked; null for none.</param>
    public static string Lines(string title, IReadOnlyList<(int Step, double Value)> line, IReadOnlyList<(int Step, double Value)> dots,
        int? mark = null)
    {
        var all = line.Concat(dots).Where(p => double.IsFinite(p.Value)).ToList();
        if (all.Count == 0)
            return "";
        var (first, last) = (all.Min(p => p.Step), Math.Max(all.Max(p => p.Step), all.Min(p => p.Step) + 1));
        var values = Ticks(all.Min(p => p.Value), all.Max(p => p.Value));
        double X(double step) => Left + (step - first) / (last - first) * (Width - Left - Right);
        double Y(double value) => Height - Bottom - (value - values[0]) / (values[^1] - values[0]) * (Height - Bottom - Top);
        string Path(IEnumerable<(int Step, double Value)> points) =>
            "M" + string.Join("L", points.Where(p => double.IsFinite(p.Value)).Select(p => Invariant($"{X(p.Step):0.#} {Y(p.Value):0.#}")));

        var svg = Begin(title, Legend(line.Count > 0, dots.Count > 0, mark));
        foreach (var value in values)
            Horizontal(svg, Y(value), Label(value));
        foreach (var step in Ticks(first, last).Where(s => s >= first && s <= last && s == Math.Floor(s)))
            Below(svg, X(step), Invariant($"{step:0}"));
        AxisName(svg, "step");
        if (mark is { } marked)
            svg.Append(Invariant($"<line class=\"mark\" x1=\"{X(marked):0.#}\" x2=\"{X(marked):0.#}\" y1=\"{Top}\" ")
                + $"y2=\"{Height - Bottom}\"/>");
        if (line.Count > 0)
            svg.Append($"<path d=\"{Path(Thinned(line))}\"/><path class=\"mean\" d=\"{Path(Thinned(RunningMean(line)))}\"/>");
        foreach (var (step, value) in dots.Where(d => double.IsFinite(d.Value)))
            svg.Append(Invariant($"<circle cx=\"{X(step):0.#}\" cy=\"{Y(value):0.#}\" r=\"3\"/>"));
        return svg.Append("</svg></figure>\n").ToString();
    }

    /// <summary>A histogram: the number of values in each of several intervals of equal width.</summary>
    /// <param name="title">Plain text.</param>
    /// <param name="values">Finite values.</param>
    /// <param name="unit">Of the values; plain text.</param>
    public static string Histogram(string title, IReadOnlyList<double> values, string unit)
    {
        const int Bars = 24;
        if (values.Count == 0)
            return "";
        var (low, high) = (values.Min(), values.Max());
        var counts = new int[Bars];
        foreach (var value in values)
            counts[high > low ? Math.Min(Bars - 1, (int)((value - low) / (high - low) * Bars)) : 0]++;
        var (width, rows) = ((double)(Width - Left - Right) / Bars, Ticks(0, counts.Max()));
        double Y(double count) => Height - Bottom - count / rows[^1] * (Height - Bottom - Top);
        var svg = Begin(title, "");
        foreach (var count in rows.Where(c => c == Math.Floor(c)))
            Horizontal(svg, Y(count), Invariant($"{count:0}"));
        for (var i = 0; i < Bars; i++)
            if (counts[i] > 0)
                svg.Append(Invariant($"<rect x=\"{Left + i * width:0.#}\" y=\"{Y(counts[i]):0.#}\" width=\"{width - 1:0.#}\" ")
                    + Invariant($"height=\"{Height - Bottom - Y(counts[i]):0.#}\"/>"));
        foreach (var value in high > low ? Ticks(low, high).Where(v => v >= low && v <= high) : [low])
            Below(svg, high > low ? Left + (value - low) / (high - low) * (Width - Left - Right) : Left + width / 2, Label(value));
        AxisName(svg, unit);
        return svg.Append("</svg></figure>\n").ToString();
    }

    static StringBuilder Begin(string title, string legend) =>
        new($"<figure class=\"chart\"><figcaption>{WebUtility.HtmlEncode(title)}{legend}</figcaption><svg class=\"chart\" " +
        $"viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(title)}\">");

    static string Legend(bool line, bool dots, int? mark)
    {
        var items = new[]
        {
            line ? "<span><i></i>each step</span><span><i class=\"mean\"></i>running mean</span>" : "",
            dots ? "<span><i class=\"dot\"></i>held-out clips</span>" : "",
            mark is { } step ? $"<span><i class=\"mark\"></i>result: step {step}</span>" : "",
        };
        return $"<div class=\"legend\">{string.Concat(items)}</div>";
    }

    /// <summary>A line across the chart, with its value to the left of it.</summary>
    static void Horizontal(StringBuilder svg, double y, string value) => svg.Append(
        Invariant($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/>")
        + Invariant($"<text x=\"{Left - 6}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{value}</text>"));

    /// <summary>A tick below the chart, with its value.</summary>
    static void Below(StringBuilder svg, double x, string value) => svg.Append(
        Invariant($"<line x1=\"{x:0.#}\" x2=\"{x:0.#}\" y1=\"{Height - Bottom}\" y2=\"{Height - Bottom + 4}\"/>")
        + Invariant($"<text x=\"{x:0.#}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{value}</text>"));

    static void AxisName(StringBuilder svg, string name) => svg.Append(
        $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 4}\" text-anchor=\"middle\">{WebUtility.HtmlEncode(name)}</text>");

    static string Label(double value) =>
        Math.Abs(value) is >= 1e-3 or < 1e-12 ? Invariant($"{value:0.####}") : Invariant($"{value:0.##e-0}");

    /// <summary>Round values at equal distances, from below the lowest to above the highest value.</summary>
    static double[] Ticks(double low, double high)
    {
        const int Wanted = 4;
        var span = Math.Max(high - low, Math.Max(1e-9, Math.Abs(high) * 1e-6));
        var unit = Math.Pow(10, Math.Floor(Math.Log10(span / Wanted)));
        var step = new[] { 1, 2, 5, 10 }.Select(m => m * unit).First(s => span / s <= Wanted + 1);
        var (from, to) = (Math.Floor(low / step + 1e-9), Math.Ceiling(high / step - 1e-9));
        return [.. Enumerable.Range(0, (int)Math.Max(1, to - from) + 1).Select(i => (from + i) * step)];
    }

    /// <summary>The mean over the steps around each step, over fewer steps at both ends.</summary>
    static List<(int Step, double Value)> RunningMean(IReadOnlyList<(int Step, double Value)> line)
    {
        var reach = Math.Max(1, line.Count / 30);
        var sums = new double[line.Count + 1];
        for (var i = 0; i < line.Count; i++)
            sums[i + 1] = sums[i] + line[i].Value;
        return [.. line.Select((p, i) =>
            (Math.Max(0, i - reach), Math.Min(line.Count, i + reach + 1)) is var (from, to)
            ? (p.Step, (sums[to] - sums[from]) / (to - from)) : default)];
    }

    static IEnumerable<(int Step, double Value)> Thinned(IReadOnlyList<(int Step, double Value)> line) =>
        line.Where((_, i) => i % (1 + line.Count / MostPoints) == 0 || i == line.Count - 1);

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
