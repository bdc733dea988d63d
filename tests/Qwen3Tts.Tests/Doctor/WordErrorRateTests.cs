using CsCheck;
using Qwen3Tts.Listening;

namespace Qwen3Tts.Tests.Doctor;

public sealed class WordErrorRateTests
{
    static readonly Gen<string[]> Text = Gen.Int[0, 2].Select(i => "abc"[i].ToString()).Array[0, 6];

    [Fact]
    public void ErrorsAreTheFewestEdits() => Gen.Select(Text, Text).Sample((reference, heard) =>
    {
        var rate = WordErrorRate.Compare(reference, heard);
        Assert.Equal(FewestEdits(reference, heard), rate.Errors);
        Assert.Equal(reference.Length, rate.Words);
        // Counting the correct words in the reference and in the heard text gives the same number.
        Assert.Equal(reference.Length - rate.Substitutions - rate.Deletions, heard.Length - rate.Substitutions - rate.Insertions);
        Assert.True(rate is { Substitutions: >= 0, Insertions: >= 0, Deletions: >= 0 });
    });

    /// <summary>The smallest number of edits, found by trying all alignments, as in the definition.</summary>
    static int FewestEdits(ReadOnlySpan<string> a, ReadOnlySpan<string> b)
    {
        if (a.IsEmpty || b.IsEmpty)
            return a.Length + b.Length;
        var swap = FewestEdits(a[1..], b[1..]) + (a[0] == b[0] ? 0 : 1);
        return Math.Min(swap, 1 + Math.Min(FewestEdits(a[1..], b), FewestEdits(a, b[1..])));
    }

    [Fact]
    public void TheKindsOfErrorAreToldApart()
    {
        Assert.Equal(new(4, 1, 0, 0), WordErrorRate.Compare(["set", "white", "at", "b"], ["set", "white", "at", "x"]));
        Assert.Equal(new(2, 0, 1, 0), WordErrorRate.Compare(["turn", "left"], ["please", "turn", "left"]));
        Assert.Equal(new(2, 0, 0, 1), WordErrorRate.Compare(["turn", "left"], ["left"]));
        Assert.Equal(2.0, WordErrorRate.Compare(["a"], ["b", "c"]).Rate);
        Assert.Equal(0.0, WordErrorRate.Compare([], []).Rate);
        Assert.Equal(new(4, 1, 2, 1), new WordErrorRate(3, 1, 0, 1) + new WordErrorRate(1, 0, 2, 0));
    }

    [Theory]
    [InlineData("Set white at B four now.", null, "set white at b four now")]
    [InlineData("3 7 1 9", "English", "three seven one nine")]
    [InlineData("3 7 1 9", "Auto", "three seven one nine")]
    [InlineData("05", "German", "null fuenf")]
    [InlineData("Fünf, sechs!", "German", "fuenf sechs")]
    [InlineData("It’s 'fine' — don't", null, "it's fine don't")]
    [InlineData(" . ", null, "")]
    public void TextIsReadAsWords(string text, string? language, string words) =>
        Assert.Equal(words, string.Join(' ', SpokenWords.Split(text, language)));
}
