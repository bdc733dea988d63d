using System.Globalization;
using System.Text.RegularExpressions;
using Qwen3Tts.Audio;
using Qwen3Tts.Tests.Doctor;

namespace Qwen3Tts.Tests.Speech;

/// <summary>From text and a recording to speech, judged by a speech recogniser.</summary>
public sealed class MiniatureTests
{
    /// <summary>
    /// "Within 5 points of the model card": a number in the card comes from 109 words, so a smaller difference is not significant.
    /// </summary>
    const double Margin = 0.05;

    [Theory]
    [InlineData(WeightPrecision.Stored)]
    [InlineData(WeightPrecision.Int8)]
    [InlineData(WeightPrecision.Int4)]
    public void ThirtySentencesThatItNeverLearnedAreUnderstood(WeightPrecision precision)
    {
        var ears = SpeechRecogniserTests.Ears();
        var sentences = File.ReadLines(Path.Combine(Mini.Folder, "sentences_heldout.txt")).Where(s => char.IsLetter(s[0])).Take(30)
            .ToList();
        using var tts = Tts.Load(Mini.Model, new() { Precision = precision });
        var voice = tts.Clone(WavFile.Read(Path.Combine(Mini.Folder, "clips", "rms_1.wav")));
        var spoken = sentences.Select(
            (s, i) => (tts.Say(s, new() { Voice = voice, Sampling = tts.Sampling with { Seed = (ulong)i } }).Waveform, s)).ToList();
        var heard = ears.Judge(spoken);
        var card = CardRate("flite rms", "x-vector, interleaved");
        Assert.True(heard.Rate <= card + Margin, $"The word error rate is {heard}, and the model card has {100 * card} %.");
        Assert.Equal(30, sentences.Count);
    }

    /// <summary>Word error rate of English sentences in the model card's table: the first number of a cell.</summary>
    static double CardRate(string voice, string column)
    {
        var rows = File.ReadLines(Path.Combine(Mini.Model, "README.md")).Select(l => l.Split('|', StringSplitOptions.TrimEntries))
            .Where(c => c.Length > 3).ToList();
        var header = rows.First(r => r.Contains(column));
        var cell = rows.First(r => r[1] == voice)[Array.IndexOf(header, column)];
        return double.Parse(Regex.Match(cell, @"^\d+").Value, CultureInfo.InvariantCulture) / 100;
    }
}
