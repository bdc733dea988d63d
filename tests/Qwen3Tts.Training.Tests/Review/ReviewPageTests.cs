// The review page in a real browser, by clicks and keys, and its server without one.
using System.Net;
using System.Text;
using PuppeteerSharp;
using PuppeteerSharp.Input;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Review;

namespace Qwen3Tts.Tests.Review;

public sealed class ReviewPageTests
{
    const int Patience = 300_000; // milliseconds; a busy machine needs minutes for a browser

    static string Recordings()
    {
        var folder = Scratch.New("review");
        foreach (var (name, text) in new[] { ("a", "The first one."), ("b", "The secund one."), ("c", "The third one.") })
        {
            WavFile.Write(Path.Combine(folder, name + ".wav"),
                new([.. Enumerable.Range(0, 24000).Select(i => MathF.Sin(i / 9f) / 3)], 24000));
            File.WriteAllText(Path.Combine(folder, name + ".txt"), text);
        }
        return folder;
    }

    static (ReviewServer Server, Task Running) Serve(string folder, CancellationToken stop)
    {
        var server = new ReviewServer(new ReviewSession(folder, new Dictionary<string, List<string>>
        {
            [Path.Combine(folder, "b.wav")] = ["'b.wav' is <clipped>. Record it with less gain."],
        }));
        return (server, Task.Run(() => server.Run(stop), CancellationToken.None));
    }

    [Fact]
    public async Task OnlyThePageItselfIsAnswered()
    {
        using var stop = new CancellationTokenSource();
        var (server, running) = Serve(Recordings(), stop.Token);
        using (server)
        using (var client = new HttpClient())
        {
            async Task<HttpStatusCode> Send(HttpMethod method, string path, string? host = null, string? origin = null, string? body = null,
                string type = "application/json")
            {
                using var request = new HttpRequestMessage(method, new Uri(server.Address, path));
                request.Headers.Host = host;
                // After a foreign host HttpListener closes the connection, but may take one more request on it: an empty 200.
                request.Headers.ConnectionClose = host is not null;
                if (origin is not null)
                    request.Headers.Add("Origin", origin);
                request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, type);
                using var answer = await client.SendAsync(request);
                Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
                return answer.StatusCode;
            }
            var own = $"http://{server.Address.Authority}";
            Assert.Equal("127.0.0.1", server.Address.Host);
            Assert.Equal(HttpStatusCode.OK, await Send(HttpMethod.Get, ""));
            Assert.Equal(HttpStatusCode.OK, await Send(HttpMethod.Get, "clips", origin: own));
            Assert.Equal(HttpStatusCode.OK, await Send(HttpMethod.Get, "sound/0"));
            Assert.Equal(HttpStatusCode.BadRequest, await Send(HttpMethod.Get, "sound/3"));
            Assert.Equal(HttpStatusCode.NotFound, await Send(HttpMethod.Get, "sound/../a.wav"));
            Assert.Equal(HttpStatusCode.NotFound, await Send(HttpMethod.Get, "/"));
            Assert.Equal(HttpStatusCode.NotFound, await Send(HttpMethod.Get, "/0123456789abcdef0123456789abcdef/clips"));
            Assert.InRange((int)await Send(HttpMethod.Get, "clips", host: "evil.example"), 400, 499);
            Assert.Equal(HttpStatusCode.Forbidden, await Send(HttpMethod.Post, "change", origin: "http://evil.example", body: "{}"));
            Assert.Equal(HttpStatusCode.BadRequest, await Send(HttpMethod.Post, "change", body: "{}", type: "text/plain"));
            Assert.Equal(HttpStatusCode.BadRequest, await Send(HttpMethod.Post, "change", body: "{}"));
            Assert.Equal(HttpStatusCode.BadRequest, await Send(HttpMethod.Post, "change", body: new string(' ', 2 << 20)));
            Assert.Equal(HttpStatusCode.Conflict, await Send(HttpMethod.Post, "change", body: """{"version":"0","index":0,"text":"x"}"""));
        }
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task AListIsReviewedByClicksAndKeys()
    {
        var program = new[] { "chromium", "chromium-browser", "google-chrome" }.Select(ExternalProgram.OnPath)
            .FirstOrDefault(p => p is not null);
        Assert.SkipWhen(program is null, "No chromium is on the PATH; .ci/run installs it.");
        var folder = Recordings();
        var (server, running) = Serve(folder, TestContext.Current.CancellationToken);
        using var owned = server;
        await using var browser = await Puppeteer.LaunchAsync(new()
        {
            ExecutablePath = program,
            UserDataDir = Scratch.New("browser"),
            Timeout = Patience,
            ProtocolTimeout = Patience,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync"],
        });
        await using var page = await browser.NewPageAsync();
        page.DefaultTimeout = Patience;
        var (wrong, hosts) = (new List<string>(), new HashSet<string>());
        page.Console += (_, e) => wrong.Add(e.Message.Text);
        page.PageError += (_, e) => wrong.Add(e.Message);
        page.Request += (_, e) => hosts.Add(new Uri(e.Request.Url) is { Scheme: "http" } u ? u.Authority : "");
        await page.SetViewportAsync(new() { Width = 400, Height = 800 });
        await page.GoToAsync(server.Address.ToString());

        async Task Until(string condition) => await page.WaitForFunctionAsync($"() => {condition}");
        async Task Shows(string name) => await Until($"document.getElementById('name').textContent === '{name}'");
        async Task<string> Get(string expression) => await page.EvaluateExpressionAsync<string>($"String({expression})");
        List<string> Texts() => ClipList.Read(folder, new()).ConvertAll(c => c.Text);

        await Shows("b.wav"); // the clip with a warning comes first
        Assert.Equal("'b.wav' is <clipped>. Record it with less gain.", await Get("document.getElementById('warnings').textContent"));
        Assert.Equal("true", await Get("document.documentElement.scrollWidth <= innerWidth"));
        Assert.Equal("true", await Get("[...document.querySelectorAll('button,select,textarea,input,audio')].every(e => e.ariaLabel || " +
            "e.labels?.length || e.textContent.trim())"));
        await Until("document.getElementById('audio').readyState > 1");

        await page.ClickAsync("#auto"); // plays no clip by itself, so that Space plays one below

        // By keys alone: a text is corrected, and the clip is right.
        await page.Keyboard.PressAsync("e");
        await page.EvaluateExpressionAsync("document.getElementById('text').select()");
        await page.Keyboard.TypeAsync("The second one.");
        await page.Keyboard.DownAsync("Control");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.UpAsync("Control");
        await Shows("a.wav");
        Assert.Equal(["The first one.", "The second one.", "The third one."], Texts());
        Assert.Equal("The secund one.",
            await File.ReadAllTextAsync(Path.Combine(folder, "b.txt.orig"), TestContext.Current.CancellationToken));
        Assert.Equal("rgb", (await Get("getComputedStyle(document.activeElement).outlineColor"))[..3]);

        await page.Keyboard.PressAsync("Escape"); // the field keeps the focus when the next clip is shown
        await page.Keyboard.PressAsync(" ");
        await Until("!document.getElementById('audio').paused || document.getElementById('audio').currentTime > 0");
        await page.Keyboard.PressAsync("d");
        await Until("document.getElementById('dropped').ariaPressed === 'true'");
        Assert.Equal(["The second one.", "The third one."], Texts());
        await page.Keyboard.PressAsync("u");
        await Until("document.getElementById('dropped').ariaPressed === 'false'");
        Assert.Equal(3, Texts().Count);

        // The same by clicks.
        await page.ClickAsync("#after");
        await Shows("c.wav");
        await page.ClickAsync("#reference");
        await Until("document.getElementById('reference').ariaPressed === 'true'");
        await page.ClickAsync("#dropped");
        await Until("document.getElementById('dropped').ariaPressed === 'true'");
        await page.ClickAsync("#undo");
        await Until("document.getElementById('dropped').ariaPressed === 'false'");
        await page.ClickAsync("#text", new ClickOptions { Count = 3 });
        await page.Keyboard.TypeAsync("It is typed, and saved without a key.");
        await Until("document.getElementById('status').textContent === 'Saved.'");
        Assert.Equal("It is typed, and saved without a key.", Texts()[2]);
        await page.ReloadAsync();
        await Until("document.getElementById('counts').textContent.includes('1 checked')");
        Assert.True(ClipList.Read(folder, new())[2].Marks.Reference);

        await page.ClickAsync("#finish");
        await running;
        await Until("document.getElementById('end')");
        Assert.Empty(wrong);
        Assert.Equal([server.Address.Authority], hosts.Where(h => h.Length > 0));
    }
}
