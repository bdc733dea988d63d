using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Qwen3Tts.Cli;
using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Doctor.Report;

namespace Qwen3Tts.Tests;

/// <summary>docs/doctor.md has every finding that the code can make and every key of the JSON, and no others.</summary>
public sealed class DoctorDocsTests
{
    static readonly string Text = File.ReadAllText(Path.Combine(Golden.Repository, "docs", "doctor.md")).ReplaceLineEndings("\n");

    [Fact]
    public void EveryFindingIsDocumented()
    {
        var made = Directory.GetFiles(Path.Combine(Golden.Repository, "src", "Qwen3Tts", "Doctor"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(f => Regex.Matches(File.ReadAllText(f), "new\\(\"([a-z0-9_]+)\", Severity").Select(m => m.Groups[1].Value))
            .Concat([TrainingFindings.Untrained, TrainingFindings.LossesAlone, TrainingFindings.EndNotTested])
            .Concat(KnownFaults.ListParts((FaultSet)~0).Select(f => f.Name));
        var documented = Regex.Matches(Section("Findings"), @"^\| `([a-z0-9_]+)` \|", RegexOptions.Multiline).Select(m => m.Groups[1].Value)
            .ToList();
        Assert.Equal(made.Distinct().Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    /// <summary>The document describes each fault with the words of its source file.</summary>
    [Fact]
    public void TheRowsOfTheFaultsAreThoseOfTheirFiles()
    {
        foreach (var f in KnownFaults.ListParts((FaultSet)~0))
        {
            var rescue = f.Rescue?.Compatibility is { } way ? $"; `say --compat {way}` speaks with it" : "";
            Assert.Contains($"\n| `{f.Name}` | {f.Meaning}{(f.IsMismatch ? "" : ": no fault")} | {f.Symptom} | {f.Remedy}{rescue} |\n",
                Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TheLinesAndPatchesAreThoseOfTheFaults() => Assert.Equal(
        KnownFaults.All.Where(f => f.Source is not null).Select(f => $"| `{f.Name}` | {f.Source!.Place} | "
            + $"{(f.Source.Code is { } code ? $"`{code}`" : "")} | {f.Source.Does} | {f.Source.Patch} |").Order(StringComparer.Ordinal),
        Section("Which lines make a fault").Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal));

    /// <summary>docs/doctor-method.md has every rule in order, with its evidence, and the same thresholds as the code.</summary>
    [Fact]
    public void EveryRuleIsDocumented()
    {
        var method = File.ReadAllText(Path.Combine(Golden.Repository, "docs", "doctor-method.md")).ReplaceLineEndings("\n");
        var rows = Regex.Matches(method, @"^\| `([a-z_]+)` \| (\w+) \|", RegexOptions.Multiline)
            .Select(m => (m.Groups[1].Value, m.Groups[2].Value));
        Assert.Equal(Rules.All.Names.Select(r => (r.Name, r.Evidence.ToString().ToLowerInvariant())), rows);
        string[] numbers =
        [
            $"{1 - Thresholds.Significant:0%}".Replace("%", " %"), $"of {Thresholds.Resamples} sets", $"within {Thresholds.NearlyEqual:0%}"
                .Replace("%", " %"),
            $"below {Thresholds.Learned}", $"{Thresholds.SmallestCosine:0e-00}", $"on {Thresholds.ScreeningClips} clips",
        ];
        Assert.All(numbers, n => Assert.Contains(n, method, StringComparison.Ordinal));
    }

    [Fact]
    public void TheKeysOfTheJsonAreDocumented()
    {
        var documented = Regex.Matches(Section("JSON"), @"^\| (?:`[a-z_]+`(?:, )?|report)+ \| (.+) \|$", RegexOptions.Multiline)
            .Select(m => Keys(m.Groups[1].Value)).ToList();
        var written = new List<string>();
        Walk(typeof(DoctorReport), []);
        Assert.Equal(written.Order(StringComparer.Ordinal), documented.Select(k => string.Join(' ', k.Order(StringComparer.Ordinal)))
            .Order(StringComparer.Ordinal));

        void Walk(Type type, HashSet<Type> seen)
        {
            if (!seen.Add(type) || DoctorJson.Default.GetTypeInfo(type) is not { Kind: JsonTypeInfoKind.Object } info)
                return;
            var properties = info.Properties.Where(p => p.Get is not null).ToList(); // a property with JsonIgnore has none
            written.Add(string.Join(' ', properties.Select(p => p.Name).Order(StringComparer.Ordinal)));
            foreach (var property in properties)
                Walk(property.PropertyType.IsGenericType ? property.PropertyType.GetGenericArguments()[0] : property.PropertyType, seen);
        }
    }

    /// <summary>Each exit code and each beginning of a verdict in the document is also in the code.</summary>
    [Fact]
    public void TheVerdictsAreThoseOfTheCode()
    {
        var sources = string.Concat(new[] { Path.Combine("Decision", "Verdicts.cs"), "Examination.cs" }
            .Select(f => File.ReadAllText(Path.Combine(Golden.Repository, "src", "Qwen3Tts", "Doctor", f))));
        var rows = Regex.Matches(Section("Verdict and exit code"), @"^\| ([A-Z][^|]+?) \| [^|]+ \| (\d) \|$", RegexOptions.Multiline)
            .ToList();
        Assert.NotEmpty(rows);
        Assert.All(rows, r => Assert.Contains($"\"{r.Groups[1].Value}", sources, StringComparison.Ordinal));
        Assert.Equal(["0", $"{DoctorCommand.NotHealthy}", $"{DoctorCommand.Undecided}"], rows.Select(r => r.Groups[2].Value).Distinct());
    }

    static string Section(string title) =>
        Regex.Match(Text, $"^## {title}\n(.*?)(?=^## |\\z)", RegexOptions.Multiline | RegexOptions.Singleline).Groups[1].Value;

    static List<string> Keys(string cell) =>
        [.. Regex.Matches(Regex.Replace(cell, @"\([^)]*\)", ""), "`([a-z_]+)`").Select(m => m.Groups[1].Value)];
}
