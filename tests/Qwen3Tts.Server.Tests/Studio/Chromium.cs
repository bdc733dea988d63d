// A browser without a window for tests of pages: Debian's chromium, driven by PuppeteerSharp. It notes what a person would not see:
// messages of the console, and every host that a page asks for something.
using PuppeteerSharp;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests;

sealed class Chromium : IAsyncDisposable
{
    const int Patience = 180_000; // milliseconds: other programs may use the machine

    readonly IBrowser _browser;

    Chromium(IBrowser browser, IPage page) => (_browser, Page) = (browser, page);

    public IPage Page { get; }

    /// <summary>Errors and warnings of the console and of scripts.</summary>
    public List<string> Wrong { get; } = [];

    /// <summary>Host and port of each request; empty for data and blobs.</summary>
    public HashSet<string> Hosts { get; } = [];

    /// <summary>Opens a page, with a microphone that beeps; skips the test where there is no browser.</summary>
    public static async Task<Chromium> OpenAsync(string address)
    {
        var program = new[] { "chromium", "chromium-browser", "google-chrome" }.Select(ExternalProgram.OnPath)
            .FirstOrDefault(p => p is not null);
        Assert.SkipWhen(program is null, "No chromium is on the PATH; .ci/run installs it.");
        var browser = await Puppeteer.LaunchAsync(new()
        {
            ExecutablePath = program,
            UserDataDir = Scratch.New("browser"),
            Timeout = Patience,
            ProtocolTimeout = Patience,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"],
        });
        var page = await browser.NewPageAsync();
        page.DefaultTimeout = page.DefaultNavigationTimeout = Patience;
        var opened = new Chromium(browser, page);
        page.Console += (_, e) => opened.Wrong.Add(e.Message.Text);
        page.PageError += (_, e) => opened.Wrong.Add(e.Message);
        page.Request += (_, e) => opened.Hosts.Add(new Uri(e.Request.Url) is { Scheme: "http" or "https" } u ? u.Authority : "");
        await page.SetViewportAsync(new() { Width = 1400, Height = 900 });
        await page.GoToAsync(address);
        return opened;
    }

    /// <summary>Waits until a condition in JavaScript holds.</summary>
    public Task Until(string condition) => Page.WaitForFunctionAsync($"() => {condition}");

    /// <summary>The value of an expression, as text.</summary>
    public Task<string> Get(string expression) => Page.EvaluateExpressionAsync<string>($"String({expression})");

    /// <summary>Replaces what is written in a field.</summary>
    public async Task Write(string selector, string text)
    {
        await Page.FocusAsync(selector);
        await Page.EvaluateExpressionAsync("document.activeElement.select()");
        await Page.Keyboard.TypeAsync(text);
    }

    public async Task Choose(string selector, string file) =>
        await (await Page.QuerySelectorAsync(selector)).UploadFileAsync(file);

    public async ValueTask DisposeAsync()
    {
        await Page.DisposeAsync();
        await _browser.DisposeAsync();
    }
}
