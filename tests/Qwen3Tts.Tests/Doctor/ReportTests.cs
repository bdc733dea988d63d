using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Qwen3Tts.Audio;
using Qwen3Tts.Cli;
using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Doctor.Report;
using Spectre.Console;

namespace Qwen3Tts.Tests;

/// <summary>Console, page and JSON have the same content. Every number comes with its meaning, and every fault with its lines and its
/// patch.</summary>
public sealed class ReportTests
{
    static readonly ProjectionDistance Vocabulary = new(2048, 1, 2, 0.01, 1.17), Text = new(37, 1, 2, 0.02, 1.03);

    /// <summary>A report that has every part.</summary>
    static DoctorReport Full(FaultSet faults) => Verdicts.Conclude(new DoctorReport
    {
        Verdict = "",
        Healthy = false,
        Checkpoint = "my-voice",
        Base = "Base",
        Hypothesis = Hypothesis.Combine(faults).Name,
        Confidence = 0.97,
        Next = "correct",
        Margin = 1.2,
        Data = new("codes.jsonl", 10, 300, "row 3000", "interleaved", 5, 9, "qwen3tts.json", true, 5.545),
        Findings = [.. KnownFaults.ListParts(faults).Select(f =>
            new Finding(f.Name, Severity.Fault, "the change of the heads fits it at a cosine of 0.069.", f.Remedy))],
        Losses = [new("correct", null, 1, 1, 1, 1, 1, 1)],
        TextProjection = new([], Vocabulary, Text, false, "P(x) is far away (medians over the 37 ids of the data's text)."),
        Movement = new([new("talker mlp", 3, 0, 1, 0.01, 4, 64)], 0, [], []),
        Speech = new([new("Good morning.", 12, 0.96, true, 1, 0.1, 0, [0.5])
        {
            Sound = new([0.5f, -0.5f], 24000),
        }], 0, 0.2, "pocketsphinx")
        {
            Likeness = new(10, new(1.2, 190, 6, 14, 0.02, 4.1), new(null, 192, 7, 13.5, 0.01, null)),
        },
    }, new());

    [Fact]
    public void ConsolePageAndJsonSayTheSame()
    {
        var report = Full(FaultSet.Official);
        var (console, page, json) = (OneLine(Printed(report)), OneLine(WebUtility.HtmlDecode(HtmlReport.Write(report))), report.ToJson());
        Assert.Equal(5, report.Findings.Count(f => f.Source is not null));
        string[] sentences =
        [
            report.Verdict, .. report.Details, report.Data!.Sentence, report.TextProjection!.Sentence,
            report.Speech!.Likeness!.Sentence, .. report.Findings.Select(f => f.Source!.Sentence),
            .. report.Legend.SelectMany(l => new[] { l.Number, l.Meaning }),
        ];
        using var read = JsonDocument.Parse(json);
        var written = OneLine(string.Join('\n', Strings(read.RootElement)));
        Assert.All(sentences, s =>
        {
            Assert.Contains(s, console, StringComparison.Ordinal);
            Assert.Contains(s, page, StringComparison.Ordinal);
            Assert.Contains(s, written, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void EveryNumberOfAFullReportHasAMeaning()
    {
        string[] numbers = ["loss", "sure", "times worse", "cosine in the heads", "cosine of x and P(x)", "|P(x) − x| / |P(x)|",
            "relative", "directions", "length", "silence", "repeated frames", "words heard wrongly", "distance of the spectrum",
            "pitch, range", "letters a second", "pauses", "distortion"];
        Assert.Equal(numbers, Full(FaultSet.Official).Legend.Select(l => l.Number));
        Assert.All(Full(FaultSet.Official).Legend, l => Assert.Matches("[01]|few", l.Meaning));
        Assert.Empty((Full(FaultSet.Official) with
        {
            Data = null,
            Confidence = null,
            Margin = null,
            Findings = [],
            TextProjection = null,
            Movement = null,
            Speech = null,
        }).Legend);
    }

    [Fact]
    public void TheVerdictIsOneShortSentence() => Assert.All(Hypothesis.All, h =>
    {
        var verdict = Full(h.Faults).Verdict;
        Assert.True(verdict.Length <= 140, verdict);
        Assert.Matches(@"^[^.]+\.$", verdict);
    });

    /// <summary>Every fault has lines and a patch. Faults of the official script name the script's own files.</summary>
    [Fact]
    public void EveryFaultHasItsLinesAndItsPatch()
    {
        Assert.All(KnownFaults.All.Where(f => f.IsMismatch), f => Assert.NotNull(f.Source));
        Assert.All(KnownFaults.All.Where(f => !f.IsMismatch), f => Assert.Null(f.Source));
        Assert.All(KnownFaults.ListParts(FaultSet.Official), f =>
        {
            Assert.StartsWith("official ", f.Source!.Place, StringComparison.Ordinal);
            Assert.Matches(@"sft_12hz\.py|dataset\.py", f.Source.Place);
        });
        Assert.All(KnownFaults.All.Where(f => f.Source is not null && !FaultSet.Official.HasFlag(f.Bit)),
            f => Assert.DoesNotMatch("^official", f.Source!.Place));
    }

    [Fact]
    public void ATakeCanBeListenedToInThePage()
    {
        var (report, page) = (Full(FaultSet.Official), HtmlReport.Write(Full(FaultSet.Official)));
        var sound = Convert.FromBase64String(Assert.Single(Regex.Matches(page, "src=\"data:audio/wav;base64,([^\"]+)\"")).Groups[1].Value);
        var wave = WavFile.Read(new MemoryStream(sound), "page");
        Assert.Equal((24000, 2), (wave.SampleRate, wave.Samples.Length));
        Assert.DoesNotContain("sound", report.ToJson(), StringComparison.OrdinalIgnoreCase);
        var take = report.Speech!.Takes[0];
        var broken = report with { Speech = report.Speech with { Takes = [take with { Sound = new([float.NaN], 24000) }] } };
        Assert.DoesNotContain("<audio", HtmlReport.Write(broken), StringComparison.Ordinal);
        var many = report with { Speech = report.Speech with { Takes = [.. Enumerable.Repeat(take, 50)] } };
        Assert.Equal(20, Regex.Count(HtmlReport.Write(many), "<audio"));
    }

    static string Printed(DoctorReport report)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new() { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 1000;
        DoctorConsole.Print(report, console);
        return text.ToString();
    }

    static string OneLine(string text) => Regex.Replace(text, @"\s+", " ");

    static IEnumerable<string> Strings(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Strings),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => Strings(p.Value)),
        _ => [],
    };
}
