using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3Tts.Audio;
using Qwen3Tts.Listening;
using Qwen3Tts.Server;

namespace Qwen3Tts.Tests.Server;

/// <summary>POST /score: what a client of verl-omni sends and accepts, and what the numbers follow.</summary>
public sealed class ScoreTests
{
    static readonly string Grammar = Path.Combine(Mini.Folder, "grammar.jsgf"), German = Path.Combine(Mini.Folder, "german.dict");

    public static JsonObject Request(Waveform speech, string prompt = Served.Text, JsonObject? metadata = null) => new()
    {
        ["protocol_version"] = "1",
        ["waveform_f32_base64"] = Convert.ToBase64String(MemoryMarshal.AsBytes(speech.Samples.AsSpan())),
        ["num_samples"] = speech.Samples.Length,
        ["sample_rate"] = speech.SampleRate,
        ["prompt"] = prompt,
        ["metadata"] = metadata ?? new JsonObject { ["id"] = "a-1", ["seed"] = 7, ["split"] = null },
    };

    static Task<HttpResponseMessage> SendAsync(JsonNode request, HttpClient? client = null) =>
        (client ?? Served.Client).PostAsJsonAsync(new Uri("/score", UriKind.Relative), request);

    static async Task<JsonElement> ScoreAsync(JsonNode request, HttpClient? client = null)
    {
        using var response = await SendAsync(request, client);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var score = await response.Content.ReadFromJsonAsync<JsonElement>();
        // verl-omni's client ends the training at a list, an object, a number that is not finite, and the name "error".
        Assert.All(score.EnumerateObject(), p => Assert.True(p.Name != "error" && p.Value.ValueKind is JsonValueKind.Number
            or JsonValueKind.String or JsonValueKind.Null, p.Name));
        Assert.InRange(Number(score, "score"), 0, 1);
        return score;
    }

    static double Number(JsonElement score, string name) => score.GetProperty(name).GetDouble();

    static Waveform Spoken { get; } = Served.Model.Say(Served.Text,
        new() { Voice = Served.Cloned, Sampling = Served.Model.Sampling with { Seed = 7 } }).Waveform;

    [Fact]
    public async Task TheNumbersAreThoseOfTheSpeech()
    {
        var score = await ScoreAsync(Request(Spoken, metadata: new() { ["voice"] = Served.Voice, ["id"] = 1 }));
        Assert.Equal(Spoken.Seconds, Number(score, "seconds"), 6);
        Assert.InRange(Number(score, "frames_per_token"), 1, 12);
        Assert.InRange(Number(score, "pitch_median"), 60, 500);
        Assert.InRange(Number(score, "likeness"), 0.5, 1);
        Assert.Equal(JsonValueKind.Null, score.GetProperty("word_error_rate").ValueKind);
        Assert.StartsWith("no speech recogniser", score.GetProperty("recogniser").GetString(), StringComparison.Ordinal);
        Assert.Equal("likeness, pace, silence, repetition", score.GetProperty("score_of").GetString());
        Assert.Equal(score.ToString(), (await ScoreAsync(Request(Spoken, metadata: new() { ["voice"] = Served.Voice }))).ToString());
    }

    [Fact]
    public async Task WhatGoesWrongInTrainingLowersTheScore()
    {
        var good = Number(await ScoreAsync(Request(Spoken)), "score");
        Assert.InRange(good, 0.9, 1);
        var rate = Spoken.SampleRate;
        // by whole frames, as generated speech repeats itself
        var whole = Spoken.Samples[..(Spoken.Samples.Length / 1920 * 1920)];
        var loop = await ScoreAsync(Request(new([.. Enumerable.Repeat(whole[..Math.Min(whole.Length, 1920 * 20)], 12).SelectMany(s => s)],
            rate)));
        Assert.InRange(Number(loop, "repeated"), 0.5, 1);
        Assert.InRange(Number(loop, "score"), 0, good / 2);
        var silent = await ScoreAsync(Request(new([.. Spoken.Samples, .. new float[9 * Spoken.Samples.Length]], rate)));
        Assert.InRange(Number(silent, "silence"), 0.9, 1);
        Assert.InRange(Number(silent, "score"), 0, good / 4);
        Assert.Equal(0, Number(await ScoreAsync(Request(new(new float[rate], rate))), "score"));
        Assert.Equal(0, Number(await ScoreAsync(Request(new([0.5f], rate))), "score"));
        var clip = AudioFile.Read(Path.Combine(Mini.Folder, "clips", "slt_1.wav"));
        double Likeness(JsonElement s) => Number(s, "likeness");
        var to = new JsonObject { ["voice"] = Served.Voice };
        Assert.True(Likeness(await ScoreAsync(Request(Served.Clip, metadata: (JsonObject)to.DeepClone())))
            > Likeness(await ScoreAsync(Request(clip, metadata: (JsonObject)to.DeepClone()))) + 0.05);
    }

    [Fact]
    public async Task WordsCountWhereARecogniserIs()
    {
        Assert.SkipWhen(PocketSphinx.Find(new(Grammar, German), out var reason) is null, reason);
        await using var server = await Served.StartAsync(o => o with { Grammar = Grammar, Dictionaries = [German] });
        using var client = new HttpClient { BaseAddress = server.Address };
        var right = await ScoreAsync(Request(Spoken), client);
        Assert.Equal(("pocketsphinx", 6), (right.GetProperty("recogniser").GetString(), right.GetProperty("words").GetInt32()));
        Assert.StartsWith("words, ", right.GetProperty("score_of").GetString(), StringComparison.Ordinal);
        var wrong = await ScoreAsync(Request(Spoken, "Robert has nine yellow pencils."), client);
        Assert.True(Number(wrong, "word_error_rate") > Number(right, "word_error_rate") + 0.5);
        Assert.True(Number(wrong, "score") < Number(right, "score") / 2);
        var silent = await ScoreAsync(Request(new(new float[24000], 24000)), client);
        Assert.Equal((0, JsonValueKind.Null), (Number(silent, "score"), silent.GetProperty("word_error_rate").ValueKind));
    }

    [Fact]
    public async Task WhatIsNoSpeechIsRefused()
    {
        var speech = new Waveform([0.1f, -0.2f, 0.3f], 24000);
        foreach (var (name, value, reason) in new (string, JsonNode?, string)[]
        {
            ("protocol_version", "2", "protocol '2'"),
            ("waveform_f32_base64", null, "no waveform"),
            ("waveform_f32_base64", "%%", "no base64"),
            ("waveform_f32_base64", Convert.ToBase64String([1, 2, 3]), "no base64"),
            ("waveform_f32_base64", Convert.ToBase64String(BitConverter.GetBytes(float.NaN)), "num_samples"),
            ("waveform_f32_base64", Request(new([0, 0, float.NaN], 24000))["waveform_f32_base64"]!.DeepClone(), "Sample 3"),
            ("waveform_f32_base64", Request(new([0, 30000, 1], 24000))["waveform_f32_base64"]!.DeepClone(), "16-bit"),
            ("num_samples", 4, "3 samples came"),
            ("sample_rate", null, "no sample rate"),
            ("sample_rate", 0, "sample rate is 0"),
            ("sample_rate", 24000.5, "sample_rate"),
            ("prompt", "?!", "no word"),
            ("prompt", new string('a', 5000), "5000 characters"),
            ("metadata", 1, "no object"),
            ("metadata", new JsonObject { ["voice"] = "nobody" }, "no saved voice"),
            ("metadata", new JsonObject { ["voice"] = Served.Speaker }, "no saved voice"),
            ("metadata", new JsonObject { ["voice"] = 1 }, "no text"),
            ("sampel_rate", 1, "no field 'sampel_rate'"),
        })
        {
            var request = Request(speech);
            request[name] = value;
            using var response = await SendAsync(request);
            Assert.Contains(reason, await Served.ErrorAsync(response, 400), StringComparison.Ordinal);
        }
        var other = Request(speech, metadata: new() { ["model"] = "x" });
        using var model = await SendAsync(other);
        await Served.ErrorAsync(model, 404);
    }

    [Fact]
    public async Task ItHasTheLimitsAndTheKeysOfTheOtherRequests()
    {
        const string Key = "0123456789abcdef0123";
        await using var server = await Served.StartAsync(o => o with { Keys = ApiKey.Read([Key], "keys.txt"), MostUploadBytes = 1000 });
        using var client = new HttpClient { BaseAddress = server.Address };
        client.DefaultRequestHeaders.ExpectContinue = true; // a body that is refused is not sent, so the answer is always read
        using var none = await SendAsync(Request(Spoken), client);
        await Served.ErrorAsync(none, 401);
        client.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        using var large = await SendAsync(Request(Spoken), client);
        await Served.ErrorAsync(large, 413);
        using var form = await client.PostAsync(new Uri("/score", UriKind.Relative), new StringContent("a"));
        await Served.ErrorAsync(form, 415);
    }
}
