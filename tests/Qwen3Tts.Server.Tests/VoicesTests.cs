using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Voices;

namespace Qwen3Tts.Tests.Server;

/// <summary>Voices that requests make, list and delete.</summary>
public sealed class VoicesTests
{
    static readonly Uri Voices = new("/v1/audio/voices", UriKind.Relative);

    static MultipartFormDataContent Form(byte[] audio, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent { { new ByteArrayContent(audio), "audio_sample", "../../evil.wav" } };
        foreach (var (name, value) in fields)
            form.Add(new StringContent(value), name);
        return form;
    }

    [Fact]
    public async Task AVoiceIsMadeSpokenWithAndDeleted()
    {
        var folder = Scratch.New("kept");
        await using var server = await Served.StartAsync(o => o with { VoicesFolder = folder });
        using var client = new HttpClient { BaseAddress = server.Address };
        using var made = await client.PostAsync(Voices, Form(Served.ClipBytes, ("name", "me"), ("consent", "form 12")));
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
        var voice = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("voice");
        Assert.Equal("form 12", voice.GetProperty("consent").GetString());
        Assert.Equal(["me.voice.safetensors"], Directory.GetFiles(folder).Select(Path.GetFileName));
        Assert.Equal("form 12", VoiceFile.Read(Path.Combine(folder, "me.voice.safetensors")).Consent);

        var list = await client.GetFromJsonAsync<JsonElement>(Voices);
        Assert.Equal(["sally", "me"], list.GetProperty("voices").EnumerateArray().Select(v => v.GetString()));
        using var speech = await Served.SpeakAsync(Served.Request(("voice", "me"), ("response_format", "pcm")), client);
        Assert.Equal(Served.Pcm(Served.Expected()), await speech.Content.ReadAsByteArrayAsync());

        using var again = await client.PostAsync(Voices, Form(Served.ClipBytes, ("name", "me"), ("consent", "x")));
        Assert.Contains("already", await Served.ErrorAsync(again, 409), StringComparison.Ordinal);
        using var deleted = await client.DeleteAsync(new Uri("/v1/audio/voices/me", UriKind.Relative));
        Assert.True(deleted.IsSuccessStatusCode);
        Assert.Empty(Directory.GetFiles(folder));
        using var gone = await client.DeleteAsync(new Uri("/v1/audio/voices/me", UriKind.Relative));
        await Served.ErrorAsync(gone, 404);
    }

    [Theory]
    [InlineData("../evil", "x", 400, "cannot be the name")]
    [InlineData("a/b", "x", 400, "cannot be the name")]
    [InlineData("/etc/passwd", "x", 400, "cannot be the name")]
    [InlineData("con", "x", 400, "cannot be the name")]
    [InlineData("Größe", "x", 400, "cannot be the name")]
    [InlineData("", "x", 400, "cannot be the name")]
    [InlineData("sally", "x", 409, "already")]
    [InlineData("fine", "", 400, "how the speaker agreed")]
    public async Task NamesArePlainAndConsentIsNeeded(string name, string consent, int status, string reason)
    {
        using var client = Served.Client;
        using var response = await client.PostAsync(Voices, Form(Served.ClipBytes, ("name", name), ("consent", consent)));
        Assert.Contains(reason, await Served.ErrorAsync(response, status), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UploadsHaveLimits()
    {
        var folder = Scratch.New("limits");
        await using var server = await Served.StartAsync(o => o with { VoicesFolder = folder, MostUploadBytes = 200_000 });
        using var client = new HttpClient { BaseAddress = server.Address };
        client.DefaultRequestHeaders.ExpectContinue = true; // a body that is refused is not sent, so the answer is always read
        async Task<string> Refused(byte[] audio, int status, params (string, string)[] more)
        {
            using var response = await client.PostAsync(Voices, Form(audio, [("name", "x"), ("consent", "x"), .. more]));
            return await Served.ErrorAsync(response, status);
        }
        Assert.Contains("200000", await Refused(new byte[200_001], 413), StringComparison.Ordinal);
        Assert.Contains("not a recording", await Refused(new byte[1000], 400), StringComparison.Ordinal);
        Assert.Contains("silent", await Refused(Wav(new float[24000]), 400), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("no field 'speed'", await Refused(Served.ClipBytes, 400, ("speed", "1")), StringComparison.Ordinal);
        // A small file of hours of silence is not decoded to its end.
        var hours = new MemoryStream();
        FlacWriter.Write(hours, new(new float[13_000_000], 8000), 16);
        Assert.InRange(hours.Length, 1, 199_999);
        Assert.Contains("more than 11520000 samples", await Refused(hours.ToArray(), 400), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder));
        using var json = await client.PostAsync(Voices, new StringContent("{}", System.Text.Encoding.UTF8, "application/json"));
        await Served.ErrorAsync(json, 415);
    }

    [Fact]
    public async Task ThereIsAMostOfVoicesAndOfTheSameName()
    {
        var folder = Scratch.New("most");
        await using var server = await Served.StartAsync(o => o with { VoicesFolder = folder, MostVoices = 2 });
        using var client = new HttpClient { BaseAddress = server.Address };
        async Task<int> Make(string name)
        {
            using var made = await client.PostAsync(Voices, Form(Served.ClipBytes, ("name", name), ("consent", "x")));
            return (int)made.StatusCode;
        }
        Assert.Equal([200, 409, 409], (await Task.WhenAll(Make("twin"), Make("twin"), Make("twin"))).Order());
        Assert.Equal([200, 409, 409], (await Task.WhenAll(Make("a"), Make("b"), Make("c"))).Order());
        Assert.Equal(2, Directory.GetFiles(folder).Length);
    }

    static byte[] Wav(float[] samples)
    {
        var bytes = new MemoryStream();
        WavFile.Write(bytes, new(samples, 24000));
        return bytes.ToArray();
    }

    [Fact]
    public async Task AFileInThePlaceOfAFolderIsRefused()
    {
        var file = Path.Combine(Scratch.New("file"), "voices");
        File.WriteAllText(file, "not a folder");
        var usual = Served.Options;
        foreach (var options in new[] { usual with { VoicesFolder = file }, usual with { Studio = new() { Folder = file } } })
        {
            var failure = await Assert.ThrowsAsync<IOException>(() => Qwen3Tts.Server.SpeechServer.StartAsync(options));
            Assert.Contains($"'{file}' cannot be written", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task WithoutAFolderNoVoiceIsKept()
    {
        await using var server = await Served.StartAsync(o => o with { VoicesFolder = null });
        using var client = new HttpClient { BaseAddress = server.Address };
        using var response = await client.PostAsync(Voices, Form(Served.ClipBytes, ("name", "x"), ("consent", "x")));
        Assert.Contains("--voices", await Served.ErrorAsync(response, 403), StringComparison.Ordinal);
        using var shared = Served.Client;
        using var outside = await shared.DeleteAsync(new Uri("/v1/audio/voices/..%2F..%2Fanna", UriKind.Relative));
        await Served.ErrorAsync(outside, 404);
    }

    [Fact]
    public async Task AnAdapterIsDeletedAndNothingElse()
    {
        var (folder, elsewhere) = (Scratch.New("adapters"), Scratch.New("elsewhere"));
        foreach (var (name, seed) in new[] { ("nora", 1), ("pair", 2), ("own", 3) })
            Served.WriteAdapter(Path.Combine(folder, name), name, seed);
        var voices = Path.Combine(folder, "pair", "voices.safetensors");
        File.Delete(voices);
        Checkpoint.SafetensorsWriter.Write(voices, [.. new[] { "eva", "adam" }.Select(v =>
            Checkpoint.TensorToWrite.FromArray(v, [Served.Cloned.Vector.Length], Served.Cloned.Vector))]);
        File.WriteAllText(Path.Combine(folder, "own", "notes.txt"), "somebody's");
        Served.WriteAdapter(Path.Combine(elsewhere, "linked"), "linked", 4);
        Directory.CreateSymbolicLink(Path.Combine(folder, "linked"), Path.Combine(elsewhere, "linked"));
        await using var server = await Served.StartAsync(o => o with { VoicesFolder = folder });
        using var client = new HttpClient { BaseAddress = server.Address };
        Assert.Equal(["sally", "adam", "eva", "linked", "nora", "own"], server.Voices);

        // One that speaks at this moment goes on to its end.
        using var speech = await Served.SpeakAsync(Served.Request(("voice", "nora"), ("stream_format", "audio")), client);
        foreach (var name in new[] { "nora", "EVA", "own", "linked" })
        {
            using var deleted = await client.DeleteAsync(new Uri($"/v1/audio/voices/{name}", UriKind.Relative));
            Assert.True(deleted.IsSuccessStatusCode, await deleted.Content.ReadAsStringAsync());
            if (name == "EVA")
                Assert.Contains("adam, eva", await deleted.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        Assert.NotEmpty(await speech.Content.ReadAsByteArrayAsync());
        Assert.Equal(["sally"], server.Voices);
        Assert.Equal([Path.Combine(folder, "own")], Directory.GetFileSystemEntries(folder));
        Assert.Equal(["notes.txt"], Directory.GetFileSystemEntries(Path.Combine(folder, "own")).Select(Path.GetFileName));
        Assert.True(File.Exists(Path.Combine(elsewhere, "linked", "adapter_config.json")));
    }

    [Fact]
    public async Task TheListsTellKindsAndModels()
    {
        using var client = Served.Client;
        var list = await client.GetFromJsonAsync<JsonElement>(Voices);
        Assert.Equal([("sally", "speaker"), ("anna", "saved"), ("nora", "adapter"), ("otto", "adapter")],
            list.GetProperty("data").EnumerateArray().Select(v => (v.GetProperty("name").GetString()!,
                v.GetProperty("kind").GetString()!)));
        var model = Assert.Single((await client.GetFromJsonAsync<JsonElement>(new Uri("/v1/models", UriKind.Relative))).GetProperty("data")
            .EnumerateArray());
        Assert.Equal(("mini", "model"), (model.GetProperty("id").GetString(), model.GetProperty("object").GetString()));
    }

    /// <summary>The program is killed while it writes voices: whatever is there can be read, and the next server serves it.</summary>
    [Fact]
    public async Task AKilledServerLeavesNoBrokenVoice()
    {
        var folder = Scratch.New("killed");
        using var process = Program.Start("--voices", folder);
        using var client = new HttpClient { BaseAddress = await Program.AddressAsync(process) };
        var uploads = Enumerable.Range(0, 3).Select(async worker =>
        {
            for (var i = 0; i < 1000; i++)
                using (await client.PostAsync(Voices, Form(Served.ClipBytes, ("name", $"v{worker}-{i}"), ("consent", "x"))))
                {
                }
        }).ToList();
        while (Directory.GetFiles(folder, "*.voice.safetensors").Length < 4)
            await Task.Delay(20);
        process.Kill();
        foreach (var upload in uploads)
            await Assert.ThrowsAnyAsync<Exception>(() => upload);
        await process.WaitForExitAsync();
        var voices = Directory.GetFiles(folder, "*.voice.safetensors");
        Assert.All(voices, path => Served.Model.Use(VoiceFile.Read(path)));
        await using var next = await Served.StartAsync(o => o with { VoicesFolder = folder });
        Assert.Equal(voices.Length + 1, next.Voices.Count);
        Assert.Equal(voices.Length, Directory.GetFiles(folder).Length); // what was not complete is removed
    }
}

/// <summary>The server as a program.</summary>
static class Program
{
    public static Process Start(params string[] arguments)
    {
        var built = Path.Combine(Golden.Repository, "artifacts", "bin", "Qwen3Tts.Cli",
            new DirectoryInfo(AppContext.BaseDirectory).Name, "Qwen3Tts.Cli.dll");
        string[] command = ["dotnet", built, "serve", Mini.Model, "--port", "0", .. arguments];
        return Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        })!;
    }

    /// <summary>The address that it prints when it serves.</summary>
    public static async Task<Uri> AddressAsync(Process process)
    {
        var line = await process.StandardOutput.ReadLineAsync() ?? await process.StandardError.ReadToEndAsync();
        process.BeginErrorReadLine();
        return new(line.Split(' ').First(w => w.StartsWith("http://", StringComparison.Ordinal)).TrimEnd(',')[..^"v1".Length]);
    }
}
