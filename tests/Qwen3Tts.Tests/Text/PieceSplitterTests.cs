using System.Globalization;
using System.Text.RegularExpressions;
using CsCheck;
using Qwen3Tts.Text;

namespace Qwen3Tts.Tests.Text;

public sealed class PieceSplitterTests
{
    /// <summary>Every kind of code point that the expressions distinguish, in the basic plane and above it.</summary>
    static readonly string[] Alphabet = ["a", "b", "B", "Z", "s", "S", "t", "l", "L", "e", "r", "v", "m", "d", "ſ", "é", "İ", "ǅ", "ʰ",
        "你", "あ", "ⅷ", "½", "7", "٣", " ", " ", " ", "\t", "\n", "\r", "\u0085", "\u00A0", "\u2028", "\u3000", "\u200B", "/", "!", ".",
        "'", "'", "’", "€", "_", "\u0301", "\u0903", "\u20DD", "\u0000", "\uE000", "\u0378", "😀", "𝔘", "𝔲", "𐐀", "𐐨", "𠮷", "𝟘", "𐄇",
        "\U000E0100", "\U0001D165", "\U000E0001", "\U000F0000"];

    [Fact]
    public void SplitsAsTheExpressionOfQwenDoes() => SplitsAsTheExpressionDoes(PreTokenizer.Qwen);

    [Fact]
    public void SplitsAsTheExpressionOfMistralDoes() => SplitsAsTheExpressionDoes(PreTokenizer.Mistral);

    static void SplitsAsTheExpressionDoes(PreTokenizer rule)
    {
        // the official engine's case folding includes the long s, .NET's does not
        var longS = PieceSplitter.QwenPattern.Replace("'s|", "'[sſ]|");
        var pattern = new Regex(rule == PreTokenizer.Qwen ? longS : PieceSplitter.MistralPattern, RegexOptions.CultureInvariant);
        Gen.Int[0, Alphabet.Length - 1].Array[0, 24].Sample(choices =>
        {
            var parts = Array.ConvertAll(choices, c => Alphabet[c]);
            var text = string.Concat(parts);
            var ours = PieceSplitter.Split(text, rule).Select(r => text[r]).ToArray();
            Assert.Equal(Expected(pattern, parts), ours);
        }, iter: 20_000);
    }

    /// <summary>
    /// Runs the expression itself on the same text, in which one UTF-16 unit stands for each code point, and splits the text where it
    /// splits.
    /// </summary>
    static IEnumerable<string> Expected(Regex pattern, string[] parts)
    {
        var standIns = string.Concat(parts.Select(StandIn));
        foreach (Match piece in pattern.Matches(standIns))
            yield return string.Concat(parts[piece.Index..(piece.Index + piece.Length)]);
    }

    static char StandIn(string codePoint) =>
        codePoint.Length == 1 ? codePoint[0] : CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(codePoint, 0)) switch
        {
            UnicodeCategory.UppercaseLetter => 'Q',
            UnicodeCategory.LowercaseLetter => 'q',
            UnicodeCategory.OtherLetter => 'ん',
            UnicodeCategory.DecimalDigitNumber => '0',
            UnicodeCategory.OtherNumber => '²',
            UnicodeCategory.NonSpacingMark => '\u0302',
            UnicodeCategory.SpacingCombiningMark => '\u0903',
            UnicodeCategory.OtherSymbol or UnicodeCategory.Format or UnicodeCategory.PrivateUse => '☃',
            var other => throw new ArgumentException($"no stand-in for {other}"),
        };

    [Fact]
    public void PiecesCoverTheTextEvenWhereSurrogatesAreAlone()
    {
        var text = "a\uD800b\uDC00\uD83D 😀\uD83D";
        foreach (var rule in new[] { PreTokenizer.Qwen, PreTokenizer.Mistral })
            Assert.Equal(text, string.Concat(PieceSplitter.Split(text, rule).Select(r => text[r])));
    }
}
