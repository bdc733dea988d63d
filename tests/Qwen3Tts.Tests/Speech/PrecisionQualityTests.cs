using System.Globalization;
using System.Text;
using Qwen3Tts.Audio;
using Qwen3Tts.Generation;
using Qwen3Tts.Tests.Doctor;

namespace Qwen3Tts.Tests.Speech;

/// <summary>Speech of each precision over many texts and seeds: words, duration, pitch, and speech that does not end.</summary>
public sealed class PrecisionQualityTests
{
    const int Sentences = 30, Seeds = 6;

    sealed record Take(Waveform Speech, string Text, bool Ended);

    [Fact]
    public void TheTableIsWhatWasHeard()
    {
        Assert.SkipUnless(Readme.IsToBeWritten, "Minutes of speech: QWEN3TTS_WRITE_README=1 writes the table.");
        var ears = SpeechRecogniserTests.Ears();
        var texts = File.ReadLines(Path.Combine(Mini.Folder, "sentences_heldout.txt")).Where(s => char.IsLetter(s[0])).Take(Sentences)
            .ToList();
        var table = new StringBuilder("| | words wrong | duration against BF16 | pitch, median | pitch, middle 80 % | does not end |\n"
            + "|---|---|---|---|---|---|\n");
        double? seconds = null;
        foreach (var precision in Enum.GetValues<WeightPrecision>())
        {
            var takes = Speak(precision, texts);
            var heard = ears.Judge([.. takes.Select(t => (t.Speech, t.Text))]);
            var pitch = takes.SelectMany(t => Pitch(t.Speech)).Order().ToList();
            var length = takes.Sum(t => t.Speech.Seconds);
            seconds ??= length;
            var name = precision == WeightPrecision.Stored ? "BF16" : precision.ToString().ToLowerInvariant();
            table.Append(CultureInfo.InvariantCulture, $"| {name} | {heard} | {length / seconds:0.000} | {At(pitch, 0.5):0} Hz ")
                .Append(CultureInfo.InvariantCulture, $"| {At(pitch, 0.1):0} to {At(pitch, 0.9):0} Hz ")
                .Append(CultureInfo.InvariantCulture, $"| {takes.Count(t => !t.Ended)} of {takes.Count} |\n");
            Assert.All(pitch, p => Assert.InRange(p, 60, 320));
        }
        Readme.Hold("docs/quantization.md", "precision-quality", table.ToString());
    }

    static double At(List<double> sorted, double share) => sorted[(int)(share * (sorted.Count - 1))];

    static List<Take> Speak(WeightPrecision precision, List<string> texts)
    {
        using var tts = Tts.Load(Mini.Model, new() { Precision = precision });
        var voice = tts.Clone(WavFile.Read(Path.Combine(Mini.Folder, "clips", "rms_1.wav")));
        var takes = new List<Take>();
        foreach (var text in texts)
            for (var seed = 0; seed < Seeds; seed++)
            {
                var stream = tts.Stream(text, new()
                {
                    Voice = voice,
                    Sampling = tts.Sampling with { Seed = (ulong)seed },
                    MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken,
                });
                takes.Add(new(new([.. stream.SelectMany(c => c)], tts.SampleRate), text, stream.Ended));
            }
        return takes;
    }

    /// <summary>The pitch of each voiced window of 40 ms, in Hz: the best lag of its autocorrelation from 65 to 300 Hz.</summary>
    static IEnumerable<double> Pitch(Waveform wave)
    {
        var (window, samples) = (wave.SampleRate / 25, wave.Samples);
        var (shortest, longest) = (wave.SampleRate / 300, wave.SampleRate / 65);
        for (var from = 0; from + window + longest <= samples.Length; from += window / 2)
        {
            double Product(int a, int b)
            {
                var sum = 0.0;
                for (var i = 0; i < window; i++)
                    sum += samples[a + i] * samples[b + i];
                return sum;
            }
            var energy = Product(from, from);
            if (energy < 1e-3 * window)
                continue;
            var (lag, best) = (0, 0.0);
            for (var l = shortest; l <= longest; l++)
                if (Product(from, from + l) / Math.Sqrt(energy * Product(from + l, from + l)) is var like && like > best)
                    (lag, best) = (l, like);
            if (best > 0.7)
                yield return wave.SampleRate / (double)lag;
        }
    }
}
