using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Run;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>Files of a run that were damaged, as they were found by mutating them.</summary>
public sealed class DamagedRunTests
{
    public static TheoryData<string> Damaged => [.. Directory.GetDirectories(Path.Combine(Golden.Repository, "tests", "Reports", "fuzz"))
        .Select(d => Path.GetFileName(d)!)
            .Where(n => n.StartsWith("run-logs-", StringComparison.Ordinal) || n.StartsWith("state-", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Damaged))]
    public void ADamagedFileIsReportedByItsName(string report)
    {
        var file = Assert.Single(Directory.GetFiles(Path.Combine(Golden.Repository, "tests", "Reports", "fuzz", report)));
        var run = new RunFolder(Scratch.New());
        var at = Path.Combine(run.Path, report.StartsWith("state-", StringComparison.Ordinal) ? "state" : "", Path.GetFileName(file));
        Directory.CreateDirectory(Path.GetDirectoryName(at)!);
        File.Copy(file, at);
        using var weight = new TorchSharp.Modules.Parameter(zeros(4, 6));
        using var bias = new TorchSharp.Modules.Parameter(zeros(5));
        using var optimizer = new AdamW([("w", weight), ("b", bias)], new());
        var error = Record.Exception(() =>
        {
            run.ReadLog();
            Evaluation.ReadAll(run.Path);
            run.ReadPreflight();
            if (report.StartsWith("state-", StringComparison.Ordinal))
                run.Restore(optimizer);
            else
                run.Keep([new("anna", "/r.wav", [.. Enumerable.Range(0, 8).Select(i => (i % 7 - 3) / 10f)])]);
        });
        Assert.IsType<InvalidDataException>(error);
        Assert.Contains(Path.GetFileName(file), error.Message);
        Assert.DoesNotContain("Qwen3Tts", error.Message);
    }
}
