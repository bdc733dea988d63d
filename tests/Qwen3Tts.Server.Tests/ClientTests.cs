using System.ClientModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Audio;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests.Server;

/// <summary>Programs that others wrote for OpenAI speak with the server.</summary>
public sealed class ClientTests
{
    const string NpmPackage = "openai@7.55.0";

    static OpenAIClient Client => new(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new(Served.Address, "/v1") });

    static AudioClient Audio => Client.GetAudioClient("mini");

    [Fact]
    public async Task TheOfficialClientForDotNetSpeaks()
    {
        var speech = await Audio.GenerateSpeechAsync(Served.Text, new("anna"), new() { ResponseFormat = GeneratedSpeechFormat.Wav });
        Assert.InRange(AudioFile.Read(speech.Value.ToStream(), "answer").Seconds, 0.5, 10);
        var refused = await Assert.ThrowsAsync<ClientResultException>(
            () => Audio.GenerateSpeechAsync(Served.Text, GeneratedSpeechVoice.Alloy));
        Assert.Equal(400, refused.Status);
        Assert.Contains("There is no voice 'alloy'", refused.Message, StringComparison.Ordinal);
        var fast = await Assert.ThrowsAsync<ClientResultException>(
            () => Audio.GenerateSpeechAsync(Served.Text, new("anna"), new() { SpeedRatio = 2 }));
        Assert.Contains("no setting for the speed", fast.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheOfficialClientForDotNetStreams()
    {
        var (audio, done) = (new List<byte>(), 0);
        await using var updates = await Audio.GenerateSpeechStreamingAsync(Served.Text, new("anna"),
            new() { ResponseFormat = GeneratedSpeechFormat.Pcm });
        await foreach (var update in updates)
            if (update is StreamingSpeechAudioDeltaUpdate delta)
                audio.AddRange(delta.AudioBytes.ToArray());
            else if (update is StreamingSpeechAudioDoneUpdate)
                done++;
        Assert.Equal(1, done);
        Assert.InRange(audio.Count, 24_000, 24_000 * 2 * 10);
    }

    [Fact]
    public async Task TheInterfaceOfMicrosoftSpeaksThroughIt()
    {
        using var client = Audio.AsITextToSpeechClient();
        var response = await client.GetAudioAsync(Served.Text, new() { VoiceId = "anna", AudioFormat = "wav" });
        var content = Assert.Single(response.Contents.OfType<DataContent>());
        Assert.InRange(AudioFile.Read(new MemoryStream(content.Data.ToArray()), "answer").Seconds, 0.5, 10);
    }

    [Fact]
    public void TheOfficialClientForNodeSpeaks()
    {
        Assert.SkipWhen(ExternalProgram.OnPath("node") is null || ExternalProgram.OnPath("npm") is null, "node or npm is not installed.");
        var folder = Scratch.New("node");
        Assert.SkipUnless(Run("npm", folder, out var wrong, "install", "--no-audit", "--no-fund", "--silent", NpmPackage) == 0,
            $"npm could not install {NpmPackage}: {wrong}");
        File.WriteAllText(Path.Combine(folder, "speak.mjs"), """
            import OpenAI from "openai";
            const client = new OpenAI({ baseURL: process.argv[2], apiKey: "none", maxRetries: 0 });
            const request = { model: "mini", voice: "anna", input: "Set white at B four now.", response_format: "pcm" };
            const whole = await client.audio.speech.create({ ...request, seed: 7 });
            console.log((await whole.arrayBuffer()).byteLength > 24000, whole.headers.get("x-seed"));
            const stream = await client.audio.speech.create({ ...request, stream_format: "audio" });
            let pieces = 0;
            for await (const piece of stream.body) pieces += piece.length > 0;
            console.log(pieces > 1);
            try { await client.audio.speech.create({ ...request, voice: "alloy" }); }
            catch (e) { console.log(e.status, e.message.includes("There is no voice 'alloy'")); }
            console.log((await client.models.list()).data.map(m => m.id).join());
            """);
        Assert.Equal(0, Run("node", folder, out var output, "speak.mjs", new Uri(Served.Address, "/v1").ToString()));
        Assert.Equal("true 7\ntrue\n400 true\nmini", output.Trim().ReplaceLineEndings("\n"));
    }

    /// <summary>The program is asked, because it has no reflection for JSON, like one that is compiled ahead of time.</summary>
    [Fact]
    public async Task TheDocumentOfTheApiHasEveryRequestAndField()
    {
        using var process = Program.Start("--no-studio");
        try
        {
            using var client = new HttpClient { BaseAddress = await Program.AddressAsync(process) };
            var document = JsonDocument.Parse(await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative))).RootElement;
            Assert.Equal(["/healthz", "/metrics", "/score", "/v1/audio/speech", "/v1/audio/voices", "/v1/audio/voices/{name}",
                "/v1/models", "/v1/models/{name}"],
                document.GetProperty("paths").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
            string Fields(string schema) => string.Join(' ', document.GetProperty("components").GetProperty("schemas").GetProperty(schema)
                .GetProperty("properties").EnumerateObject().Select(p => p.Name));
            Assert.StartsWith("input model voice response_format", Fields("SpeechBody"), StringComparison.Ordinal);
            Assert.Equal("protocol_version waveform_f32_base64 num_samples sample_rate prompt metadata", Fields("ScoreBody"));
            Assert.Equal("audio_sample name consent ref_text model", Fields("VoiceForm"));
        }
        finally
        {
            process.Kill();
        }
    }

    /// <summary>Every shell example of docs/serve.md that begins with curl works against a server of the miniature.</summary>
    [Fact]
    public async Task TheExamplesOfTheDocumentWork()
    {
        Assert.SkipWhen(ExternalProgram.OnPath("curl") is null || ExternalProgram.OnPath("sh") is null, "curl or sh is not installed.");
        var text = File.ReadAllText(Path.Combine(Golden.Repository, "docs", "serve.md")).ReplaceLineEndings("\n");
        var blocks = Regex.Matches(text, "^```sh\n(curl.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)
            .Select(m => m.Groups[1].Value).ToList();
        Assert.InRange(blocks.Count, 6, 30);
        await using var server = await Served.StartAsync(o => o with { VoicesFolder = Scratch.New("examples") });
        var folder = Scratch.New("curl");
        File.WriteAllBytes(Path.Combine(folder, "me.wav"), Served.ClipBytes);
        foreach (var block in blocks)
        {
            var script = block.Replace("localhost:8080", server.Address.Authority, StringComparison.Ordinal)
                .Replace("curl ", "curl -sS --fail-with-body ", StringComparison.Ordinal);
            var code = Run("sh", folder, out var output, "-ec", script);
            Assert.True(code == 0, $"{block}\n{output}");
        }
        Assert.All(Directory.GetFiles(folder, "*.wav"), f => Assert.InRange(AudioFile.Read(f).Seconds, 0.3, 30));
        Assert.True(File.Exists(Path.Combine(folder, "speech.wav")));
    }

    static int Run(string program, string folder, out string output, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            output += errors.Result;
        return process.ExitCode;
    }
}
