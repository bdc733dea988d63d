using Qwen3Tts.Data;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Tests.Data;

public sealed class HeldOutTests
{
    static List<Clip> Clips(params IEnumerable<string> texts) => [.. texts.Select((t, i) => new Clip($"l({i + 1})", $"{i}.wav", true, t))];
    static IEnumerable<string> Sentences(int from, int count) => Enumerable.Range(from, count).Select(n => $"Sentence {n}.");
    static HashSet<string> Chosen(List<Clip> clips, HeldOut which, int seed = 1) =>
        [.. clips.Zip(which.Choose(clips, seed)).Where(c => c.Second).Select(c => c.First.Text)];

    [Fact]
    public void AddingClipsMovesNone()
    {
        var share = new HeldOut(0.1, null);
        var some = Chosen(Clips(Sentences(0, 500)), share);
        Assert.InRange(some.Count, 25, 75);
        var more = Chosen(Clips(Sentences(400, 600).Reverse().Concat(Sentences(0, 400))), share);
        Assert.Equal(some.Order(), more.Where(t => Sentences(0, 500).Contains(t)).Order());
        Assert.NotEqual(some, Chosen(Clips(Sentences(0, 500)), share, seed: 2));
    }

    [Fact]
    public void ANumberOfClipsIsThatMany()
    {
        foreach (var count in new[] { 0, 1, 7, 49 })
            Assert.Equal(count, Chosen(Clips(Sentences(0, 50)), new(null, count)).Count);
        Assert.True(Chosen(Clips(Sentences(0, 50)), new(null, 5)).IsSubsetOf(Chosen(Clips(Sentences(0, 50)), new(null, 9))));
    }

    [Fact]
    public void CopiesOfASentenceStayTogether()
    {
        var clips = Clips(Sentences(0, 40)
            .SelectMany(s => new[] { s, s.ToUpperInvariant(), s.Replace(".", " !", StringComparison.Ordinal) }));
        foreach (var which in new[] { new HeldOut(0.2, null), new HeldOut(null, 10) })
        {
            var chosen = which.Choose(clips);
            Assert.All(chosen.Chunk(3), copies => Assert.Single(copies.Distinct()));
            Assert.Contains(true, chosen);
            Assert.True(which.Count is null || chosen.Count(c => c) == 9); // ten cannot be divided by three
        }
    }

    [Fact]
    public void SomethingIsLeftOnBothSides()
    {
        Assert.Contains("all 3 clips", Assert.Throws<ArgumentException>(() => new HeldOut(null, 3).Choose(Clips(Sentences(0, 3)))).Message);
        Assert.Contains("held out together",
            Assert.Throws<ArgumentException>(() => new HeldOut(null, 2).Choose(Clips("One.", "One!", "one"))).Message);
    }

    [Fact]
    public void WhatTheDataSaysIsNotChosenAgain()
    {
        var clips = Clips(Sentences(0, 4)).Select((c, i) => c with { HeldOut = i == 2 }).ToList();
        Assert.Equal([false, false, true, false], HeldOut.Select(clips, 0));
        Assert.Equal([false, false, true, false], HeldOut.Select(clips, 1));
        Assert.Contains("holds out 1", Assert.Throws<ArgumentException>(() => HeldOut.Select(clips, 2)).Message);
    }

    [Fact]
    public void AnEighthIsUsualAndFewClipsAreAllTrainedOn()
    {
        static int Held(int clips) => HeldOut.Select(Clips(Sentences(0, clips)), null).Count(h => h);
        Assert.Equal((0, 2, 7, 15, 16), (Held(15), Held(16), Held(60), Held(120), Held(1000)));
        Assert.Equal(0, HeldOut.Select(Clips(Enumerable.Repeat("One.", 20)), null).Count(h => h)); // one sentence cannot be divided
    }

    [Fact]
    public void ADoubtfulClipIsNoMeasure()
    {
        var clips = Clips(Sentences(0, 40)).Select((c, i) => c with { Doubtful = i % 3 == 0 }).ToList();
        Assert.All(new int?[] { null, 5, 20 }, n => Assert.DoesNotContain(clips.Zip(HeldOut.Select(clips, n)), c =>
            c is { First.Doubtful: true, Second: true }));
        Assert.Equal(26, new HeldOut(null, 30).Choose(clips).Count(h => h)); // not more than there are without a doubt
        // where most have one, it says nothing about a single clip
        Assert.Equal(5, HeldOut.Select([.. clips.Select((c, i) => c with { Doubtful = i > 0 })], null).Count(h => h));
    }

    [Fact]
    public void AShareOrANumberIsRead()
    {
        Assert.Equal(new(0.05, null), HeldOut.Parse("5%"));
        Assert.Equal(new(null, 16), HeldOut.Parse("16"));
        foreach (var wrong in new[] { "", "-1", "100%", "-5%", "0.5", "many" })
            Assert.Contains("--held-out", Assert.Throws<ArgumentException>(() => HeldOut.Parse(wrong)).Message);
    }
}
