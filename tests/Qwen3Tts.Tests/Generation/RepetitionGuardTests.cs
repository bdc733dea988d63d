using CsCheck;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Tests;

/// <summary>Repetition is found as the plain definition finds it; pauses and speech are left alone.</summary>
public sealed class RepetitionGuardTests
{
    const int TwelveSeconds = 150;

    /// <summary>The number of frames after which speech counts as runaway; null if it does not.</summary>
    static int? Stop(IEnumerable<int> codes, int frames = TwelveSeconds)
    {
        var guard = new RepetitionGuard(frames);
        foreach (var (i, code) in codes.Index())
        {
            guard.Add([code, i]);
            if (guard.IsRunaway)
                return i + 1;
        }
        return null;
    }

    static int? Plain(int[] codes, int frames)
    {
        for (var end = 1; end <= codes.Length; end++)
            for (var period = 1; period <= 50; period++)
                if (Enumerable.Range(0, Math.Min(frames, end)).Count(back => end - 1 - back - period >= 0
                    && codes[end - 1 - back] == codes[end - 1 - back - period]) * 8 >= frames * 7)
                    return end;
        return null;
    }

    [Fact]
    public void ItIsThePlainDefinition() => Gen.Select(Gen.Int[0, 2].Array[1, 8], Gen.Int[0, 9].Array[0, 120], Gen.Int[5, 60])
        .Sample((loop, noise, frames) =>
        {
            int[] codes = [.. noise.Select((n, i) => n == 0 ? 7 : loop[i % loop.Length])];
            Assert.Equal(Plain(codes, frames), Stop(codes, frames));
        }, iter: 1000);

    [Fact]
    public void LoopsAndSilenceAreFoundAndPausesAreNot()
    {
        var random = new Random(1);
        IEnumerable<int> Speech(int frames) => Enumerable.Range(0, frames).Select(_ => random.Next(256));
        int[] phrase = [.. Speech(45)];
        Assert.Equal(20 + 1 + 132, Stop([.. Speech(20), .. Enumerable.Repeat(3, 400)])); // seven eighths of 12 s, after the first
        Assert.InRange(Stop(Enumerable.Range(0, 400).Select(i => phrase[i % 45])) ?? 0, 45 + 125, 45 + 140);
        Assert.Null(Stop([.. Speech(50), .. Enumerable.Repeat(3, 120), .. Speech(50), .. Enumerable.Repeat(3, 120), .. Speech(300)]));
    }
}
