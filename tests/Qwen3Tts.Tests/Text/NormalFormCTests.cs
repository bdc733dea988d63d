using System.Runtime.CompilerServices;
using CsCheck;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests.Text;

/// <summary>
/// <c>QWEN3TTS_NORMALIZATION_TEST</c> names another file in the format of Unicode's; the default is a sample of Unicode's file.
/// </summary>
public sealed class NormalFormCTests
{
    static IEnumerable<string[]> Rows([CallerFilePath] string here = "") =>
        File.ReadLines(Environment.GetEnvironmentVariable("QWEN3TTS_NORMALIZATION_TEST")
            ?? Path.Combine(Path.GetDirectoryName(here)!, "NormalizationTest.sample.txt"))
            .Where(l => l.Length > 0 && l[0] is not '#' and not '@')
            .Select(l => l.Split(';').Take(3).Select(Text).ToArray());

    static string Text(string codes) => string.Concat(codes.Split(' ').Select(c => char.ConvertFromUtf32(Convert.ToInt32(c, 16))));

    /// <summary>The requirement of the conformance test: form C of each column is the second column.</summary>
    [Fact]
    public void MatchesUnicodesConformanceTest()
    {
        foreach (var row in Rows())
            foreach (var text in row)
                Assert.Equal(row[1], NormalForm.C(text));
    }

    /// <summary>Text that is composed of decomposed and composed parts gives the same result, whichever form each part has.</summary>
    [Fact]
    public void FormOfTheInputDoesNotMatter()
    {
        var rows = Rows().ToArray();
        Gen.Select(Gen.Int[0, rows.Length - 1], Gen.Bool).Array[1, 8].Sample(parts =>
        {
            var composed = string.Concat(parts.Select(p => rows[p.Item1][1]));
            var mixed = string.Concat(parts.Select(p => rows[p.Item1][p.Item2 ? 1 : 2]));
            Assert.Equal(NormalForm.C(composed), NormalForm.C(mixed));
            Assert.Equal(NormalForm.C(mixed), NormalForm.C(NormalForm.C(mixed)));
        }, iter: 5000);
    }

    [Fact]
    public void EveryHangulSyllableComposes()
    {
        for (var s = 0; s < 11172; s++)
        {
            var trail = s % 28 == 0 ? "" : $"{(char)(0x11A7 + s % 28)}";
            Assert.Equal($"{(char)(0xAC00 + s)}", NormalForm.C($"{(char)(0x1100 + s / 588)}{(char)(0x1161 + s / 28 % 21)}{trail}"));
        }
    }

    [Fact]
    public void PlainTextIsReturnedAsItIs()
    {
        foreach (var text in new[] { "", "Grüße, naïve", "Привет, мир", "你好，世界 😀" })
            Assert.Same(text, NormalForm.C(text));
        Assert.Equal("é\uFFFD", NormalForm.C("e\u0301\uD800"));
    }
}
