using static Qwen3Tts.Tests.Server.Studio.StudioPageTests;

namespace Qwen3Tts.Tests.Server.Studio;

/// <summary>Training in the browser, by clicks: what was trained is served, and removed.</summary>
public sealed class TrainingPageTests
{
    [Fact]
    public async Task AVoiceIsTrainedByClicks()
    {
        await using var server = await StartAsync();
        await using var browser = await Chromium.OpenAsync(server.Address + "#voices");
        var page = browser.Page;
        await BeginAsync(browser);
        var text = Path.Combine(Scratch.New("texts"), "rms_1.txt");
        await File.WriteAllTextAsync(text, Served.Text);
        await (await page.QuerySelectorAsync("#train-file")).UploadFileAsync(Clip, text);
        await browser.Until("document.querySelector('#recordings textarea')?.value.includes('white')");
        await page.ClickAsync("#slice");
        await browser.Until("document.querySelectorAll('#clips > li').length == 1");
        await page.ClickAsync("#clips [aria-label='Play clip 1']");
        await browser.Until("document.querySelector('#clips audio').currentTime > 0");
        await browser.Until("!document.getElementById('train-go').disabled");
        await page.ClickAsync("#train-go");
        await browser.Until("!document.getElementById('serve-result').hidden");
        Assert.Equal("Loss of the run, step 20 of 20: 1.35, held out 3.73",
            await browser.Get("document.getElementById('curve').ariaLabel"));
        await page.ClickAsync("#serve-result");
        await browser.Until("document.querySelector('[aria-label=\"Speak with vera\"]')");
        await PictureAsync(browser, "training");

        await page.ClickAsync("[aria-label='Delete vera']");
        await browser.Until("document.getElementById('ask-text').textContent.includes('adapter')");
        await page.ClickAsync("#ask-no");
        await browser.Until("!document.getElementById('ask-dialog').open");
        Assert.Contains("vera", server.Voices);
        await page.ClickAsync("[aria-label='Delete vera']");
        await page.ClickAsync("#ask-yes");
        await browser.Until("!document.querySelector('[aria-label=\"Delete vera\"]') && !document.getElementById('serve-result').hidden");
        Assert.DoesNotContain("vera", server.Voices);
        await page.ClickAsync("#serve-result"); // what was trained is still there
        await browser.Until("document.querySelector('[aria-label=\"Speak with vera\"]')");
        CheckClean(browser, server);
    }

    [Fact]
    public async Task AWholeModelIsServedByAClickAndRemoved()
    {
        await using var server = await StartAsync();
        await using var browser = await Chromium.OpenAsync(server.Address + "#voices");
        var page = browser.Page;
        await BeginAsync(browser);
        await browser.Choose("#train-file", Clip);
        await browser.Until("document.querySelector('#recordings textarea')");
        await browser.Write("#recordings textarea", Served.Text);
        await page.FocusAsync("#train-method"); // which leaves the text
        await page.SelectAsync("#train-method", "checkpoint");
        await browser.Until("document.getElementById('project-status').textContent == 'Saved.'");
        await page.ClickAsync("#train-go");
        await browser.Until("document.getElementById('serve-result').textContent == 'Serve this model'");
        await page.ClickAsync("#serve-result");
        await browser.Until("document.querySelector('[aria-label=\"Remove the model vera\"]')");
        await browser.Until("document.getElementById('result-text').textContent.includes('speaks with the model vera')");
        await PictureAsync(browser, "model");

        await page.ClickAsync("[aria-label='Speak with vera']");
        await browser.Until("document.getElementById('speak-model').value == 'vera'");
        await SpeakAsync(browser, "vera", 7);
        await page.ClickAsync("nav [href='#voices']");
        await page.ClickAsync("[aria-label='Remove the model vera']");
        Assert.Equal("Remove", await browser.Get("document.getElementById('ask-yes').textContent"));
        await page.ClickAsync("#ask-yes");
        await browser.Until("!document.querySelector('[aria-label=\"Speak with vera\"]')");
        await browser.Until("!document.getElementById('serve-result').hidden");
        Assert.DoesNotContain("vera", server.Voices);
        CheckClean(browser, server);
    }

    /// <summary>The page asks how a job goes only while it runs and somebody sees the page.</summary>
    [Fact]
    public async Task NobodyIsAskedForAPageThatNobodySees()
    {
        await using var server = await StartAsync(true, o => o with
        {
            Studio = o.Studio! with { Trainer = new TrainerDouble { Waits = true }.Run },
        });
        await using var browser = await Chromium.OpenAsync(server.Address + "#voices");
        await ReadyAsync(browser);
        var page = browser.Page;
        await page.EvaluateExpressionAsync("""
            window.asked = 0;
            window.unseen = false;
            window.later = setTimeout;
            window.setTimeout = (what, after) => { if (after === 1500) asked++; return later(what, after); };
            Object.defineProperty(document, 'hidden', { get: () => unseen });
            window.gets = () => performance.getEntriesByType('resource').filter(r => r.name.endsWith('/projects/vera')).length;
            """);
        Task SeeAsync(bool seen) => page.EvaluateExpressionAsync(
            $"unseen = {(seen ? "false" : "true")}; document.dispatchEvent(new Event('visibilitychange'))");
        await browser.Write("#project-name", "vera");
        await page.ClickAsync("#project-form button");
        await browser.Until("!document.getElementById('project-view').hidden");
        await browser.Choose("#train-file", Clip);
        await browser.Until("document.querySelector('#recordings textarea')");
        Assert.Equal("0", await browser.Get("asked"));
        await page.ClickAsync("#slice");
        await browser.Until("asked > 1"); // it runs, and is seen
        await SeeAsync(false);
        var (asked, gets) = (await browser.Get("asked"), await browser.Get("gets()"));
        await page.EvaluateExpressionAsync("document.getElementById('project').dispatchEvent(new Event('change'))");
        await browser.Until($"gets() > {gets} && document.getElementById('job-stop').hidden === false");
        Assert.Equal(asked, await browser.Get("asked"));
        await SeeAsync(true);
        await browser.Until($"asked > {asked}");
        await page.ClickAsync("#job-stop");
        await browser.Until("document.getElementById('job-stop').hidden");
        CheckClean(browser, server);
    }

    /// <summary>Begins the project vera.</summary>
    static async Task BeginAsync(Chromium browser)
    {
        await ReadyAsync(browser);
        await browser.Write("#project-name", "vera");
        await browser.Page.ClickAsync("#project-form button");
        await browser.Until("!document.getElementById('project-view').hidden");
    }
}
