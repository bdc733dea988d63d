using Qwen3Tts.Training.Slicing;

namespace Qwen3Tts.Tests.Slicing;

public sealed class CueFileTests
{
    static string Written(string name, string text)
    {
        var path = Path.Combine(Scratch.New("cues"), name);
        File.WriteAllText(path, text);
        return path;
    }

    [Fact]
    public void MarkupAndSoundsAreNoText()
    {
        var path = Written("a.srt", "1\n00:00:01,000 --> 00:00:02,500 align:start\n<i>Good</i> morning,\nPeter &amp; Susan.\n\n"
            + "2\n00:00:03,000 --> 00:00:04,000\n[music] ♪\n\n3\n00:05,5 --> 01:05\n{\\an8}- Stop (laughs) now.\n");
        var (cues, _) = CueFile.Read(path);
        Assert.Equal([new Cue(new(1, 2.5), "Good morning, Peter & Susan."), new Cue(new(5.5, 65), "Stop now.")], cues);
    }

    [Theory]
    [InlineData("a.lab", "0 1.5 Good morning\n1.5 2.25 sil\n2.25 3 Peter", 2.25)]
    [InlineData("a.lab", "0 15000000 Good morning\n22500000 30000000 Peter", 2.25)]
    [InlineData("a.txt", "0.0\t1.5\tGood morning\n\\\t100\t200\n2.25\t3\tPeter", 2.25)]
    [InlineData("a.TextGrid", "\"ooTextFile\"\n\"TextGrid\"\n0\n3\n<exists>\n2\n\"TextTier\"\n\"marks\"\n0\n3\n1\n1.0\n\"x\"\n"
        + "\"IntervalTier\"\n\"utt\"\n0\n3\n2\n0\n1.5\n\"Good morning\"\n2.25\n3\n\"Peter\"", 2.25)]
    public void LabelsHaveTimes(string name, string text, double second)
    {
        var (cues, _) = CueFile.Read(Written(name, text));
        Assert.Equal([new Cue(new(0, 1.5), "Good morning"), new Cue(new(second, 3), "Peter")], cues);
    }

    [Fact]
    public void ATextWithoutTimesIsOnlyAText() =>
        Assert.Equal((null, "Good morning.\nPeter.\n"), CueFile.Read(Written("a.lab", "Good morning.\r\nPeter.\r\n")));

    [Theory]
    [InlineData("a.srt", "1\n00:00:01 -> 00:00:02\nx", "it has no line with times")]
    [InlineData("a.srt", "1\n0:0:x --> 00:00:02\nx", "a.srt(2): '0:0:x --> 00:00:02' are no times")]
    [InlineData("a.vtt", "WEBVTT\n\n00:02.0 --> 00:01.0\nx", "it ends at 1 s, before it begins at 2 s")]
    [InlineData("a.lab", "0 1 Good\nmorning", "a.lab(2): 'morning' is no label")]
    [InlineData("a.lab", "0 1 b\n1 2 l\n2 3 a\n3 4 b\n4 5 l\n5 6 a\n6 7 b\n7 8 l\n8 9 a\n9 10 b\n10 11 l", "look like phones, not words")]
    [InlineData("a.lab", "0 1 Good\n1 \u0662 Peter", "a.lab(2): ")] // a digit of another script
    [InlineData("a.txt", " \n", "it has no text")]
    [InlineData("a.TextGrid", "\"ooTextFile\" \"TextGrid\" 0 1 <exists> 1 \"IntervalTier\" \"w\" 0 1 9 0 1", "it ends in the middle")]
    [InlineData("a.TextGrid", "File type", "it ends in the middle")]
    public void WhatIsWrongIsNamed(string name, string text, string expected)
    {
        var error = Assert.Throws<InvalidDataException>(() => CueFile.Read(Written(name, text)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 3, true)] // between the two
    [InlineData(1, 1.5, false)] // within the first
    [InlineData(4.5, 4.8, false)]
    [InlineData(6, 7, true)] // behind both
    [InlineData(1.9, 2.3, true)] // times are not exact
    public void APauseIsABorderIfNoTextIsSaidAcrossIt(double begin, double end, bool expected) => Assert.Equal(expected,
        new Transcript([new(new(0, 2.4), "a"), new(new(2.5, 5.5), "b")], "x").IsBorder(new(begin, end)));

    [Theory]
    [InlineData("Good morning Peter.", 1.5, false)]
    [InlineData("Good morning Peter, please stop the music again, because it is late.", 1.5, true)]
    [InlineData("Yes.", 5, true)]
    [InlineData("早上好请把音乐停下来", 2.5, false)]
    public void ATextMustFitTheTime(string text, double seconds, bool wrong) =>
        Assert.Equal(wrong, Transcript.Problem(text, seconds) is not null);
}
