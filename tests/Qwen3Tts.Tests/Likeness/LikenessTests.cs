using Qwen3Tts.Audio;
using Qwen3Tts.Likeness;

namespace Qwen3Tts.Tests;

/// <summary>The figures of speech, on the recordings of nora and of the voices that the miniature knows.</summary>
public sealed class LikenessTests
{
    static readonly Lazy<List<Waveform>> Nora = new(() => [.. NoraLikeness.Nora]);
    static List<Waveform> Even => [.. Nora.Value.Where((_, i) => i % 2 == 0)];
    static List<Waveform> Odd => [.. Nora.Value.Where((_, i) => i % 2 == 1)];

    /// <summary>Every recording of nora has a higher likeness than every recording of others, none of which had a part in it.</summary>
    [Fact]
    public void LikenessTellsVoicesApart()
    {
        var likeness = new VoiceLikeness(Even, NoraLikeness.Others.Select(v => v.Take(1)));
        Report("likeness", Odd.Select(likeness.Measure), NoraLikeness.Others.SelectMany(v => v.Skip(1)).Select(likeness.Measure),
            out var hers, out var theirs);
        Assert.True(hers.Min() > theirs.Max() + 0.1);
    }

    /// <summary>Without recordings of others, too, every recording of nora is nearer than every recording of others.</summary>
    [Fact]
    public void TheDistanceTellsVoicesApart()
    {
        var voice = new LongTermSpectrum(Even);
        Report("distance", Odd.Select(voice.Distance), NoraLikeness.Others.SelectMany(v => v).Select(voice.Distance), out var hers,
            out var theirs);
        Assert.InRange(hers.Average(), 0.8, 1.2);
        Assert.True(hers.Max() < theirs.Min());
        Assert.Equal(voice.Distance(Odd[0]), voice.Distance(Louder(Odd[0], 0.1f)), 0.01);
    }

    static void Report(string what, IEnumerable<double> own, IEnumerable<double> others, out List<double> hers, out List<double> theirs)
    {
        (hers, theirs) = ([.. own.Order()], [.. others.Order()]);
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: hers {hers[0]:0.00} to {hers[^1]:0.00}; theirs " +
            string.Join(" ", theirs.Select(t => $"{t:0.00}")));
    }

    [Theory]
    [InlineData(75)]
    [InlineData(120)]
    [InlineData(233)]
    [InlineData(410)]
    public void PitchIsThatOfTheTone(double hertz)
    {
        Waveform Tone(params double[] overtones) => new([.. Enumerable.Range(0, 24000).Select(i => (float)overtones.Select((level, k) =>
            level * Math.Sin(2 * Math.PI * hertz * (k + 1) * i / 24000)).Sum())], 24000);
        foreach (var tone in new[] { Tone(0.3, 0.2, 0.1), Tone(0.05, 0.3, 0.2, 0.1) }) // the second has a weak fundamental
            Assert.All(Pitch.Track(tone), p => Assert.InRange(p, 0.98 * hertz, 1.02 * hertz));
        Assert.NotEmpty(Pitch.Track(Tone(0.3)));
        var random = new Random(3);
        var noise = Pitch.Track(new([.. Enumerable.Range(0, 24000).Select(_ => random.NextSingle() - 0.5f)], 24000));
        Assert.InRange(noise.Count, 0, 5);
        Assert.Empty(Pitch.Track(new(new float[24000], 24000)));
    }

    /// <summary>Nora is slt played faster by 1.11, so her pitch is higher by that.</summary>
    [Fact]
    public void PitchTellsNoraFromTheVoiceSheWasMadeFrom()
    {
        static double Median(IEnumerable<Waveform> voice) => Pitch.Quantile([.. voice.SelectMany(Pitch.Track).Order()], 0.5);
        var slt = Directory.GetFiles(Path.Combine(Mini.Folder, "clips"), "slt_*.wav").Select(AudioFile.Read);
        var rms = Directory.GetFiles(Path.Combine(Mini.Folder, "clips"), "rms_*.wav").Select(AudioFile.Read);
        var (nora, base_, man) = (Median(Nora.Value.Take(12)), Median(slt), Median(rms));
        TestContext.Current.TestOutputHelper?.WriteLine($"nora {nora:0}, slt {base_:0}, rms {man:0} Hz");
        Assert.InRange(nora / base_, 1.05, 1.18);
        Assert.True(man < 0.8 * base_);
    }

    /// <summary>The same words with another pace and loudness are nearer than all other words of the same voice.</summary>
    [Fact]
    public void DistortionIsLeastForTheSameWords()
    {
        var (one, others) = (Nora.Value[0], Nora.Value.Skip(1).Take(10));
        Assert.Equal(0, MelCepstrum.Distortion(one, one), 1e-9);
        var (slow, quiet) = (MelCepstrum.Distortion(one, Slowed(one)), MelCepstrum.Distortion(one, Louder(one, 0.2f)));
        var least = others.Min(o => MelCepstrum.Distortion(one, o));
        TestContext.Current.TestOutputHelper?.WriteLine($"slowed {slow:0.00}, quieter {quiet:0.00}, other words {least:0.00} dB and more");
        Assert.True(slow < 0.8 * least);
        Assert.InRange(quiet, 0, 0.1);
        Assert.Equal(MelCepstrum.Distortion(one, Slowed(one)), MelCepstrum.Distortion(Slowed(one), one), 1e-6);
    }

    [Fact]
    public void AnAddedPauseIsCountedAndDoesNotSlowTheSound()
    {
        var (one, text) = (Nora.Value[0], "Good morning Peter please stop the music again.");
        var middle = one.Samples.Length / 2;
        var paused = new Waveform([.. one.Samples[..middle], .. new float[one.SampleRate / 2], .. one.Samples[middle..]], one.SampleRate);
        var (before, after) = (SpeechFigures.Measure([new(one, text, one)]), SpeechFigures.Measure([new(paused, text, one)]));
        Assert.Equal(before.Pace!.Value, after.Pace!.Value, 0.1 * before.Pace.Value);
        Assert.True(after.Pauses > before.Pauses + 0.1);
        Assert.Equal((0, null), (before.Distortion, before.Spectrum));
        Assert.InRange(before.PitchRange!.Value, 1, 12);
        // nothing to measure
        Assert.Equal(new(null, null, null, null, null, null), SpeechFigures.Measure([new(new(new float[2400], 24000), text, one)]));
        Assert.Equal(new(null, null, null, null, null, null), SpeechFigures.Measure([new(new([], 24000), text)]));
    }

    static Waveform Louder(Waveform wave, float gain) => new(Array.ConvertAll(wave.Samples, s => gain * s), wave.SampleRate);

    /// <summary>Slower by a quarter without a change of pitch: every fourth piece of 20 ms is heard twice.</summary>
    static Waveform Slowed(Waveform wave) =>
        new([.. wave.Samples.Chunk(wave.SampleRate / 50).SelectMany((piece, i) => i % 4 == 0 ? [.. piece, .. piece] : piece)],
            wave.SampleRate);
}
