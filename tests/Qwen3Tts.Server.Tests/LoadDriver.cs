using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Qwen3Tts.Tests.Server;

/// <summary>
/// Measures the server as a program under load, for the log; it is no test, and runs only when asked for:
/// <c>Qwen3Tts.Server.Tests -explicit only -method '*LoadDriver.Measure'</c>. <c>'*LoadDriver.Endure'</c> watches the memory under requests
/// of all kinds for QWEN3TTS_LOAD_MINUTES.
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
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact(Explicit = true)]
    public async Task Endure()
    {
        var voices = Scratch.New("load");
        foreach (var (i, name) in Served.Adapted.Index())
            Served.WriteAdapter(Path.Combine(voices, name), name, i + 1);
        File.Copy(Path.Combine(Served.Voices, Served.Voice + ".voice.safetensors"),
            Path.Combine(voices, Served.Voice + ".voice.safetensors"));
        using var process = Program.Start("--voices", voices);
        var address = await Program.AddressAsync(process);
        using var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(10) };
        var minutes = double.Parse(Environment.GetEnvironmentVariable("QWEN3TTS_LOAD_MINUTES") ?? "30", CultureInfo.InvariantCulture);
        var (clock, results) = (Stopwatch.StartNew(), new ConcurrentDictionary<string, int>());
        var clients = Enumerable.Range(0, 4).Select(c => Task.Run(async () =>
        {
            var requests = new Requests(client, address, [Served.Voice, .. Served.Adapted], new(c));
            while (clock.Elapsed.TotalMinutes < minutes)
                results.AddOrUpdate(await requests.SendAsync(), 1, (_, count) => count + 1);
        })).ToList();
        while (clock.Elapsed.TotalMinutes < minutes)
        {
            await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(30)), Task.WhenAll(clients));
            process.Refresh();
            Print(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalMinutes:0.0} min: {process.WorkingSet64 >> 20} MB, "
                + $"{process.Threads.Count} threads, {string.Join(", ", results.OrderBy(r => r.Key).Select(r => $"{r.Key}: {r.Value}"))}"));
        }
        await Task.WhenAll(clients);
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
        var request = new JsonObject
        {
            ["input"] = Texts[number % 3],
            ["voice"] = "me",
            ["seed"] = number,
            ["response_format"] = "pcm",
            ["stream_format"] = "audio",
        };
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
