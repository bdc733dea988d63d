using System.Globalization;
using System.Text;
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
/// Each training method learns the voice of nora, and each planted fault has its effect: the table of docs/runs.md. It runs if
/// QWEN3TTS_NORA_RUNS names a folder (half an hour on one core). Runs that are in the folder already are only measured.
/// </summary>
public sealed class TrainingMethodsOnNoraTests
{
    const int Texts = 48;
    static readonly int[] Seeds = [1, 2];
    static readonly int[] ManySeeds = [1, 2, 3, 4, 5, 6];

    static readonly (string Name, Func<TrainingOptions, TrainingOptions> Change)[] Methods =
    [
        ("full, text_embedding frozen (default)", o => o),
        ("full, nothing frozen", o => o with { Frozen = [] }),
        ("full, code predictor frozen", o => o with { Frozen = ["text_embedding", "code_predictor"] }),
        ("text first only", o => o with { Layout = LayoutPolicy.TextFirst }),
        ("interleaved only", o => o with { Layout = LayoutPolicy.Interleaved }),
        ("in context, every other clip", o => o with { InContext = 0.5 }),
        ("`mixed`: bfloat16 with float32 masters", o => o with { Precision = Precision.Mixed }),
        ("`bfloat16`, stochastic rounding", o => o with { Precision = Precision.Bfloat16 }),
        ("`bfloat16-moments`", o => o with { Precision = Precision.Bfloat16Moments }),
        ("gradient checkpointing, two clips at a time, buckets", o => o with { Recompute = true, MicroBatch = 2, Bucket = 8 }),
        ("LoRA 16", o => o with { Lora = new() { Rank = 16, Alpha = 32 } }),
        .. new[] { FaultSet.SubLabelsShifted, FaultSet.LabelsShiftedTwice, FaultSet.OwnHidden, FaultSet.SpeakerAt6,
            FaultSet.NoTextProjection, FaultSet.Official & ~FaultSet.NoTextProjection, FaultSet.Official }
            .Select(f => (f == (FaultSet.Official & ~FaultSet.NoTextProjection) ? "fault: official, but with text_projection"
                : $"fault: {Hypothesis.Combine(f).Name}", Planted(f))),
    ];

    /// <summary>As in the official script: text first, no language.</summary>
    static Func<TrainingOptions, TrainingOptions> Planted(FaultSet faults) =>
        faults.HasFlag(FaultSet.NoLanguage) ? o =>
            o with { Planted = Hypothesis.Combine(faults), Layout = LayoutPolicy.TextFirst, Languages = ["auto"] } : o =>
            o with { Planted = Hypothesis.Combine(faults) };

    [Fact]
    public void EachMethodLearnsNora()
    {
        var nora = Start();
        var texts = nora.Texts.Take(Texts).ToList();
        var table = new StringBuilder(
            "| run | talker loss | predictor loss | words wrong, Auto | words wrong, English | runaway | likeness " +
            "|\n|---|---|---|---|---|---|---|\n");
        void Add(string name, string losses, SpeechMeasures[] heard)
        {
            string Cells(Func<SpeechMeasures, double> of, string format) =>
                string.Join(" / ", heard.Select(h => of(h).ToString(format, CultureInfo.InvariantCulture)));
            table.Append(CultureInfo.InvariantCulture,
                $"| {name} | {losses} | {Cells(h => h.Auto, "0 %")} | {Cells(h => h.English, "0 %")} | {Cells(h => h.Runaway, "0 %")} | " +
                $"{Cells(h => h.Likeness, "0.00")} |\n");
            File.WriteAllText(Path.Combine(nora.Folder, "table.md"), table.ToString());
        }
        using (var tts = Tts.Load(WidenedMini.In(nora.Folder)))
            Add("base, cloned from the reference", "– | –",
                [MeasureSpeech(tts, new() { Voice = tts.Clone(WavFile.Read(nora.Reference)) }, nora, texts)]);
        foreach (var (name, change) in Methods)
        {
            var runs = Seeds.Select(seed => Train(nora, name, change, seed)).ToArray();
            string Losses(Func<StepReport, double> of) =>
                string.Create(CultureInfo.InvariantCulture,
                $"{runs.Average(r => r.Log.Take(15).Average(of)):0.00} → {runs.Average(r => r.Log.TakeLast(15).Average(of)):0.00}");
            Add(name, $"{Losses(l => l.Talker)} | {Losses(l => l.Predictor)}", [.. runs.Select(r =>
            {
                using var tts = Tts.Load(r.Export);
                return MeasureSpeech(tts, new() { Speaker = "nora" }, nora, texts);
            })]);
            if (!name.StartsWith("fault", StringComparison.Ordinal))
                Assert.All(runs, r => Assert.True(r.Log.TakeLast(15).Average(l => l.Talker) < r.Log.Take(15).Average(l => l.Talker) / 2,
                    name));
        }
    }

    /// <summary>
    /// The cost in words of the five faults of the official script together, by a protocol that was fixed before it was run: all held-out
    /// texts that have words, six training seeds, both languages.
    /// </summary>
    [Fact]
    public void WhatTheOfficialFaultsCost()
    {
        var nora = Start();
        var table = new StringBuilder(
            string.Create(CultureInfo.InvariantCulture,
            $"{nora.Texts.Count} texts\n| training seed | run | words wrong, Auto | words wrong, English | likeness " +
            $"|\n|---|---|---|---|---|\n"));
        var (correct, official) = (new List<SpeechMeasures>(), new List<SpeechMeasures>());
        foreach (var seed in ManySeeds)
            foreach (var (name, faults, into) in new[] { ("full, text_embedding frozen (default)", FaultSet.None, correct),
                ("fault: official", FaultSet.Official, official) })
            {
                using var tts = Tts.Load(Train(nora, name, faults == FaultSet.None ? o => o : Planted(faults), seed).Export);
                var heard = MeasureSpeech(tts, new() { Speaker = "nora" }, nora, nora.Texts);
                into.Add(heard);
                table.Append(CultureInfo.InvariantCulture,
                    $"| {seed} | {name} | {heard.Auto:0.0 %} | {heard.English:0.0 %} | {heard.Likeness:0.00} |\n");
                File.WriteAllText(Path.Combine(nora.Folder, "official.md"), table.ToString());
            }
        var cost = correct.Zip(official, (c, o) => (o.Auto + o.English - c.Auto - c.English) / 2).ToList(); // seed by seed
        var error = Math.Sqrt(cost.Sum(c => (c - cost.Average()) * (c - cost.Average())) / (cost.Count - 1) / cost.Count);
        table.Append(CultureInfo.InvariantCulture,
            $"\ncorrect {correct.Average(h => (h.Auto + h.English) / 2):0.0 %}, official " +
            $"{official.Average(h => (h.Auto + h.English) / 2):0.0 %}; cost {cost.Average():0.0 %} ± {error:0.0 %}\n");
        File.WriteAllText(Path.Combine(nora.Folder, "official.md"), table.ToString());
        TestContext.Current.TestOutputHelper?.WriteLine(table.ToString());
        Assert.True(official.Average(h => h.Likeness) < correct.Average(h => h.Likeness) - 0.15, table.ToString());
    }

    sealed record Nora(string Folder, string Data, string Reference, IReadOnlyList<string> Texts, SpeechRecogniser Ears,
        VoiceLikeness Likeness);

    static Nora Start()
    {
        var folder = Environment.GetEnvironmentVariable("QWEN3TTS_NORA_RUNS");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "Half an hour of training: QWEN3TTS_NORA_RUNS names the folder for its runs.");
        var ears = SpeechRecogniser.Find(new(Path.Combine(Mini.Folder, "grammar.jsgf"), Path.Combine(Mini.Folder, "german.dict")),
            out var reason);
        Assert.SkipWhen(ears is null, reason);
        var data = Path.Combine(folder!, "codes.jsonl");
        var reference = Preparation.Run(new() { Input = Mini.Recordings, Output = data, Language = "English" },
            ModelEncoder.Load(ModelFolder.Open(WidenedMini.In(folder!))), null, default).Chosen[0];
        var known = Directory.GetFiles(Mini.Recordings, "*.txt").Select(f => File.ReadAllText(f).Trim().TrimEnd('.')).ToHashSet();
        return new(folder!, data, reference,
            [.. File.ReadLines(Path.Combine(Mini.Folder, "sentences_heldout.txt")).Where(s => char.IsLetter(s[0]) && !known.Contains(s))],
            ears, NoraLikeness.Create());
    }

    /// <summary>Trains, or loads the run if it is in the folder already.</summary>
    static TrainingResult Train(Nora nora, string name, Func<TrainingOptions, TrainingOptions> change, int seed)
    {
        var run = Path.Combine(nora.Folder, $"{string.Concat(name.Where(char.IsLetterOrDigit))}-{seed}");
        return Trainer.Run(change(new()
        {
            Model = WidenedMini.In(nora.Folder),
            Data = nora.Data,
            Speaker = "nora",
            Steps = 150,
            Seed = seed,
            EvaluateEvery = 0,
            HeldOut = 0,
            SaveEvery = 150,
            Force = true
        }), run, Directory.Exists(run) ? Existing.Resume
            : Existing.Refuse, null, default);
    }

    static SpeechMeasures MeasureSpeech(Tts tts, SpeechOptions options, Nora nora, IReadOnlyList<string> texts)
    {
        List<(Waveform Wave, string Text, bool Ended)> Takes(string language) => [.. texts.Select((text, i) =>
        {
            var speech = tts.Say(text,
                options with { Language = language, Layout = Layout.TextFirst, Sampling = tts.Sampling with { Seed = 100 + (ulong)i },
                MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken });
            return (speech.Waveform, text, speech.FinishReason == FinishReason.End);
        })];
        var (auto, english) = (Takes("Auto"), Takes("English"));
        double Wrong(List<(Waveform Wave, string Text, bool Ended)> takes) =>
            nora.Ears.Judge([.. takes.Select(t => (t.Wave, t.Text))]).Rate;
        return new(Wrong(auto), Wrong(english), auto.Concat(english).Average(t => t.Ended ? 0 : 1), auto
            .Concat(english).Average(t => nora.Likeness.Measure(t.Wave)));
    }

    readonly record struct SpeechMeasures(double Auto, double English, double Runaway, double Likeness);
}
