using System.Net.Http.Headers;
using System.Text.Json;
using Qwen3Tts.Fuzz;

namespace Qwen3Tts.Tests.Server.Studio;

/// <summary>Mutated bodies of the page's requests: each is served, or refused with a message. QWEN3TTS_FUZZ sets their number.</summary>
public sealed class StudioFuzzTests
{
    static int Count => int.TryParse(Environment.GetEnvironmentVariable("QWEN3TTS_FUZZ"), out var n) ? n : 500;

    [Fact]
    public async Task NoBodyOfThePageCausesAFault()
    {
        var log = new List<string>();
        var studio = Scratch.New("studio");
        await using var server = await Served.StartAsync(o => o with
        {
            Log = l => { lock (log) log.Add(l); },
            Studio = new() { Folder = studio, Trainer = new TrainerDouble().Run, Checkpoints = [new("mini", Mini.Model)] },
        });
        using var client = new HttpClient { BaseAddress = server.Address };
        const string Project = "/projects/vera";
        (string Path, byte[] Body)[] requests =
        [
            ("/projects", """{"name":"vera"}"""u8.ToArray()),
            (Project + "/recordings", Served.ClipBytes[..2000]),
            (Project + "/recordings/1", """{"text":"Set white at B four now.","dropped":false}"""u8.ToArray()),
            (Project + "/slice", """{"model":"mini"}"""u8.ToArray()),
            (Project + "/clips/0", """{"text":"Set white.","dropped":true}"""u8.ToArray()),
            (Project + "/train", """{"model":"mini","method":"adapter","steps":3,"language":"English","fresh":true}"""u8.ToArray()),
            ("/diagnose", """{"checkpoint":"none","takes":1,"speaker":"sally"}"""u8.ToArray()),
            (Project + "/stop", "{}"u8.ToArray()),
        ];
        async Task<int> SendAsync(string path, byte[] body)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(path.EndsWith("recordings", StringComparison.Ordinal)
                ? "application/octet-stream" : "application/json");
            using var response = await client.PostAsync(new Uri("/v1/studio" + path, UriKind.Relative), content);
            var answer = await response.Content.ReadAsByteArrayAsync();
            if (!response.IsSuccessStatusCode)
                Assert.NotEqual("", JsonDocument.Parse(answer).RootElement.GetProperty("error").GetProperty("message").GetString());
            return (int)response.StatusCode;
        }
        foreach (var (path, body) in requests[..4])
            Assert.Equal(200, await SendAsync(path, body));
        var statuses = new HashSet<int>();
        for (var i = 0; i < Count; i++)
        {
            var (path, body) = requests[i % requests.Length];
            statuses.Add(await SendAsync(path, new Mutator(i).MutateBytes(body)));
        }
        Assert.True(statuses.All(s => s is 200 or 400 or 404 or 409 or 413), string.Join('\n', log.Where(l => l.StartsWith("fault",
            StringComparison.Ordinal)).Distinct().Take(5)));
        Assert.True(statuses.Contains(200) && statuses.Contains(400));
        Assert.All(Directory.GetFileSystemEntries(studio), p => Assert.Matches("^[a-z0-9][a-z0-9_-]*$", Path.GetFileName(p)));
    }
}
