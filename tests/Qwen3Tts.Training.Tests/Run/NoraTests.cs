using System.Globalization;
using System.Text.RegularExpressions;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Generation;
using Qwen3Tts.Likeness;
using Qwen3Tts.Listening;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Tests;

/// <summary>
/// A new voice, trained correctly and trained with the five faults of the official script, compared with tests/Mini/fault_table.md, where
/// the official modules did both. The losses agree with the table. The word error rates on these texts and seeds are near it (22 and 28 %;
/// the table has 19 to 20 and 26 to 29 %). But over 162 texts and six seeds the five faults together cost 2.4 points with a standard error
/// of 1.2 (TrainingMethodsOnNoraTests), so the test only checks that the faults do not reduce the word errors. A model that was trained on
/// text without its projection is hardly changed for text with its projection, which speaking uses. The faults change the voice much; the
/// other four faults without this one leave no word intact. These are the slowest tests: three runs of 150 steps, and three hundred spoken
/// sentences.
/// </summary>
public sealed class NoraTests(NoraTests.Runs runs) : IClassFixture<NoraTests.Runs>
{
    /// <summary>The runs, prepared and trained once for all tests of this class.</summary>
    public sealed class Runs
    {
        internal TrainingResult Correct { get; }
        internal TrainingResult Official { get; }
        internal TrainingResult OfficialWithProjection { get; }

        public Runs()
        {
            var (folder, model) = (Scratch.New("nora"), WidenedMini.Model);
            var data = Path.Combine(folder, "codes.jsonl");
            Preparation.Run(new() { Input = Mini.Recordings, Output = data, Language = "English" },
                ModelEncoder.Load(ModelFolder.Open(model)), null, default);
            var options = new TrainingOptions
            {
                Model = model,
                Data = data,
                Speaker = "nora",
                Steps = 150,
                EvaluateEvery = 0,
                HeldOut = 0,
                Force = true,
            };
            Correct = Trainer.Run(options, Path.Combine(folder, "correct"), Existing.Refuse, null, default);
            // As in the official script: text first, no language.
            TrainingResult Faulty(FaultSet faults, string name) =>
                Trainer.Run(options with { Planted = Hypothesis.Combine(faults), Layout = LayoutPolicy.TextFirst, Languages = ["auto"] },
                Path.Combine(folder, name), Existing.Refuse, null, default);
            Official = Faulty(FaultSet.Official, "official");
            OfficialWithProjection = Faulty(FaultSet.Official & ~FaultSet.NoTextProjection, "official-with-projection");
        }
    }

    [Fact]
    public void LossesAreWhereTheTableHasThem()
    {
        foreach (var (name, run) in new[] { ("correct", runs.Correct), ("official script (all)", runs.Official) })
        {
            var row = Row(name);
            var tenth = run.Log.Count / 10;
            foreach (var (of, cell) in new (Func<StepReport, double>, string)[] { (l => l.Talker, row[2]), (l => l.Predictor, row[3]) })
            {
                var expected = Regex.Matches(cell, @"[\d.]+").Select(m => double.Parse(m.Value, CultureInfo.InvariantCulture)).ToArray();
                var (first, last) = (run.Log.Take(tenth).Average(of), run.Log.TakeLast(tenth).Average(of));
                TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {first:0.00} → {last:0.00}, the table has {cell}");
                // the order of clips, layouts and languages differs from the table's run
                Assert.InRange(first, expected[0] - 0.1 * expected[0], expected[0] + 0.1 * expected[0]);
                Assert.InRange(last, expected[1] - 0.3, expected[1] + 0.3); // learned by heart; how well depends on the seed
            }
        }
        Assert.True(runs.Official.Log[0].Talker > 2 * runs.Correct.Log[0].Talker);
        Assert.True(runs.Official.Log[^1].Predictor > runs.Correct.Log[^1].Predictor + 1);
    }

    [Fact]
    public void FaultsCostTheVoiceAndWithTextProjectionTheWords()
    {
        var ears = SpeechRecogniser.Find(new(Path.Combine(Mini.Folder, "grammar.jsgf"), Path.Combine(Mini.Folder, "german.dict")),
            out var reason);
        Assert.SkipWhen(ears is null, reason);
        var texts = File.ReadLines(Path.Combine(Mini.Folder, "sentences_heldout.txt")).Where(s => char.IsLetter(s[0])).Take(48).ToList();
        var likeness = NoraLikeness.Create();
        var (correct, official, withProjection) = (MeasureSpeech(ears, likeness, runs.Correct.Export, texts),
            MeasureSpeech(ears, likeness, runs.Official.Export, texts),
            MeasureSpeech(ears, likeness, runs.OfficialWithProjection.Export, texts));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"correct: {correct}; official script: {official}; with text_projection: {withProjection}");
        var table = Row("correct")[4..6].Average(cell => double.Parse(cell, CultureInfo.InvariantCulture)) / 100; // Auto and English
        Assert.True(correct.Words.Rate <= table + 0.1, $"{correct}, and the table has {table:p0}.");
        Assert.True(official.Words.Rate > correct.Words.Rate - 0.03
            && official.Likeness < correct.Likeness - 0.15, $"Correct: {correct}; with the faults of the official script: {official}.");
        Assert.True(withProjection.Words.Rate >= correct.Words.Rate + 0.2,
            $"Correct: {correct}; with four faults of the official script: {withProjection}.");
    }

    static (WordErrorRate Words, double Likeness) MeasureSpeech(SpeechRecogniser ears, VoiceLikeness likeness, string export,
        List<string> texts)
    {
        using var tts = Tts.Load(export);
        List<(Waveform, string)> takes = [.. from language in new[] { "Auto", "English" }
                                             from text in texts.Index()
                                             select (tts.Say(text.Item, new SpeechOptions { Speaker = "nora", Language = language,
                                                 Layout = Layout.TextFirst, Sampling =
                                                 tts.Sampling with { Seed = 100 + (ulong)text.Index }, MaxFramesPerToken = 12 }).Waveform,
                                                 text.Item)];
        return (ears.Judge(takes), takes.Average(t => likeness.Measure(t.Item1)));
    }

    /// <summary>Columns: run | talker loss | predictor loss | WER Auto | WER English | …; the first cell is empty.</summary>
    static string[] Row(string name) =>
        File.ReadLines(Path.Combine(Mini.Folder, "fault_table.md")).Select(l => l.Split('|', StringSplitOptions.TrimEntries))
        .First(c => c.Length > 5 && c[1] == name);
}
