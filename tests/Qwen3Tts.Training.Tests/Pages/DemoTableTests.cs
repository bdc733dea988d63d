using System.Globalization;
using System.Text.RegularExpressions;
using Qwen3Tts.Training.Pages;

namespace Qwen3Tts.Tests;

/// <summary>A program can read the demo's last table: two or more spaces separate the columns, and a dash is no measure.</summary>
public sealed partial class DemoTableTests
{
    [Fact]
    public void TheTableIsReadBackAsItWasMeasured()
    {
        DemoVoice[] voices =
        [
            new("The recording", [], new(0.01, 0, 0.021), new(1, 0.96, 1.04), null),
            new("Cloned, before training", [], new(0.536, 0.471, 0.608), new(0.44, -0.05, 0.46), new(0.147, 0.087, 0.221)),
            new("Fine-tuned", [], null, null, null),
            new("With the official script's faults", [], new(1.05, 1, 1.1), new(-0.3, -0.4, -0.2), new(1, 1, 1)),
        ];
        var rows = DemoTable.Text(voices).Split('\n');
        Assert.Equal(["", "words wrong", "likeness", "old sentences: words wrong"], Columns().Split(rows[0]));
        foreach (var (voice, row) in voices.Zip(rows.Skip(1)))
        {
            var cells = Columns().Split(row);
            Assert.Equal(voice.Name, cells[0]);
            foreach (var (expected, cell, unit) in new[] { (voice.Words, cells[1], 100), (voice.Likeness, cells[2], 1),
                (voice.OldWords, cells[3], 100) })
                if (expected is { } e)
                    Assert.Equal([e.Value, e.Low, e.High], Numbers().Matches(cell)
                        .Select(m => Math.Round(double.Parse(m.Value, CultureInfo.InvariantCulture) / unit, 4)));
                else
                    Assert.Equal("–", cell);
        }
    }

    [GeneratedRegex(" {2,}")]
    private static partial Regex Columns();

    [GeneratedRegex(@"-?\d+(\.\d+)?")]
    private static partial Regex Numbers();
}
