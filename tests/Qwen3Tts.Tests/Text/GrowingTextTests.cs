using CsCheck;
using Qwen3Tts.Text;

namespace Qwen3Tts.Tests.Text;

/// <summary>Text that arrives in pieces has the ids of the whole text, wherever the pieces end.</summary>
public sealed class GrowingTextTests
{
    static readonly string[] Alphabet = ["a", "B", "word", "Words", "don't", "I'LL", "'s", " ", " ", " ", "\n", "\r\n", "\u3000", ".",
        "...", ",", "!", "/", "<", ">", "<|", "|>", "中文", "日本", "，", "。", "7", "42", "e\u0301", "\u0301", "\u0327", "\u0338", "=", "\u1100",
        "\u1161", "\u11A8", "\uAC00", "\u0958", "\u2126", "\u037E", "\u200D", "😀", "𝐀", "\uD800", "\uDC00", "\uFEFF", "ก", "İ", "ſ", "½"];

    static readonly TextTokenizer[] Tokenizers = [.. new[] { PreTokenizer.Mistral, PreTokenizer.Qwen }
        .Select(rule => TextTokenizer.Load(RealVocabulary.Folder(), rule))];

    static readonly Gen<string> Texts = Gen.Int[0, Alphabet.Length - 1].Array[0, 24].Select(a => string.Concat(a.Select(i => Alphabet[i])));

    static (List<int> Ids, string? Error) Arrive(TextTokenizer tokenizer, string text, IEnumerable<int> cuts)
    {
        var (ids, growing, from) = (new List<int>(), new GrowingText(tokenizer), 0);
        try
        {
            foreach (var to in cuts.Select(c => c % (text.Length + 1)).Order().Append(text.Length))
            {
                ids.AddRange(growing.Add(text[from..to]));
                from = to;
            }
            ids.AddRange(growing.End());
            return (ids, null);
        }
        catch (ArgumentException e)
        {
            return (ids, e.Message);
        }
    }

    [Fact]
    public void TheIdsAreThoseOfTheWholeText() => Gen.Select(Texts, Gen.Int[0, 1000].Array[0, 12]).Sample((text, cuts) =>
    {
        foreach (var tokenizer in Tokenizers)
        {
            var (ids, error) = Arrive(tokenizer, text, cuts);
            Assert.Equal(SpokenText.Problem(text) is null, error is null);
            if (error is null)
                Assert.Equal(tokenizer.Encode(SpokenText.Words(text)), ids);
        }
    }, iter: 5_000);

    /// <summary>A word is certain when a space or punctuation follows it, and not before.</summary>
    [Fact]
    public void AWordIsHeldUntilItIsCertain()
    {
        var growing = new GrowingText(Tokenizers[0]);
        Assert.Empty(growing.Add("\uFEFF (Good"));
        Assert.Equal(Tokenizers[0].Encode("(Good"), growing.Add(" mor"));
        Assert.Empty(growing.Add("ning"));
        Assert.Equal(Tokenizers[0].Encode(" morning,"), growing.Add(", "));
        Assert.Empty(growing.Add("早上好"));
        Assert.Equal(Tokenizers[0].Encode(", 早上好")[1..], growing.Add("，我"));
        Assert.NotEmpty(growing.End());
    }

    [Theory]
    [InlineData("* * *", "has no word")]
    [InlineData(" \n", "nothing to say")]
    [InlineData("Hello <|im start|> there.", "control token")]
    [InlineData("Hello \uFEFF.", "U+FEFF")]
    public void WhatCannotBeSpokenIsAnError(string text, string says)
    {
        var (ids, error) = Arrive(Tokenizers[0], text, Enumerable.Range(0, text.Length));
        Assert.Contains(says, error, StringComparison.Ordinal);
        Assert.True(ids.Count < Tokenizers[0].Encode(text).Length);
    }
}
