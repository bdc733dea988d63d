using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Qwen3Tts.Fuzz;

namespace Qwen3Tts.Tests.Server;

/// <summary>
/// Mutated bodies over the socket: each is answered with a status that blames the request, or served. QWEN3TTS_FUZZ sets their number.
/// </summary>
public sealed class FuzzTests
{
    static int Count => int.TryParse(Environment.GetEnvironmentVariable("QWEN3TTS_FUZZ"), out var n) ? n : 5000;

    [Fact]
    public async Task NoBodyCausesAFault()
    {
        var log = new List<string>();
        await using var server = await Served.StartAsync(o => o with
        {
            VoicesFolder = Scratch.New("fuzz"),
            MostWaiting = 1000,
            MostSeconds = 0.1,
            MostUploadBytes = 100_000,
            Log = l => { lock (log) log.Add(l); },
        });
        using var client = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromMinutes(15) }; // its deadline comes first
        var json = Encoding.UTF8.GetBytes(Served.Request(("voice", Served.Speaker), ("max_seconds", 0.08), ("language", "English"),
            ("layout", "interleaved"), ("temperature", 0.9), ("response_format", "wav"), ("max_new_tokens", 3), ("speed", 1.0),
            ("instructions", "Speak slowly."), ("initial_codec_chunk_frames", 1)).ToJsonString());
        var clone = Encoding.UTF8.GetBytes(Served.Request(("voice", null), ("max_seconds", 0.08), ("ref_audio", "data:audio/wav;base64,"
            + Convert.ToBase64String(Served.ClipBytes.AsSpan(0, 8000))), ("ref_text", "Set white"), ("stream_format", "sse"))
            .ToJsonString());
        var form = Encoding.Latin1.GetBytes("--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nme\r\n--b\r\nContent-Disposition: "
            + "form-data; name=\"consent\"\r\n\r\nyes\r\n--b\r\nContent-Disposition: form-data; name=\"audio_sample\"; "
            + "filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n"
            + $"{Encoding.Latin1.GetString(Served.ClipBytes.AsSpan(0, 4000))}\r\n--b--\r\n");
        var score = Encoding.UTF8.GetBytes(ScoreTests.Request(new(Served.Clip.Samples[..2000], Served.Clip.SampleRate), metadata: new()
        { ["voice"] = Served.Voice, ["language"] = "English" }).ToJsonString());
        var (statuses, slowest) = (new Dictionary<int, int>(), (Seconds: 0.0, Number: 0));
        await Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) =>
        {
            var mutator = new Mutator(i);
            var kind = i % 10; // cloning takes computing, so it is rare
            var (path, type, body) = kind == 0 ? ("/v1/audio/speech", "application/json", mutator.MutateBytes(clone))
                : kind == 9 ? ("/score", "application/json", i % 20 == 9 ? mutator.MutateBytes(score) : Changed(mutator, score))
                : kind < 4 ? ("/v1/audio/voices", "multipart/form-data; boundary=b", mutator.MutateBytes(form))
                : ("/v1/audio/speech", "application/json", kind < 7 ? mutator.MutateBytes(json) : Changed(mutator, json));
            var began = Stopwatch.GetTimestamp();
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
            using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);
            var answer = await response.Content.ReadAsByteArrayAsync();
            if (!response.IsSuccessStatusCode)
                Assert.NotEqual("", JsonDocument.Parse(answer).RootElement.GetProperty("error").GetProperty("message").GetString());
            var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
            lock (statuses)
            {
                statuses[(int)response.StatusCode] = statuses.GetValueOrDefault((int)response.StatusCode) + 1;
                slowest = took > slowest.Seconds ? (took, i) : slowest;
            }
        });
        Console.Error.WriteLine(string.Join(", ", statuses.OrderBy(s => s.Key).Select(s => $"{s.Key}: {s.Value}"))
            + FormattableString.Invariant($"; the slowest, {slowest.Number}, took {slowest.Seconds:0.0} s"));
        Assert.True(statuses.Keys.All(s => s is 200 or 400 or 404 or 409 or 413), string.Join('\n', log.Where(l => l.StartsWith("fault",
            StringComparison.Ordinal)).Distinct().Take(5)));
        Assert.True(statuses.GetValueOrDefault(200) > 0 && statuses.GetValueOrDefault(400) > Count / 10);
    }

    /// <summary>Valid JSON with another value in one field.</summary>
    static byte[] Changed(Mutator mutator, byte[] json)
    {
        var request = System.Text.Json.Nodes.JsonNode.Parse(json)!.AsObject();
        string[] values = ["null", "\"\"", "-1", "0", "1e308", "1e-308", "18446744073709551616", "true", "[]", "{}", "\"\\ud83d\\ude00\"",
            "\"\\u0000\"", "{\"id\": 1}", "2147483648", "0.5", "\"auto\"", "\"../../x\"", "\"Auto\"", "[[[]]]"];
        var names = request.Select(r => r.Key).ToList();
        request[names[mutator.Random.Next(names.Count)]] =
            System.Text.Json.Nodes.JsonNode.Parse(values[mutator.Random.Next(values.Length)]);
        return Encoding.UTF8.GetBytes(request.ToJsonString());
    }
}
