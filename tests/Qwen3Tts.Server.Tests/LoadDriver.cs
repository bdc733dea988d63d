using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Qwen3Tts.Tests.Server;

/// <summary>
/// Measures the server as a program under load, for the log; it is no test, and runs only when asked for:
/// <c>Qwen3Tts.Server.Tests -explicit only -class Qwen3Tts.Tests.Server.LoadDriver</c>. QWEN3TTS_LOAD_MINUTES adds a long run that watches
/// the memory.
/// </summary>
public sealed class LoadDriver
{
    static readonly string[] Texts =
        ["Set white at B four now.", "Robert has nine yellow pencils.", "Meet Anna on Monday at seven thirty."];

    [Fact(Explicit = true)]
    public async Task Measure()
    {
        using var process = Program.Start("--voices", Scratch.New("load"), "--max-together", "16", "--max-queue", "16");
        using var client = new HttpClient { BaseAddress = await Program.AddressAsync(process), Timeout = TimeSpan.FromMinutes(10) };
        using var form = new MultipartFormDataContent { { new ByteArrayContent(Served.ClipBytes), "audio_sample", "a.wav" },
            { new StringContent("me"), "name" }, { new StringContent("x"), "consent" } };
        using var made = await client.PostAsync(new Uri("/v1/audio/voices", UriKind.Relative), form);
        made.EnsureSuccessStatusCode();
        await Run(client, 2, 4); // compiled by now
        Print("| clients | requests | answered | 429 | other | requests a second | seconds of speech a second | first audio p50 | p95 "
            + "| p99 |");
        Print("|---|---|---|---|---|---|---|---|---|---|");
        foreach (var clients in new[] { 1, 4, 16, 32, 64 })
            Print(Row(clients, await Run(client, clients, Math.Max(32, 4 * clients))));
        process.Refresh();
        Print($"resident: {process.WorkingSet64 >> 20} MB");
        var minutes = double.Parse(Environment.GetEnvironmentVariable("QWEN3TTS_LOAD_MINUTES") ?? "0", CultureInfo.InvariantCulture);
        for (var clock = Stopwatch.StartNew(); clock.Elapsed.TotalMinutes < minutes;)
        {
            var (seconds, answers) = await Run(client, 8, 64);
            process.Refresh();
            Print(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalMinutes:0.0} min: {process.WorkingSet64 >> 20} MB, "
                + $"{answers.Count(a => a.Status != 200)} errors, {answers.Count / seconds:0.0} requests a second"));
        }
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    sealed record Answer(int Status, double FirstAudio, double Speech);

    static async Task<(double Seconds, List<Answer> Answers)> Run(HttpClient client, int clients, int requests)
    {
        var (answers, next, clock) = (new List<Answer>(), 0, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i <= requests; i = Interlocked.Increment(ref next))
            {
                var answer = await Ask(client, i);
                lock (answers)
                    answers.Add(answer);
            }
        }));
        return (clock.Elapsed.TotalSeconds, answers);
    }

    static async Task<Answer> Ask(HttpClient client, int number)
    {
        var request = new JsonObject { ["input"] = Texts[number % 3], ["voice"] = "me", ["seed"] = number, ["response_format"] = "pcm",
            ["stream_format"] = "audio" };
        var clock = Stopwatch.StartNew();
        using var response = await client.SendAsync(new(HttpMethod.Post, "/v1/audio/speech") { Content = JsonContent.Create(request) },
            HttpCompletionOption.ResponseHeadersRead);
        if (!response.IsSuccessStatusCode)
            return new((int)response.StatusCode, 0, 0);
        await using var body = await response.Content.ReadAsStreamAsync();
        var (first, bytes, buffer) = (0.0, 0L, new byte[16384]);
        for (var read = await body.ReadAsync(buffer); read > 0; read = await body.ReadAsync(buffer))
        {
            first = first == 0 ? clock.Elapsed.TotalSeconds : first;
            bytes += read;
        }
        return new(200, first, bytes / 48000.0);
    }

    static string Row(int clients, (double Seconds, List<Answer> Answers) run)
    {
        var good = run.Answers.Where(a => a.Status == 200).OrderBy(a => a.FirstAudio).ToList();
        string At(double share) => good[(int)Math.Min(good.Count - 1, share * good.Count)].FirstAudio.ToString("0.00",
            CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"| {clients} | {run.Answers.Count} | {good.Count} | "
            + $"{run.Answers.Count(a => a.Status == 429)} | {run.Answers.Count(a => a.Status is not (200 or 429))} | "
            + $"{good.Count / run.Seconds:0.0} | {good.Sum(a => a.Speech) / run.Seconds:0.0} | {At(0.5)} | {At(0.95)} | {At(0.99)} |");
    }

    static void Print(string line) => Console.Error.WriteLine(line);
}
