using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Generation;
using Qwen3Tts.Server;

[assembly: AssemblyFixture(typeof(Qwen3Tts.Tests.Scratch))]
[assembly: AssemblyFixture(typeof(Qwen3Tts.Tests.Server.Served))]

namespace Qwen3Tts.Tests.Server;

/// <summary>
/// The miniature, with the named speaker sally, a saved voice and two adapters, behind a real socket. Tests that need other limits start
/// a server of their own over the same model.
/// </summary>
public sealed class Served : IAsyncLifetime
{
    public const string Text = "Set white at B four now.", Voice = "anna", Speaker = "sally";
    public static readonly string[] Adapted = ["nora", "otto"];

    public static Tts Model { get; } = Tts.Load(WithSpeaker(Scratch.New("mini"), Speaker), new() { Threads = 2 });
    public static Waveform Clip { get; } = AudioFile.Read(Path.Combine(Mini.Folder, "clips", "rms_1.wav"));
    public static byte[] ClipBytes { get; } = File.ReadAllBytes(Path.Combine(Mini.Folder, "clips", "rms_1.wav"));
    static readonly Lazy<string> Folder = new(MakeVoices);
    static SpeechServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Assert.Equal(0, Model.StatesInUse);
    }

    /// <summary>The folder with the saved voice and the adapters.</summary>
    public static string Voices => Folder.Value;
    public static Uri Address => _server.Address;
    public static HttpClient Client => new() { BaseAddress = Address };

    public static SpeechServerOptions Options { get; } = new()
    {
        Models = [("mini", Model)],
        Port = 0,
        MostTogether = 8,
        MostWaiting = 64,
    };

    public static Task<SpeechServer> StartAsync(Func<SpeechServerOptions, SpeechServerOptions>? change = null)
    {
        var options = Options with { VoicesFolder = Folder.Value };
        return SpeechServer.StartAsync(change?.Invoke(options) ?? options);
    }

    /// <summary>A short request, as JSON, with other fields.</summary>
    public static JsonObject Request(params (string Name, JsonNode? Value)[] fields)
    {
        var request = new JsonObject
        {
            ["model"] = "mini",
            ["input"] = Text,
            ["voice"] = Voice,
            ["seed"] = 7,
            ["max_seconds"] = 0.96,
        };
        foreach (var (name, value) in fields)
            request[name] = value;
        return request;
    }

    public static Task<HttpResponseMessage> SpeakAsync(JsonObject request, HttpClient? client = null, CancellationToken stop = default) =>
        (client ?? Client).SendAsync(new(HttpMethod.Post, "/v1/audio/speech")
        {
            Content = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json"),
        }, HttpCompletionOption.ResponseHeadersRead, stop);

    /// <summary>Waits for what happens after an answer: a request is logged and counted then.</summary>
    public static async Task UntilAsync(Func<Task<bool>> happened)
    {
        for (var i = 0; !await happened(); i++)
        {
            Assert.True(i < 600, "It did not happen within a minute.");
            await Task.Delay(100);
        }
    }

    public static async Task OkAsync(Task<HttpResponseMessage> sent)
    {
        using var response = await sent;
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    public static async Task RefusedAsync(Task<HttpResponseMessage> sent, int status, string reason)
    {
        using var response = await sent;
        Assert.Contains(reason, await ErrorAsync(response, status), StringComparison.Ordinal);
    }

    /// <summary>The message of a refusal.</summary>
    public static async Task<string> ErrorAsync(HttpResponseMessage response, int status)
    {
        Assert.Equal(status, (int)response.StatusCode);
        var error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        foreach (var name in new[] { "message", "type", "param", "code" })
            Assert.True(error.TryGetProperty(name, out _));
        return error.GetProperty("message").GetString()!;
    }

    /// <summary>What the library speaks for <see cref="Request"/>, with the limits of the server.</summary>
    public static float[] Expected(ulong seed = 7, Func<SpeechOptions, SpeechOptions>? change = null, string text = Text)
    {
        var options = new SpeechOptions
        {
            Voice = Cloned,
            Sampling = Model.Sampling with { Seed = seed, MaxFrames = 12 },
            MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken,
            MaxRepeatedSeconds = SpeechOptions.UsualMaxRepeatedSeconds,
        };
        return Model.Say(text, change?.Invoke(options) ?? options).Samples;
    }

    public static Voice Cloned { get; } = Model.Clone(Clip);

    public static byte[] Pcm(float[] samples)
    {
        var bytes = new MemoryStream();
        WavFile.WriteSamples(bytes, samples, WavFormat.Pcm16);
        return bytes.ToArray();
    }

    static string MakeVoices()
    {
        var folder = Scratch.New("voices");
        Model.CreateVoice(Voice, [("rms_1.wav", Clip)]).Write(Path.Combine(folder, Voice + ".voice.safetensors"));
        for (var i = 0; i < Adapted.Length; i++)
            WriteAdapter(Path.Combine(folder, Adapted[i]), Adapted[i], i + 1);
        File.WriteAllText(Path.Combine(folder, "broken.voice.safetensors"), "no voice");
        return folder;
    }

    /// <summary>An adapter of every kind of layer, with a speaker of its own.</summary>
    public static void WriteAdapter(string folder, string speaker, int seed, double strength = 0.05)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, Adapter.ConfigName), """{"peft_type": "LORA", "r": 4, "lora_alpha": 4, "bias": "none"}""");
        var random = new Random(seed);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - 0.5) * strength))];
        using var weights = ModelFolder.Open(Mini.Model).OpenWeights();
        var pairs = new List<TensorToWrite>();
        foreach (var entry in weights.Entries.Where(e => e.Name.Contains(".layers.", StringComparison.Ordinal)
            && e.Name.EndsWith("_proj.weight", StringComparison.Ordinal) && TensorNames.IsIn(e.Name, TensorNames.Talker))
            .OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            var name = Adapter.Prefix + entry.Name[..^".weight".Length];
            pairs.Add(TensorToWrite.FromArray(name + Adapter.Down, [4, entry.Shape[1]], Numbers(4 * entry.Shape[1])));
            pairs.Add(TensorToWrite.FromArray(name + Adapter.Up, [entry.Shape[0], 4], Numbers(entry.Shape[0] * 4)));
        }
        SafetensorsWriter.Write(Path.Combine(folder, Adapter.TensorsName), pairs);
        SafetensorsWriter.Write(Path.Combine(folder, Adapter.VoicesName),
            [TensorToWrite.FromArray(speaker, [Cloned.Vector.Length], Cloned.Vector)]);
    }

    /// <summary>Copies the miniature into a folder, with a speaker of this name.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="speaker">The speaker.</param>
    /// <param name="kind">custom_voice, as training exports it; null leaves it a Base model.</param>
    public static string WithSpeaker(string folder, string speaker, string? kind = null)
    {
        foreach (var file in Directory.GetFiles(Mini.Model, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(folder, Path.GetRelativePath(Mini.Model, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        var path = Path.Combine(folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config["talker_config"]!["spk_id"]![speaker] = 700;
        config["tts_model_type"] = kind ?? config["tts_model_type"]!.GetValue<string>();
        File.WriteAllText(path, config.ToJsonString());
        return folder;
    }
}
