using System.Net.ServerSentEvents;
using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests.Server;

/// <summary>What is spoken is what the library speaks, in each format and way of sending.</summary>
public sealed class SpeechTests
{
    [Theory]
    [InlineData("wav", "audio/wav")]
    [InlineData("flac", "audio/flac")]
    [InlineData("pcm", "audio/pcm")]
    public async Task AWholeSpeechHasTheSamplesOfTheLibraryAndTellsHowItWent(string format, string type)
    {
        using var response = await Served.SpeakAsync(Served.Request(("response_format", format)));
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        Assert.NotNull(response.Content.Headers.ContentLength);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        var expected = Served.Pcm(Served.Expected());
        Assert.Equal(expected, format == "pcm" ? bytes : Served.Pcm(AudioFile.Read(new MemoryStream(bytes), "answer").Samples));
        string Fact(string name) => Assert.Single(response.Headers.GetValues(name));
        Assert.Equal(("7", "length", "12", "0.960", "24000"),
            (Fact("X-Seed"), Fact("X-Finish-Reason"), Fact("X-Frames"), Fact("X-Audio-Seconds"), Fact("X-Sample-Rate")));
        Assert.True(double.Parse(Fact("X-First-Audio-Seconds")) <= double.Parse(Fact("X-Total-Seconds")));
    }

    [Theory]
    [InlineData("opus")]
    [InlineData("mp3")]
    [InlineData("aac")]
    public async Task CompressedFormatsCanBeHeard(string format)
    {
        Assert.SkipWhen(format != "opus" && Files.ExternalProgram.OnPath("ffmpeg") is null, "ffmpeg is not installed.");
        using var response = await Served.SpeakAsync(Served.Request(("response_format", format)));
        var bytes = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal(200, (int)response.StatusCode);
        if (format == "aac")
            Assert.Equal(0xFF, bytes[0]); // ADTS, which is not read here
        else
            Assert.InRange(AudioFile.Read(new MemoryStream(bytes), "answer").Seconds, 0.9, 1.1);
    }

    [Theory]
    [InlineData("wav")]
    [InlineData("flac")]
    [InlineData("pcm")]
    [InlineData("opus")]
    public async Task WhatIsSentAsItIsMadeIsTheSame(string format)
    {
        using var whole = await Served.SpeakAsync(Served.Request(("response_format", format)));
        using var sent = await Served.SpeakAsync(Served.Request(("response_format", format), ("stream_format", "audio")));
        Assert.Null(sent.Content.Headers.ContentLength);
        float[] Samples(byte[] bytes) => AudioFile.Read(new MemoryStream(format != "pcm" ? bytes
            : [.. WavFile.Header(24000, WavFormat.Pcm16, bytes.Length / 2), .. bytes]), "answer").Samples;
        Assert.Equal(Samples(await whole.Content.ReadAsByteArrayAsync()), Samples(await sent.Content.ReadAsByteArrayAsync()));
    }

    [Fact]
    public async Task EventsHaveTheAudioAndTheEnd()
    {
        using var response = await Served.SpeakAsync(Served.Request(("stream", true), ("response_format", "pcm")));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        var audio = new List<byte>();
        var deltas = 0;
        JsonElement last = default;
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            last = JsonDocument.Parse(item.Data).RootElement;
            Assert.Equal(item.EventType, last.GetProperty("type").GetString());
            if (item.EventType == "speech.audio.delta")
                audio.AddRange(last.GetProperty("audio").GetBytesFromBase64());
            deltas += item.EventType == "speech.audio.delta" ? 1 : 0;
        }
        Assert.Equal(Served.Pcm(Served.Expected()), audio);
        Assert.InRange(deltas, 2, 12);
        Assert.Equal(("speech.audio.done", "length", 7, 12), (last.GetProperty("type").GetString(),
            last.GetProperty("finish_reason").GetString(), last.GetProperty("seed").GetInt32(),
            last.GetProperty("usage").GetProperty("output_tokens").GetInt32()));
    }

    [Fact]
    public async Task FieldsOfOtherServersMeanTheSame()
    {
        var recording = "data:audio/wav;base64," + Convert.ToBase64String(Served.ClipBytes);
        async Task<byte[]> Speak(params (string, System.Text.Json.Nodes.JsonNode?)[] fields)
        {
            using var response = await Served.SpeakAsync(Served.Request([("response_format", "pcm"), .. fields]));
            var bytes = await response.Content.ReadAsByteArrayAsync();
            Assert.True(response.IsSuccessStatusCode, System.Text.Encoding.UTF8.GetString(bytes));
            return bytes;
        }
        Assert.Equal(Served.Pcm(Served.Expected()), await Speak(("voice", null), ("task_type", "Base"), ("ref_audio", recording),
            ("x_vector_only_mode", true), ("ref_text", "is not used"), ("max_seconds", null), ("max_new_tokens", 13)));
        const string Said = "Set white at B four now.";
        var inContext = Served.Model.Clone(Served.Clip, Said, new() { SilenceAtEnd = Generation.CloneOptions.UsualSilenceAtEnd });
        Assert.Equal(Served.Pcm(Served.Expected(change: o => o with { Voice = inContext })),
            await Speak(("voice", null), ("ref_audio", recording), ("ref_text", Said)));
        var textFirst = Served.Pcm(Served.Expected(change: o => o with { Layout = Layout.TextFirst }));
        Assert.Equal(textFirst, await Speak(("non_streaming_mode", true)));
        Assert.Equal(textFirst, await Speak(("layout", "text-first")));
        Assert.Equal(Served.Pcm(Served.Expected(change: o => o with { Voice = null, Speaker = "sally", Language = "German" })),
            await Speak(("voice", "Sally"), ("task_type", "CustomVoice"), ("language", "de")));
        Assert.Equal(Served.Pcm(Served.Expected(change: o => o with { Sampling = o.Sampling! with { Temperature = 0.5 } })),
            await Speak(("temperature", 0.5), ("voice", new System.Text.Json.Nodes.JsonObject { ["id"] = "anna" })));
        Assert.Equal(Served.Pcm(Served.Expected()), await Speak(("stream_format", "audio"), ("initial_codec_chunk_frames", 5)));
    }

    [Fact]
    public async Task ALongTextIsSpokenSentenceBySentence()
    {
        var text = string.Join(' ', Enumerable.Repeat("Robert has nine yellow pencils. Anna and Peter travel in June.", 10));
        using var response = await Served.SpeakAsync(Served.Request(("input", text), ("response_format", "pcm"), ("max_seconds", 4.0)));
        var options = new Generation.SpeechOptions
        {
            Voice = Served.Cloned,
            Sampling = Served.Model.Sampling with { Seed = 7, MaxFrames = 50 },
            MaxFramesPerToken = Generation.SpeechOptions.UsualMaxFramesPerToken,
            MaxRepeatedSeconds = Generation.SpeechOptions.UsualMaxRepeatedSeconds,
        };
        Assert.Equal(Served.Pcm([.. Served.Model.StreamLong(text, options, new() { MaxSeconds = 4 }).SelectMany(c => c.Samples)]),
            await response.Content.ReadAsByteArrayAsync());
        Assert.Equal("length", Assert.Single(response.Headers.GetValues("X-Finish-Reason")));
    }

    [Theory]
    [InlineData("voice", "\"vivian\"", "There is no voice 'vivian'. The voices of mini are: sally, anna, nora, otto.")]
    [InlineData("voice", "null", "names no voice. The voices of mini are: sally")]
    [InlineData("voice", "7", "no name")]
    [InlineData("speed", "1.5", "no setting for the speed")]
    [InlineData("sped", "1", "There is no field 'sped'")]
    [InlineData("seed", "-1", "'seed'")]
    [InlineData("seed", "\"x\"", "'seed'")]
    [InlineData("response_format", "\"ogg\"", "wav, pcm, flac, opus, mp3, aac")]
    [InlineData("stream_format", "\"x\"", "neither audio nor sse")]
    [InlineData("language", "\"Klingon\"", "Klingon")]
    [InlineData("layout", "\"sideways\"", "text-first")]
    [InlineData("temperature", "0", "temperature")]
    [InlineData("max_seconds", "0", "max_seconds")]
    [InlineData("max_new_tokens", "1", "max_new_tokens")]
    [InlineData("input", "\"\"", "text")]
    [InlineData("input", "null", "'input'")]
    [InlineData("input", "[1]", "'input'")]
    [InlineData("task_type", "\"VoiceDesign\"", "VoiceDesign")]
    [InlineData("task_type", "\"CustomVoice\"", "another")]
    [InlineData("task_type", "\"Other\"", "There is no task")]
    [InlineData("ref_text", "\"x\"", "ref_audio")]
    [InlineData("ref_audio", "\"AAAA\"", "Give one of them")]
    [InlineData("instructions", "\"\\u0000\"", "U+0000")]
    [InlineData("initial_codec_chunk_frames", "-1", "initial_codec_chunk_frames")]
    public async Task WhatCannotBeServedIsRefusedWithAReason(string field, string value, string reason)
    {
        using var response = await Served.SpeakAsync(Served.Request((field, System.Text.Json.Nodes.JsonNode.Parse(value))));
        Assert.Contains(reason, await Served.ErrorAsync(response, 400), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file:///etc/passwd", "opens no files")]
    [InlineData("https://example.com/a.wav", "opens no files")]
    [InlineData("data:audio/wav;base64,%%%", "not base64")]
    [InlineData("data:audio/wav;base64,AAAA", "not a recording")]
    public async Task RecordingsComeWithTheRequestOrNotAtAll(string audio, string reason)
    {
        using var response = await Served.SpeakAsync(Served.Request(("voice", null), ("ref_audio", audio)));
        Assert.Contains(reason, await Served.ErrorAsync(response, 400), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownModelsAndAddressesAreNotFound()
    {
        using var model = await Served.SpeakAsync(Served.Request(("model", "tts-1")));
        Assert.Contains("Name one of: mini", await Served.ErrorAsync(model, 404), StringComparison.Ordinal);
        using var nowhere = await Served.Client.GetAsync(new Uri("/v1/nowhere", UriKind.Relative));
        Assert.Contains("/v1/nowhere", await Served.ErrorAsync(nowhere, 404), StringComparison.Ordinal);
        using var method = await Served.Client.GetAsync(new Uri("/v1/audio/speech", UriKind.Relative));
        await Served.ErrorAsync(method, 405);
    }

    [Fact]
    public async Task TheFileTellsItsOriginUnlessTurnedOff()
    {
        await using var silent = await Served.StartAsync(o => o with { Provenance = false });
        foreach (var format in new[] { "wav", "flac", "opus" })
        {
            using var response = await Served.SpeakAsync(Served.Request(("response_format", format)));
            var text = System.Text.Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync());
            Assert.All(new[] { "SYNTHETIC=true", "MODEL=mini", "VOICE=anna", "SEED=7", "DATE=20" },
                fact => Assert.Contains(fact, text, StringComparison.Ordinal));
            using var without = await Served.SpeakAsync(Served.Request(("response_format", format)),
                new() { BaseAddress = silent.Address });
            Assert.DoesNotContain("SYNTHETIC", System.Text.Encoding.Latin1.GetString(await without.Content.ReadAsByteArrayAsync()),
                StringComparison.Ordinal);
        }
    }
}
