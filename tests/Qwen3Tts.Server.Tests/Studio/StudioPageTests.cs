using System.Text.Json;
using PuppeteerSharp;
using Qwen3Tts.Files;
using Qwen3Tts.Server;

namespace Qwen3Tts.Tests.Server.Studio;

/// <summary>The page in a browser, by clicks and keys. Its pictures are written to <c>out/studio</c>.</summary>
public sealed class StudioPageTests
{
    internal static readonly string Clip = Path.Combine(Mini.Folder, "clips", "rms_1.wav");
    static readonly string[] Views = ["speak", "voices", "compare", "diagnose"];

    internal static Task<SpeechServer> StartAsync(bool trains = true, Func<SpeechServerOptions, SpeechServerOptions>? change = null) =>
        Served.StartAsync(o =>
        {
            var options = o with
            {
                VoicesFolder = Scratch.New("voices"),
                Studio = new()
                {
                    Folder = trains ? Scratch.New("studio") : null,
                    Trainer = trains ? new TrainerDouble().Run : null,
                    Checkpoints = [new("mini", Mini.Model)],
                },
            };
            return change?.Invoke(options) ?? options;
        });

    internal static void CheckClean(Chromium browser, SpeechServer server)
    {
        Assert.Empty(browser.Wrong);
        Assert.Equal([server.Address.Authority], browser.Hosts.Where(h => h.Length > 0));
    }

    internal static Task ReadyAsync(Chromium browser) => browser.Until("document.getElementById('loading').hidden");

    internal static async Task SpeakAsync(Chromium browser, string voice, int seed)
    {
        await browser.Write("#text", Served.Text);
        await browser.Page.SelectAsync("#speak-voice", voice);
        await browser.Write("#seed", $"{seed}");
        var before = await browser.Get("document.querySelectorAll('#takes > li').length");
        await browser.Page.ClickAsync("#speak-go");
        await browser.Until($"document.querySelectorAll('#takes > li').length > {before} && document.querySelector('#takes a[download]')");
    }

    [Fact]
    public async Task ATextIsSpokenAndHeard()
    {
        await using var server = await StartAsync(trains: false);
        await using var browser = await Chromium.OpenAsync(server.Address.ToString());
        await ReadyAsync(browser);
        await SpeakAsync(browser, Served.Speaker, 7);
        await browser.Until("document.querySelector('#takes audio').duration > 0.3");
        Assert.Equal("true", await browser.Get("document.querySelector('#takes .facts').textContent.includes('seed 7')"));
        var expected = Served.Model.Say(Served.Text, new()
        {
            Speaker = Served.Speaker,
            Sampling = Served.Model.Sampling with { Seed = 7 },
            MaxFramesPerToken = Generation.SpeechOptions.UsualMaxFramesPerToken,
            MaxRepeatedSeconds = Generation.SpeechOptions.UsualMaxRepeatedSeconds,
        }).Waveform.Seconds;
        Assert.Equal(expected, double.Parse(await browser.Get("document.querySelector('#takes audio').duration"),
            System.Globalization.CultureInfo.InvariantCulture), 2);

        await browser.Page.ClickAsync("#takes [aria-label='Play take 1']");
        await browser.Until("document.querySelector('#takes audio').currentTime > 0");

        // By keys alone, with the seed of the last take.
        await browser.Page.FocusAsync("#text");
        await browser.Page.Keyboard.DownAsync("Control");
        await browser.Page.Keyboard.PressAsync("Enter");
        await browser.Page.Keyboard.UpAsync("Control");
        await browser.Until("document.querySelectorAll('#takes a[download]').length == 2");
        await browser.Until("[...document.querySelectorAll('#takes audio')].every(a => a.duration > 0.3)");
        await browser.Page.ClickAsync("[aria-label='Remove take 2']");
        await browser.Until("document.querySelectorAll('#takes > li').length == 1");
        CheckClean(browser, server);
    }

    [Fact]
    public async Task AVoiceIsMadeFromAClipSpokenWithAndDeleted()
    {
        await using var server = await StartAsync();
        await using var browser = await Chromium.OpenAsync(server.Address + "#voices");
        await ReadyAsync(browser);
        var page = browser.Page;

        await page.ClickAsync("#make-record"); // the browser's microphone beeps
        await browser.Until("document.getElementById('make-record').textContent.includes('1 s')");
        await page.ClickAsync("#make-record");
        await browser.Until("document.querySelector('#make-player audio')?.duration > 0.5");

        await browser.Choose("#make-file", Clip);
        await browser.Until("document.getElementById('make-status').textContent.includes('rms_1.wav is ready')");
        await browser.Write("#make-name", "bella");
        await page.ClickAsync("#make-consent");
        await browser.Write("#make-note", "form 12");
        await page.ClickAsync("#make-go");
        await browser.Until("document.querySelector('[aria-label=\"Speak with bella\"]')");
        Assert.Contains("bella", server.Voices);

        await page.ClickAsync("[aria-label='Speak with bella']");
        await browser.Until("!document.getElementById('view-speak').hidden");
        Assert.Equal("bella", await browser.Get("document.getElementById('speak-voice').value"));
        await SpeakAsync(browser, "bella", 3);

        await page.ClickAsync("nav [href='#voices']");
        await page.ClickAsync("[aria-label='Delete bella']");
        await browser.Until("document.getElementById('ask-dialog').open");
        await page.ClickAsync("#ask-yes");
        await browser.Until("!document.querySelector('[aria-label=\"Delete bella\"]')");
        Assert.DoesNotContain("bella", server.Voices);
        CheckClean(browser, server);
    }

    [Fact]
    public async Task TwoVoicesAreComparedBlindly()
    {
        await using var server = await Served.StartAsync();
        await using var browser = await Chromium.OpenAsync(server.Address + "#compare");
        await ReadyAsync(browser);
        var page = browser.Page;
        await browser.Write("#sentences", "Set white at B four now.");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.TypeAsync("Bin green with Z nine please.");
        await page.SelectAsync("#compare-a", """["mini","sally"]""");
        await page.SelectAsync("#compare-b", """["mini","anna"]""");
        await page.ClickAsync("#compare-go");
        await browser.Until("!document.getElementById('trial').hidden && document.querySelector('#trial-second audio').duration > 0");
        Assert.Equal("false", await browser.Get("/sally|anna/.test(document.getElementById('trial').textContent)"));
        await PictureAsync(browser, "trial");
        await page.EvaluateExpressionAsync("document.activeElement.blur()");
        await page.Keyboard.PressAsync("2");
        await browser.Until("document.querySelector('#trial-second audio').currentTime > 0");
        await page.Keyboard.PressAsync("ArrowLeft");
        await browser.Until("document.getElementById('trial-count').textContent == 'Sentence 2 of 2'");
        await page.ClickAsync("#choose-none");
        await browser.Until("!document.getElementById('tally').hidden");
        Assert.Equal("1,1", await browser.Get("[...document.querySelectorAll('#tally-rows tr')].map(r => Number(r.lastChild.textContent))"
            + ".reduce((s, n, i) => [s[0] + (i < 2 ? n : 0), s[1] + (i == 2 ? n : 0)], [0, 0])"));
        Assert.Equal("blob:", await browser.Get("document.getElementById('tally-csv').protocol"));
        await PictureAsync(browser, "tally");
        CheckClean(browser, server);
    }

    [Fact]
    public async Task ACheckpointIsDiagnosed()
    {
        await using var server = await StartAsync();
        await using var browser = await Chromium.OpenAsync(server.Address + "#diagnose");
        await ReadyAsync(browser);
        await browser.Page.ClickAsync("#diagnose-go");
        await browser.Until("!document.getElementById('report').hidden");
        Assert.StartsWith("Not measured", await browser.Get("document.querySelector('#report .verdict').textContent"),
            StringComparison.Ordinal);
        Assert.Equal("false", await browser.Get("/--[a-z]|`/.test(document.getElementById('report').textContent)"));
        await PictureAsync(browser, "report");
        CheckClean(browser, server);
    }

    [Fact]
    public async Task AKeyIsAskedForOnce()
    {
        await using var server = await StartAsync(false, o => o with { Keys = ApiKey.Read(["0123456789abcdef"], "keys") });
        await using var browser = await Chromium.OpenAsync(server.Address.ToString());
        foreach (var key in new[] { "fedcba9876543210", "0123456789abcdef" })
        {
            await browser.Until("document.getElementById('key-dialog').open");
            await browser.Write("#key", key);
            await browser.Page.Keyboard.PressAsync("Enter");
            if (key[0] == 'f')
                await browser.Until("document.getElementById('key-dialog').open && !document.getElementById('key-wrong').hidden");
        }
        await ReadyAsync(browser);
        await SpeakAsync(browser, Served.Speaker, 7);
        await browser.Page.ReloadAsync();
        await ReadyAsync(browser);
        Assert.Equal("false", await browser.Get("document.getElementById('key-dialog').open"));
        Assert.Equal([server.Address.Authority], browser.Hosts.Where(h => h.Length > 0));
    }

    /// <summary>axe-core is not part of this repository: it is installed for the test alone.</summary>
    [Fact]
    public async Task EveryViewIsAccessibleInBothColoursAndFitsAPhone()
    {
        const string Axe = "axe-core@4.14.1";
        var npm = ExternalProgram.OnPath("npm");
        Assert.SkipWhen(npm is null, "npm is not installed.");
        var folder = Scratch.New("axe");
        try
        {
            ExternalProgram.Run(npm!, ["install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", Axe]);
        }
        catch (InvalidOperationException e)
        {
            Assert.Skip($"npm could not install {Axe}: {e.Message}");
        }
        var source = await File.ReadAllTextAsync(Path.Combine(folder, "node_modules", "axe-core", "axe.min.js"));
        var studio = TrainedModelTests.Trained("vera");
        await File.WriteAllTextAsync(Path.Combine(studio.Folder!, "vera", "served"), "");
        await using var server = await StartAsync(true, o => o with { Studio = studio });
        await using var browser = await Chromium.OpenAsync(server.Address.ToString());
        await ReadyAsync(browser);
        await SpeakAsync(browser, Served.Speaker, 7);
        await browser.Page.ClickAsync("nav [href='#voices']");
        await browser.Page.SelectAsync("#project", "vera");
        await browser.Until("document.getElementById('result-text').textContent.includes('speaks with the model vera')");
        await browser.Page.EvaluateExpressionAsync(source + "; 0");
        var wrong = new List<string>();
        foreach (var (scheme, width) in new[] { ("light", 1400), ("dark", 1400), ("light", 400), ("dark", 400) })
        {
            await browser.Page.EmulateMediaFeaturesAsync([new() { MediaFeature = MediaFeature.PrefersColorScheme, Value = scheme },
                new() { MediaFeature = MediaFeature.PrefersReducedMotion, Value = "reduce" }]); // no colour between two others
            await browser.Page.SetViewportAsync(new() { Width = width, Height = width > 1000 ? 900 : 800 });
            foreach (var view in Views)
            {
                await browser.Page.ClickAsync($"nav [href='#{view}']");
                await browser.Until($"!document.getElementById('view-{view}').hidden");
                Assert.Equal("true", await browser.Get("document.documentElement.scrollWidth <= innerWidth"));
                var found = await browser.Page.EvaluateExpressionAsync<string>("""
                    axe.run(document).then(r => JSON.stringify(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target + ' ' + n.failureSummary).join(' | '))))
                    """);
                wrong.AddRange(JsonSerializer.Deserialize<string[]>(found)!.Select(v => $"{view} {scheme} {width}: {v}"));
                await PictureAsync(browser, $"{view}-{scheme}-{width}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        CheckClean(browser, server);
    }

    internal static async Task PictureAsync(Chromium browser, string name)
    {
        await browser.Page.EvaluateExpressionAsync("scrollTo(0, 0)");
        var folder = Directory.CreateDirectory(Path.Combine(Golden.Repository, "out", "studio"));
        await browser.Page.ScreenshotAsync(Path.Combine(folder.FullName, name + ".png"), new() { FullPage = true });
    }
}
