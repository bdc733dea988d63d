using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Qwen3Tts.Doctor;
using Qwen3Tts.Server.Studio;
using static Qwen3Tts.Tests.Server.Studio.StudioApiTests;

namespace Qwen3Tts.Tests.Server.Studio;

/// <summary>What the doctor says to readers of the page.</summary>
public sealed class DiagnosisTests
{
    /// <summary>Switches stand in the words of the console alone, and the page has other words for each of them.</summary>
    [Fact]
    public void ThePageNamesNoSwitches()
    {
        var source = Path.Combine(Golden.Repository, "src", "Qwen3Tts", "Doctor");
        string[] console = ["DoctorWords.cs", "KnownFaults.cs", "NoLanguage.cs", "Html.cs"]; // the rescue is a command, and CSS has names
        Assert.DoesNotContain(Directory.GetFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(f => !console.Contains(Path.GetFileName(f))).SelectMany(File.ReadLines),
            l => Regex.IsMatch(l, "^(?! *//).*\".*--[a-z]"));
        var (ours, page) = (new DoctorWords(), Diagnosis.Words);
        foreach (var word in typeof(DoctorWords).GetProperties())
        {
            var said = (string)word.GetValue(page)!;
            Assert.NotEqual(word.GetValue(ours), said);
            Assert.DoesNotContain("--", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task TheDoctorReportsAboutNamedCheckpointsAlone()
    {
        await using var server = await Served.StartAsync(o => o with { Studio = Options(null) });
        using var client = new HttpClient { BaseAddress = server.Address };
        Assert.Contains("no checkpoint", await RefusedAsync(client, "/diagnose", new JsonObject { ["checkpoint"] = Mini.Model }, 400),
            StringComparison.Ordinal);
        using var response = await client.PostAsync(new Uri(Root + "/diagnose", UriKind.Relative),
            new StringContent("""{"checkpoint": "mini"}""", Encoding.UTF8, "application/json"));
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("event: progress\ndata: {\"message\":\"reading the folder\"}", events[0], StringComparison.Ordinal);
        Assert.StartsWith("event: report\ndata: ", events[^1], StringComparison.Ordinal);
        using var report = JsonDocument.Parse(events[^1]["event: report\ndata: ".Length..]);
        Assert.DoesNotMatch("--[a-z]", report.RootElement.GetProperty("report").ToString());
        Assert.StartsWith("Not measured", report.RootElement.GetProperty("report").GetProperty("verdict").GetString(),
            StringComparison.Ordinal);
        Assert.Contains("<!doctype html>", report.RootElement.GetProperty("page").GetString(), StringComparison.OrdinalIgnoreCase);
    }
}
