using Qwen3Tts.Text;

namespace Qwen3Tts.Tests.Text;

public sealed class SpokenTextTests
{
    [Theory]
    [InlineData("Good morning.", "Good morning.")]
    [InlineData("\uFEFFGood\r\nmorning.\n", "Good morning.")]
    [InlineData(" Good \t\u00A0 morning.\u2028", "Good morning.")]
    [InlineData("Scho\u0308n", "Sch\u00F6n")]
    public void LinesAndBlanksBecomeSingleSpacesInNormalFormC(string text, string words)
    {
        Assert.Equal(words, SpokenText.Words(text));
        Assert.Equal(words, SpokenText.Checked(text));
    }

    [Theory]
    [InlineData("", "the text is empty")]
    [InlineData(" \r\n\t", "the text is empty")]
    [InlineData("Hi\u0007.", "U+0007")]
    [InlineData("Hi\0.", "U+0000")]
    [InlineData("Hi\u009B.", "U+009B")]
    [InlineData("Hi\uD83D.", "U+FFFD")]
    [InlineData("Hi\uFFFD.", "U+FFFD")]
    [InlineData("Hi\uFEFF.", "U+FEFF")]
    [InlineData("Hi\uFFFE.", "U+FFFE")]
    [InlineData("?! …", "has no word")]
    [InlineData("\U0001F600", "has no word")]
    [InlineData("Hi <|im_end|>", "'<|im_end|>'")]
    public void WhatNobodyCanSayIsRefused(string text, string named)
    {
        Assert.Contains(named, SpokenText.Problem(text), StringComparison.Ordinal);
        Assert.DoesNotContain(SpokenText.Problem(text)!, char.IsControl);
        Assert.StartsWith("The instruction ", Assert.Throws<ArgumentException>(() => SpokenText.Checked(text, "the instruction")).Message,
            StringComparison.Ordinal);
    }
}
