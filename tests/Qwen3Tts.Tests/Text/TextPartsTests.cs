using System.Globalization;
using CsCheck;
using Qwen3Tts.Text;

namespace Qwen3Tts.Tests.Text;

/// <summary>Parts of a text: nothing is lost, and no part is longer than it may be.</summary>
public sealed class TextPartsTests
{
    static readonly string[] Alphabet = ["a", "B", "word", "Word ", " ", " ", "\n", "\n\n", "\r\n", ".", ". ", "!", ",",
        ", ", "; ", "。", "，", "中文",
        "7",
        "3.14", "1 000", "1. ", "Dr. ",
        "(", ")", "“", "”", "…", "e\u0301", "\u0301", "\u200D", "😀", "👨‍👩‍👧", "\uD800", "\uDC00", "ก", "-", "- x"];

    static int Length(string text) => text.Length;

    static List<string> Parts(string text, int longest, int shortest = 0) =>
        [.. TextParts.Of(text, Length, longest, shortest).Select(p => p.Text)];

    static string Solid(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));

    [Fact]
    public void NothingIsLostAndLimitsAreRespected() =>
        Gen.Select(Gen.Int[0, Alphabet.Length - 1].Array[0, 60], Gen.Int[1, 40], Gen.Int[0, 40])
        .Sample((choices, longest, shortest) =>
        {
            var text = string.Concat(choices.Select(c => Alphabet[c]));
            var parts = Parts(text, longest, shortest);
            Assert.Equal(Solid(text), Solid(string.Concat(parts)));
            Assert.All(parts, p => Assert.True(p.Length > 0 && p.Trim() == p));
            // A number or a character of several code points stays whole, with up to eight units of punctuation around it.
            Assert.All(parts, p => Assert.True(Solid(p).Length <= longest || Graphemes(p) <= 8 + 2 || p.Any(char.IsDigit), p));
        }, iter: 20_000);

    static int Graphemes(string text) => StringInfo.ParseCombiningCharacters(text).Length;

    [Fact]
    public void NoCharacterAndNoNumberIsSplit() => Gen.Int[0, Alphabet.Length - 1].Array[0, 30].Sample(choices =>
    {
        var text = string.Concat(choices.Select(c => Alphabet[c]));
        var starts = StringInfo.ParseCombiningCharacters(text).ToHashSet();
        var at = 0;
        foreach (var part in Parts(text, 1))
        {
            while (char.IsWhiteSpace(text[at]) && part[0] != text[at])
                at++;
            Assert.Equal(part, text.Substring(at, part.Length));
            // A space that is dropped may have carried a mark.
            Assert.True(starts.Contains(at) || at > 0 && char.IsWhiteSpace(text[at - 1]), $"{at} in {text}");
            Assert.False(at > 0 && char.IsDigit(text[at]) && char.IsDigit(text[at - 1]), text);
            at += part.Length;
        }
    }, iter: 5_000);

    [Fact]
    public void ALongSentenceIsSplitAtCommasThenAtSpaces()
    {
        Assert.Equal(["When it rained, we stayed;", "when it stopped, we left."],
            Parts("When it rained, we stayed; when it stopped, we left.", 30));
        Assert.Equal(["one two", "three four"], Parts("one two three four", 10));
        Assert.Equal(["It costs", "1,000,000.50", "or 1 000 000", "euros", "at 12:30."],
            Parts("It costs 1,000,000.50 or 1 000 000 euros at 12:30.", 12));
        Assert.Equal(["今天天气很好，", "我们去公园。"], Parts("今天天气很好，我们去公园。", 8));
    }

    [Fact]
    public void ShortSentencesAreJoinedInsideAParagraph()
    {
        Assert.Equal(["Yes. No. Perhaps.", "I do not know that."], Parts("Yes. No. Perhaps. I do not know that.", 20, 10));
        Assert.Equal(["Yes. No.", "Perhaps."], Parts("Yes. No.\n\nPerhaps.", 40, 30));
        Assert.Equal(["Yes.", "No."], Parts("Yes. No.", 40));
    }

    /// <summary>A megabyte of what is hardest: no sentence ends, no spaces, one mark only. Quadratic work would not end.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("a. 1 ")]
    [InlineData("中，")]
    [InlineData("!")]
    [InlineData("\n")]
    [InlineData(". ")]
    [InlineData("7")]
    [InlineData("A sentence of words. ")]
    public void TheWorkIsLinear(string unit)
    {
        var weighed = 0L;
        var text = string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length));
        var parts = TextParts.Of(text, piece => { weighed += piece.Length; return piece.Length; }, 80, 20);
        Assert.Equal(Solid(text).Length, parts.Sum(p => Solid(p.Text).Length));
        Assert.InRange(weighed, 0, 4L * text.Length);
    }
}
