using System.Text.Json;
using System.Text.RegularExpressions;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Doctor.Report;

namespace Qwen3Tts.Tests;

/// <summary>The whole examination: from a user's folder and data file to verdict, JSON and page.</summary>
public sealed class ExaminationTests
{
    public static TheoryData<string> Checkpoints => [.. FaultyCheckpoints.Stored];

    [Theory, MemberData(nameof(Checkpoints))]
    public void TheVerdictComesFirst(string name)
    {
        var report = Examination.Run(new()
        {
            Checkpoint = FaultyCheckpoints.Folder(name),
            Base = Golden.Checkpoint(FaultyCheckpoints.Base),
            Data = Data.Value,
            Takes = 1
        }, OpenSpeech, _ => { });
        var named = name == "mask_before_projection" ? "correct" : name;
        Assert.Equal(named, report.Hypothesis);
        Assert.Equal(named == "correct", report.Healthy);
        Assert.StartsWith(report.Healthy ? "Healthy" : "Mismatch", report.Verdict, StringComparison.Ordinal);
        Assert.Equal(report.Losses.Where(l => l.Possible).Min(l => l.Total), report.Losses.Single(l => l.Hypothesis == named).Total);
        Assert.All(report.Losses.Where(l => l.Hypothesis == "correct" || l.Hypothesis == named), l => Assert.NotNull(l.Base));
        Assert.Contains(report.Losses, l => l is { NotMeasured: "the changed rows rule it out", Total: null, Base: null });
        var faults = Hypothesis.All.Single(h => h.Name == named).Faults;
        foreach (var part in KnownFaults.ListParts(faults))
            Assert.Contains(report.Findings, f => f.Id == part.Name && f.Severity == Severity.Fault);
        Assert.Equal(faults != FaultSet.None && (faults & ~KnownFaults.Rescuable) == 0, report.Rescue is not null);
        Assert.NotNull(report.Speech!.Likeness);

        using var json = JsonDocument.Parse(report.ToJson());
        foreach (var key in new[] { "verdict", "healthy", "hypothesis", "confidence", "margin", "next", "alike", "findings", "losses",
            "text_projection", "movement", "speech", "data" })
            Assert.True(json.RootElement.TryGetProperty(key, out _), key);
        foreach (var finding in json.RootElement.GetProperty("findings").EnumerateArray())
            foreach (var key in new[] { "id", "severity", "evidence", "remedy" })
                Assert.False(string.IsNullOrEmpty(finding.GetProperty(key).GetString()), key);

        var page = Regex.Replace(HtmlReport.Write(report), "base64,[^\"]*", ""); // the encoded sound may contain any word by chance
        Assert.DoesNotContain("http", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.Contains(System.Net.WebUtility.HtmlEncode(report.Verdict), page, StringComparison.Ordinal);
    }

    [Fact]
    public void TheBaseItselfIsUntrainedAndUnmoved()
    {
        var folder = Golden.Checkpoint(FaultyCheckpoints.Base);
        var report = Examination.Run(new() { Checkpoint = folder, Base = folder, Data = Data.Value }, null, _ => { });
        Assert.Equal("untrained", report.Hypothesis);
        Assert.False(report.Healthy);
        Assert.Contains(report.Findings, f => f.Id == "nothing_moved");
    }

    [Fact]
    public void WithoutALanguageTheScriptIsStillKnown()
    {
        var report = Examination.Run(new() { Checkpoint = FaultyCheckpoints.Folder("official"), Data = Written(language: false) }, null,
            _ => { });
        Assert.Equal("official", report.Hypothesis);
        Assert.Contains(report.Findings, f => f.Id == "language_not_tested");
    }

    [Fact]
    public void AFolderThatDoesNotLoadIsTheVerdict()
    {
        var folder = Scratch.New();
        File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
        var report = Examination.Run(new() { Checkpoint = folder }, null, _ => { });
        Assert.False(report.Healthy);
        Assert.Contains(report.Findings, f => f.Id == "unreadable");
        Assert.StartsWith("This folder does not load", report.Verdict, StringComparison.Ordinal);
    }

    /// <summary>If the training cannot be decided, the report is neither healthy nor faulty: it has its own verdict and exit
    /// code.</summary>
    [Fact]
    public void WhatWasNotToldIsUndecided()
    {
        var folder = FaultyCheckpoints.Folder("correct");
        var (unmeasured, alone) = (Examination.Run(new() { Checkpoint = folder }, null, _ => { }),
            Examination.Run(new() { Checkpoint = folder, Data = Data.Value }, null, _ => { }));
        Assert.StartsWith("Not measured", unmeasured.Verdict, StringComparison.Ordinal);
        Assert.StartsWith("Undecided", alone.Verdict, StringComparison.Ordinal);
        foreach (var report in new[] { unmeasured, alone })
        {
            using var json = JsonDocument.Parse(report.ToJson());
            Assert.True(json.RootElement.GetProperty("undecided").GetBoolean());
            Assert.False(json.RootElement.GetProperty("healthy").GetBoolean());
        }
    }

    static SpeechSource OpenSpeech(string folder)
    {
        var tts = Tts.Load(folder, new() { Threads = 1 });
        return new(tts.Sampling, tts.Stream);
    }

    static readonly Lazy<string> Data = new(() => Written(language: true));

    /// <summary>Writes the utterances that the checkpoints were trained on as codes.jsonl.</summary>
    static string Written(bool language)
    {
        var folder = Scratch.New("data");
        using var references = SafetensorsFile.Open(Golden.File("prompts", "references.safetensors"));
        using var file = new StreamWriter(Path.Combine(folder, "codes.jsonl"));
        foreach (var u in Golden.Json("faults", "doctor_samples.json").EnumerateArray())
        {
            var reference = u.GetProperty("ref").GetString()!;
            WavFile.Write(Path.Combine(folder, $"{reference}.wav"), new(references.Float32($"{reference}.wav"), 24000), WavFormat.Float32);
            var spoken = language ? $"\"language\":{u.GetProperty("language").GetRawText()}," : "";
            var (text, frames) = (u.GetProperty("text").GetRawText(), u.GetProperty("frames").GetRawText().ReplaceLineEndings(""));
            file.Write($"{{\"audio\":\"{reference}.wav\",\"text\":{text},{spoken}");
            file.WriteLine($"\"ref_audio\":\"{reference}.wav\",\"audio_codes\":{frames}}}");
        }
        return Path.Combine(folder, "codes.jsonl");
    }
}
