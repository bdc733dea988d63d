// The demo's last table: how each voice says texts that were held out, and what it lost of what the model could say before.
using System.Globalization;
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Training.Pages;

/// <summary>What a voice said of a held-out text.</summary>
/// <param name="File">A WAV file, relative to the page.</param>
/// <param name="Peaks">Its waveform.</param>
/// <param name="Heard">The words that were recognised; null without a recogniser.</param>
sealed record DemoTake(string File, IReadOnlyList<double> Peaks, string? Heard);

/// <summary>One voice of the demo. Measures are null where nothing could be measured.</summary>
/// <param name="Name">In the table and on the page.</param>
/// <param name="Takes">One for each held-out recording.</param>
/// <param name="Words">Share of wrong words in held-out texts.</param>
/// <param name="Likeness">0: as other voices; 1: as the recordings.</param>
/// <param name="OldWords">Share of wrong words in sentences that the untouched model can say.</param>
sealed record DemoVoice(string Name, IReadOnlyList<DemoTake> Takes, Estimate? Words, Estimate? Likeness, Estimate? OldWords);

static class DemoTable
{
    const string Format = "{0,-36}{1,-25}{2,-24}{3}";

    /// <summary>The table for a console, a voice a line.</summary>
    public static string Text(IReadOnlyList<DemoVoice> voices) => string.Join('\n', voices
        .Select(v => Row(v.Name, Percent(v.Words), Number(v.Likeness), Percent(v.OldWords)))
        .Prepend(Row("", "words wrong", "likeness", "old sentences: words wrong")));

    static string Row(params object[] cells) => string.Format(CultureInfo.InvariantCulture, Format, cells).TrimEnd();

    /// <summary>What the codec alone costs: a model that speaks its codes cannot be expected to come nearer to the voice.</summary>
    public static string CostOfTheCodec(DemoVoice decoded) => "The recordings as the codec gives them back from their codes: words wrong "
        + $"{Percent(decoded.Words)}, likeness {Number(decoded.Likeness)}. Nothing that speaks these codes can be expected to be nearer.";

    /// <summary>Per cent with the interval: 21.0 % (16.2–25.9).</summary>
    public static string Percent(Estimate? share) => share is { } s
        ? string.Create(CultureInfo.InvariantCulture, $"{100 * s.Value:0.0} % ({100 * s.Low:0.0}–{100 * s.High:0.0})") : "–";

    /// <summary>A number with the interval: 0.44 (0.40…0.49), because likeness may be below zero.</summary>
    public static string Number(Estimate? number) => number is { } n
        ? string.Create(CultureInfo.InvariantCulture, $"{n.Value:0.00} ({n.Low:0.00}…{n.High:0.00})") : "–";
}
