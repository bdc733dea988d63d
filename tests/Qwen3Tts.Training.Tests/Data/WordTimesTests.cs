using Qwen3Tts.Audio;
using Qwen3Tts.Statistics;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Tests.Data;

/// <summary>
/// Times of words in sounds whose times are known. Of recordings, SpliceTests compares them with those of a speech recogniser.
/// </summary>
public sealed class WordTimesTests
{
    const int Rate = 24000;

    /// <summary>Each letter is a sound of two tones, which lasts as long as chance has it.</summary>
    [Fact]
    public void WordsAreFoundWhereTheyAreSaid()
    {
        string[] vocabulary = ["bat", "cab", "dace", "fade", "ace", "face", "beg", "cage"];
        var random = new Pcg32(seed: 5);
        List<(Waveform, IReadOnlyList<string>)> clips = [];
        List<double[]> starts = [];
        for (var clip = 0; clip < 40; clip++)
        {
            string[] words = [.. Enumerable.Range(0, 4).Select(_ => vocabulary[random.NextBelow(vocabulary.Length)])];
            var (samples, begins) = (new List<float>(new float[Rate / 25]), new List<double>());
            foreach (var word in words)
            {
                begins.Add((double)samples.Count / Rate);
                foreach (var letter in word)
                    samples.AddRange(Sound(letter - 'a', 0.05 + 0.1 * random.NextUnit()));
            }
            samples.AddRange(new float[Rate / 6]);
            clips.Add((new([.. samples], Rate), words));
            starts.Add([.. begins]);
        }
        var found = WordTimes.Find(clips, TestContext.Current.CancellationToken);
        var errors = found.Zip(starts).SelectMany(c => c.First!.Zip(c.Second, (f, s) => Math.Abs(f.From - s))).Order().ToList();
        Assert.Equal(4 * 40, errors.Count);
        Assert.True(errors[errors.Count * 9 / 10] < 0.025, $"Nine of ten are within {errors[errors.Count * 9 / 10]:0.000} s.");
        Assert.All(found, words => Assert.All(words!, w => Assert.True(w.To > w.From, $"{w}")));
    }

    [Fact]
    public void AClipWithFewerRowsThanLettersHasNoTimes()
    {
        var found = WordTimes.Find([(new(Sound(1, 0.1), Rate), ["abcdefghijklmnop"]), (new(Sound(1, 0.5), Rate), ["b"])], default);
        Assert.Null(found[0]);
        Assert.Equal("b", Assert.Single(found[1]!).Word);
    }

    static float[] Sound(int letter, double seconds) =>
        [.. Enumerable.Range(0, (int)(seconds * Rate)).Select(i =>
            0.1f * (MathF.Sin(i * (0.05f + 0.045f * letter)) + MathF.Sin(i * (1.3f - 0.11f * letter))))];
}
