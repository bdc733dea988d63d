using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Qwen3Tts.Text;

namespace Qwen3Tts.Tests.Text;

/// <summary>The untailored boundaries are those of another implementation: Intl.Segmenter of Node.js, which uses ICU.</summary>
public sealed class SentenceBoundariesTests
{
    static readonly JsonElement Oracle = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Golden.Repository, "tests", "Qwen3Tts.Tests",
        "Text", "SentenceBoundaries.json"))).RootElement;

    static List<int> Ends(string text) => SentenceBoundaries.Ends(SentenceBreaks.Of(text));

    [Fact]
    public void TextsAreSplitWhereIcuSplitsThem()
    {
        var texts = Oracle.GetProperty("texts").EnumerateArray().ToList();
        Assert.True(texts.Count > 1000);
        var broken = from text in texts
                     let expected = text[1].EnumerateArray().Select(e => e.GetInt32()).ToList()
                     let ends = Ends(text[0].GetString()!)
                     where !expected.SequenceEqual(ends)
                     select $"{text[0].GetRawText()}: {string.Join(' ', ends)}, expected {string.Join(' ', expected)}";
        Assert.Equal([], broken);
    }

    /// <summary>Every code point has the same property: it is tried in ten surroundings that together distinguish all values.</summary>
    [Fact]
    public void EveryCodePointHasItsProperty()
    {
        foreach (var context in Oracle.GetProperty("codePoints").EnumerateArray())
        {
            var (before, after) = (context.GetProperty("before").GetString()!, context.GetProperty("after").GetString()!);
            var found = new byte[0x110000];
            for (var c = 0; c < found.Length; c++)
                if (Rune.IsValid(c))
                    found[c] = Coded(Ends(before + new Rune(c) + after));
            Assert.Equal(context.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(found)));
        }
    }

    /// <summary>The lengths of the sentences as one number, as make-sentence-boundaries.js computes it.</summary>
    static byte Coded(List<int> ends)
    {
        var (coded, begin) = (0, 0);
        foreach (var end in ends)
            (coded, begin) = (coded * 5 + end - begin, end);
        return (byte)coded;
    }
}
