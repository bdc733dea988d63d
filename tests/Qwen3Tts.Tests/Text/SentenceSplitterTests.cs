using Qwen3Tts.Text;

namespace Qwen3Tts.Tests.Text;

/// <summary>The tailored sentences: each case lists them with | between them, and ¶ where a paragraph ends.</summary>
public sealed class SentenceSplitterTests
{
    static string Show(string text, string? language) =>
        string.Concat(SentenceSplitter.Split(text, language).Select(s => $"{text[s.Start..s.End]}{(s.EndsParagraph ? "¶" : "|")}"))
            .TrimEnd('|');

    [Theory]
    [InlineData("Dr. Smith met Mr. and Mrs. Jones.|They left.")]
    [InlineData("See e.g. London.|It costs 3.14 dollars.|No. 5 is free.|Really?|No.|Five came.")]
    [InlineData("J. R. R. Tolkien wrote it.|Visit the U.S. Army.|It is I.|Go.")]
    [InlineData("We met at 5 p.m. on Monday.|At 6 p.m.|He left.")]
    [InlineData("\"Really?\" he asked.|\"Yes!\"|She left.|(It rained.)|It stopped.")]
    [InlineData("Wait… what?|Well…|Yes.|Wait...what?")]
    [InlineData("Visit example.org today.|Version 1.2.3 is out.|It was 1990.|Then it ended.")]
    [InlineData("1. Mix it.|2. Bake it.")]
    [InlineData("Am 1. Januar kam Dr. Müller.|Es war z. B. kalt, d. h. eisig.|5 Mio. Euro fehlen.")]
    [InlineData("„Komm!“, rief er.|»Wirklich?«|Ja.")]
    [InlineData("Es war der 3. Tag.|Friedrich II. Herr der Welt.", "German")]
    [InlineData("« Quoi ? » dit-il.|M. Dupont et Mme. Petit sont là.|« Oui ! »|Il part.")]
    [InlineData("Москва, ул. Ленина, д. 5.|Это т. е. так.|И. И. Иванов пришёл.|«Да!» — сказал он.")]
    [InlineData("O Sr. Silva chegou.|Custa 3,50 reais.|E a Profa. Ana?")]
    [InlineData("¿Qué tal?|¡Muy bien!|El Sr. López vive en EE. UU. desde la pág. 5.")]
    [InlineData("Il Sig. Rossi è qui.|L'art. 5 vale.|Davvero?")]
    [InlineData("今天天气很好。|你来吗？|他说：“走吧。”|好的……走吧。")]
    [InlineData("今日はいい天気です。|「行こう。」と彼は言った。|ｱｲｳ｡|はい！")]
    [InlineData("안녕하세요.|네.|정말요?|가자.")]
    [InlineData("यह एक वाक्य है।|यह दूसरा॥|तीसरा?")]
    public void AText(string expected, string? language = null) =>
        Assert.Equal(expected, Show(expected.Replace('|', ' '), language));

    [Theory]
    [InlineData("A line\nthat goes on.\nNext.", "A line\nthat goes on.|Next.")]
    [InlineData("A heading\n\nA text.\r\n \r\nMore.", "A heading¶A text.¶More.")]
    [InlineData("A list:\n- one\n- two\n\nEnd", "A list:|- one|- two¶End")]
    [InlineData("One\u2029two\fthree", "One¶two¶three")]
    [InlineData("\n\n One. \n\n", "One.¶")]
    [InlineData("", "")]
    public void Lines(string text, string expected) => Assert.Equal(expected, Show(text, null));
}
