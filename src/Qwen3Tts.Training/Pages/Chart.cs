// Curves and bars as SVG in an HTML page, without scripts. The colours are the page's own variables.
using System.Globalization;
using System.Net;
using System.Text;

namespace Qwen3Tts.Training.Pages;

static class Chart
{
    const int Width = 600, Height = 160, Left = 34, Bottom = 18, Top = 18; // in SVG units
    const int MostPoints = 600; // more points than a screen can show

    public const string Style = """
        svg.chart{height:auto}svg.chart path{fill:none;stroke:var(--soft);stroke-width:1;opacity:.45}svg.chart path.mean{stroke:var(--good);stroke-width:2.5;opacity:1}svg.chart circle{fill:var(--bad)}
        svg.chart line{stroke:var(--line)}svg.chart rect{fill:var(--good);opacity:.75}svg.chart text{fill:var(--soft);font:11px system-ui,sans-serif}
        """;

    /// <summary>A curve of a value at every step with its running mean, and dots for values that were measured at some steps.</summary>
    public static string Lines(string title, IReadOnlyList<(int Step, double Value)> line, IReadOnlyList<(int Step, double Value)> dots)
    {
        var all = line.Concat(dots).Where(p => double.IsFinite(p.Value)).ToList();
        if (all.Count == 0)
            return "";
        var (first, last, low, high) = (all.Min(p => p.Step), all.Max(p => p.Step), all.Min(p => p.Value), all.Max(p => p.Value));
        var unit = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(high - low, 1e-9))));
        var (bottom, top) = (Math.Floor(low / unit) * unit, Math.Ceiling(high / unit + 1e-9) * unit);
        double X(double step) => Left + (step - first) / Math.Max(1, last - first) * (Width - Left - 4);
        double Y(double value) => Height - Bottom - (value - bottom) / (top - bottom) * (Height - Bottom - Top);
        string Path(IEnumerable<(int Step, double Value)> points) =>
            "M" + string.Join("L", points.Select(p => Invariant($"{X(p.Step):0.#} {Y(p.Value):0.#}")));

        var svg = Begin(title);
        foreach (var value in new[] { bottom, (bottom + top) / 2, top })
            svg.Append(CultureInfo.InvariantCulture,
                $"<line x1=\"{Left}\" x2=\"{Width}\" y1=\"{Y(value):0.#}\" y2=\"{Y(value):0.#}\"/><text x=\"{Left - 4}\" " +
                $"y=\"{Y(value) + 4:0.#}\" text-anchor=\"end\">{value:0.###}</text>");
        svg.Append($"<text x=\"{Left}\" y=\"{Height - 3}\">{first}</text><text x=\"{Width - 4}\" y=\"{Height - 3}\" " +
            $"text-anchor=\"end\">step {last}</text>");
        if (line.Count > 0)
            svg.Append($"<path d=\"{Path(Thinned(line))}\"/><path class=\"mean\" d=\"{Path(Thinned(RunningMean(line)))}\"/>");
        foreach (var (step, value) in dots)
            svg.Append(Invariant($"<circle cx=\"{X(step):0.#}\" cy=\"{Y(value):0.#}\" r=\"3.5\"/>"));
        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>A histogram: the number of values in each of several intervals of equal width.</summary>
    public static string Histogram(string title, IReadOnlyList<double> values, string unit)
    {
        const int Bars = 24;
        if (values.Count == 0)
            return "";
        var (low, high) = (values.Min(), values.Max());
        var counts = new int[Bars];
        foreach (var value in values)
            counts[high > low ? Math.Min(Bars - 1, (int)((value - low) / (high - low) * Bars)) : 0]++;
        var svg = Begin(title);
        var (width, most) = ((double)(Width - Left - 4) / Bars, counts.Max());
        for (var i = 0; i < Bars; i++)
            if ((double)counts[i] / most * (Height - Bottom - Top) is > 0 and var tall)
                svg.Append(CultureInfo.InvariantCulture,
                    $"<rect x=\"{Left + i * width:0.#}\" y=\"{Height - Bottom - tall:0.#}\" width=\"{width - 1:0.#}\" " +
                    $"height=\"{tall:0.#}\"/>");
        svg.Append(CultureInfo.InvariantCulture,
            $"<text x=\"{Left - 4}\" y=\"{Top + 4}\" text-anchor=\"end\">{most}</text><text x=\"{Left}\" y=\"{Height - 3}\">{low:0.#} " +
            $"{unit}</text><text x=\"{Width - 4}\" y=\"{Height - 3}\" text-anchor=\"end\">{high:0.#} {unit}</text>");
        return svg.Append("</svg>\n").ToString();
    }

    static StringBuilder Begin(string title) =>
        new($"<svg class=\"chart\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(title)}\"><text " +
        $"x=\"{Left}\" y=\"11\">{WebUtility.HtmlEncode(title)}</text>");

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
