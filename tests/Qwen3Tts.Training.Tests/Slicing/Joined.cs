using System.Globalization;
using Qwen3Tts.Audio;
using Qwen3Tts.Training.Slicing;

namespace Qwen3Tts.Tests.Slicing;

/// <summary>Short recordings, joined to a long one with pauses and noise, and where each of them is in it.</summary>
sealed class Joined
{
    readonly List<float> _samples = [];
    readonly Random _random = new(1);

    /// <summary>Where each recording was put, without the silence at its ends, and what it says.</summary>
    public List<Cue> Truth { get; } = [];
    public required int Rate { get; init; }

    public double Seconds => (double)_samples.Count / Rate;

    /// <summary>Adds a pause, whose length is drawn between two numbers.</summary>
    public Joined Pause(double shortest, double longest)
    {
        _samples.AddRange(new float[(int)(Rate * (shortest + _random.NextDouble() * (longest - shortest)))]);
        return this;
    }

    public Joined Add(Waveform wave, string text)
    {
        var sound = wave.ToRate(Rate).Samples;
        var window = Rate / 100;
        var levels = ClipLevels.Windows(sound, window);
        var (first, last) = (Array.FindIndex(levels, IsSound), Array.FindLastIndex(levels, IsSound));
        bool IsSound(double level) => level > 0.01 * levels.Max();
        Truth.Add(new(new(Seconds + (double)first * window / Rate, Seconds + (double)(last + 1) * window / Rate), text));
        _samples.AddRange(sound);
        return this;
    }

    /// <summary>The samples without noise.</summary>
    public float[] Clean => [.. _samples];

    /// <summary>Writes the recording with white noise of an RMS.</summary>
    public Joined Write(string path, double noise)
    {
        var random = new Random(2);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        WavFile.Write(path, new([.. _samples.Select(s => (float)(s + noise * Normal()))], Rate));
        return this;
    }

    /// <summary>The truth as subtitles.</summary>
    public string Srt() => string.Join('\n', Truth.Select((c, i) => $"{i + 1}\n{Time(c.Span.Begin)} --> {Time(c.Span.End)}\n{c.Text}\n"));

    static string Time(double seconds) =>
        TimeSpan.FromSeconds(seconds).ToString(@"hh\:mm\:ss\,fff", CultureInfo.InvariantCulture);

    /// <summary>Recordings of the voice nora.</summary>
    public static Joined Nora(int first, int count, double shortest = 0, double longest = 0.5)
    {
        var joined = new Joined { Rate = 22050 };
        foreach (var (wave, text) in Recordings(first, count))
            joined.Pause(shortest, longest).Add(wave, text);
        return joined.Pause(0.5, 0.5);
    }

    public static IEnumerable<(Waveform Wave, string Text)> Recordings(int first, int count) =>
        Directory.GetFiles(Mini.Recordings, "*.wav").Order(StringComparer.Ordinal).Skip(first).Take(count)
            .Select(f => (AudioFile.Read(f), File.ReadAllText(Path.ChangeExtension(f, ".txt")).Trim()));
}
