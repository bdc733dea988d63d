using System.IO.Compression;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Data;
using Qwen3Tts.Doctor;
using Qwen3Tts.Training.Commands;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;
using Qwen3Tts.Training.Slicing;

namespace Qwen3Tts.Tests.Slicing;

/// <summary>
/// Human speech: the telephone announcements of Debian's packages asterisk-core-sounds-*, with their transcripts, joined to long recordings
/// with pauses and noise. Nothing of them is in the repository; without the packages the tests are skipped.
/// </summary>
public sealed class RealSpeechTests
{
    const double Noise = 0.001; // RMS: 60 dB below full scale

    [Fact]
    public void EnglishIsCutBetweenItsSentencesAndTrained()
    {
        var joined = Announcements("en", "en_US_f_Allison", 45);
        var (folder, sliced) = Sliced(joined, "English");
        var (precision, recall) = Borders(joined, sliced);
        Say($"English: {joined.Seconds:0} s, {sliced.Slices.Count(s => s.File is not null)} clips, precision {precision:0.000}, "
            + $"recall {recall:0.000}");
        Assert.True(precision >= 0.98 && recall >= 0.95, $"precision {precision:0.000}, recall {recall:0.000}");
        CheckTexts(joined, sliced);
        Assert.Contains(sliced.Notes, n => n.Contains("no speech above 7.", StringComparison.Ordinal));

        var manifest = Path.Combine(folder, "manifest.jsonl");
        var clips = Path.Combine(folder, "clips");
        var imported = Import.Run(new() { Input = clips, Output = manifest, HeldOut = HeldOut.Parse("4") }, default);
        var codes = Path.Combine(folder, "out", "codes.jsonl");
        var prepared = Preparation.Run(new() { Input = manifest, Output = codes }, ModelEncoder.Load(ModelFolder.Open(Mini.Model)), null,
            default);
        var levels = prepared.Clips.Select(c => RecordingChecks.Decibel(c.Levels!.Rms)).Order().ToList();
        var doubts = string.Join(" / ", imported.Doubts.Concat(prepared.Doubts));
        Say($"speech level {levels[0]:0.0} to {levels[^1]:0.0} dBFS; doubts: {doubts}");
        Assert.InRange(levels[levels.Count / 2], -26, -12); // a studio's level
        Assert.DoesNotContain(prepared.Doubts, d => d.Contains("quiet", StringComparison.Ordinal)
            || d.Contains("clipped", StringComparison.Ordinal) || d.Contains("middle of a sound", StringComparison.Ordinal));
        Train(folder, codes);
    }

    /// <summary>Ten steps on the miniature, which knows neither the voice nor the words, and what doctor says about the result.</summary>
    static void Train(string folder, string codes)
    {
        var findings = new List<PreflightFinding>();
        var options = new TrainingOptions
        {
            Model = Mini.Model,
            Data = codes,
            Speaker = "allison",
            Steps = 10,
            EvaluateEvery = 0,
        };
        // The miniature's closed vocabulary makes this speech no better than a guess to it, and preflight must say so.
        var refusal = Assert.Throws<InvalidDataException>(() => Trainer.Run(options, Path.Combine(folder, "refused"), Existing.Refuse,
            null, default));
        Assert.Contains("and guessing costs", refusal.Message, StringComparison.Ordinal);
        var trained = Trainer.Run(options with { Force = true }, Path.Combine(folder, "run"), Existing.Refuse, new Findings(findings),
            default);
        Say($"preflight: {string.Join(" / ", findings)}; loss {trained.Log[0].Talker:0.00} → {trained.Log[^1].Talker:0.00}");
        Assert.True(trained.Finished);
        var report = Examination.Run(new() { Checkpoint = trained.Export, Base = Mini.Model, Data = codes, Takes = 0, Clips = 6 }, null,
            _ => { });
        Say(report.Verdict);
        Assert.NotEmpty(report.Verdict);
    }

    [Fact]
    public void SpanishIsCutBetweenItsSentences()
    {
        var joined = Announcements("es", "es_MX_f_Allison", 40);
        var (_, sliced) = Sliced(joined, "Spanish");
        var (precision, recall) = Borders(joined, sliced);
        Say($"Spanish: {joined.Seconds:0} s, {sliced.Slices.Count(s => s.File is not null)} clips, precision {precision:0.000}, "
            + $"recall {recall:0.000}");
        Assert.True(precision >= 0.98 && recall >= 0.95, $"precision {precision:0.000}, recall {recall:0.000}");
        CheckTexts(joined, sliced);
    }

    [Fact]
    public void ATelephoneIsNoticed()
    {
        var source = Announcements("en", "en_US_f_Allison", 6);
        var folder = Scratch.New("telephone");
        var telephone = new Waveform(source.Clean, source.Rate).ToRate(8000).ToRate(44100);
        WavFile.Write(Path.Combine(folder, "call.wav"), telephone);
        var report = Slicer.Run(new() { Inputs = [folder], Output = Path.Combine(folder, "clips") }, _ => { }, default);
        Assert.Contains("as over a telephone", Assert.Single(report.Notes), StringComparison.Ordinal);
    }

    static void Say(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

    static (string Folder, SliceReport Report) Sliced(Joined joined, string language)
    {
        var folder = Scratch.New("real");
        var audio = Path.Combine(folder, "long.wav");
        joined.Write(audio, Noise);
        File.WriteAllText(Path.ChangeExtension(audio, ".srt"), joined.Srt());
        var clips = Path.Combine(folder, "clips");
        Assert.Equal(CommandRun.Done, CommandRun.Run(TrainingCommands.Root(),
            ["slice", audio, "-o", clips, "--shortest", "1", "--language", language]));
        // The same again, for the report; everything is in the journal.
        return (folder, Slicer.Run(new() { Inputs = [audio], Output = clips, Language = language, Options = new() { Shortest = 1 } },
            _ => { }, default));
    }

    /// <summary>
    /// Precision: the share of ends of clips at which the recording is quiet for 0.1 s, before noise was added; anything else is a cut in
    /// a word. Recall: the share of sentences' ends beside a pause longer than the longest inside a clip that are an end of a clip.
    /// </summary>
    static (double Precision, double Recall) Borders(Joined joined, SliceReport report)
    {
        var (clean, window) = (joined.Clean, joined.Rate / 100);
        var levels = ClipLevels.Windows(clean, window);
        var limit = ClipLevels.Floor * levels.Max();
        bool IsQuiet(double from, double to) => levels[(int)(from * 100)..Math.Min(levels.Length, (int)(to * 100))].All(l => l <= limit);
        var spans = report.Slices.Where(s => s.Kind != "no speech").Select(s => s.Span).ToList();
        var right = spans.Sum(s => (IsQuiet(s.Begin, s.Begin + 0.1) ? 1 : 0) + (IsQuiet(s.End - 0.1, s.End) ? 1 : 0));

        var (options, gaps) = (new SliceOptions(), joined.Truth.Zip(joined.Truth.Skip(1), (a, b) => (a.Span.End, b.Span.Begin))
            .Where(g => g.Begin - g.End > 1.1).ToList());
        bool Near(double a, double b) => Math.Abs(a - b) < 0.15;
        var found = gaps.Sum(g => (spans.Any(s => Near(s.End - options.Quiet, g.End)) ? 1 : 0)
            + (spans.Any(s => Near(s.Begin + options.Quiet, g.Begin)) ? 1 : 0));
        return (right / (2.0 * spans.Count), found / (2.0 * gaps.Count));
    }

    /// <summary>The text of a clip is that of the sentences in it, all of which are whole.</summary>
    static void CheckTexts(Joined joined, SliceReport report) => Assert.All(report.Slices.Where(s => s.File is not null), clip =>
        Assert.Equal(string.Join(' ', joined.Truth
            .Where(t => t.Span.Middle > clip.Span.Begin && t.Span.Middle < clip.Span.End).Select(t => t.Text)), clip.Text));

    /// <summary>Some announcements of a language, of one to ten seconds and at least three words, in a fixed order.</summary>
    static Joined Announcements(string language, string voice, int count)
    {
        var package = $"asterisk-core-sounds-{language}";
        var (list, sounds) = ($"/usr/share/doc/{package}/core-sounds-{language}.txt.gz", $"/usr/share/asterisk/sounds/{voice}");
        Assert.SkipUnless(File.Exists(list) && Directory.Exists(sounds),
            $"{package} and {package}-g722 are not here; apt-get install {package} {package}-g722");
        using var text = new StreamReader(new GZipStream(File.OpenRead(list), CompressionMode.Decompress));
        var said = text.ReadToEnd().Split('\n').Where(l => !l.StartsWith(';') && l.Contains(": ", StringComparison.Ordinal))
            .Select(l => l.Trim().Split(": ", 2)).Where(l => l[1].IndexOfAny(['[', '(']) < 0 && l[1].Split(' ').Length >= 3)
            .Select(l => (File: Path.Combine(sounds, l[0] + ".g722"), Text: ClipList.Words(l[1]))).Where(l => File.Exists(l.File))
            .Where(l => new FileInfo(l.File).Length is > 8000 and < 80_000).DistinctBy(l => l.Text).ToArray();
        new Random(1).Shuffle(said);
        Assert.True(said.Length >= count, $"{said.Length} announcements");
        var joined = new Joined { Rate = 24000 };
        foreach (var (file, words) in said.Take(count))
            joined.Pause(0.3, 2).Add(G722.Decode(File.ReadAllBytes(file)), words);
        return joined.Pause(0.5, 0.5);
    }

    sealed class Findings(List<PreflightFinding> into) : RunObserver
    {
        public override void OnFinding(PreflightFinding finding) => into.Add(finding);
    }
}
