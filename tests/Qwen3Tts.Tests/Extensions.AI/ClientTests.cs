using Microsoft.Extensions.AI;
using Qwen3Tts.Audio;
using Qwen3Tts.Extensions.AI;
using Qwen3Tts.Generation;
using Qwen3Tts.Voices;

namespace Qwen3Tts.Tests;

/// <summary>The client speaks what the library speaks, and refuses what the model cannot do.</summary>
public sealed class ClientTests : IDisposable
{
    internal const string Text = "Set white at B four now.";
    const int Frames = 12;

    readonly Tts _tts = Tts.Load(Mini.Model, new() { Threads = 2 });
    readonly VoiceFile _voice;
    readonly Qwen3TtsClient _client;

    public ClientTests()
    {
        _voice = Voice(_tts);
        _client = new(_tts, Options(_voice));
    }

    public void Dispose()
    {
        Assert.Equal(0, _tts.StatesInUse);
        _tts.Dispose();
    }

    internal static VoiceFile Voice(Tts tts) =>
        tts.CreateVoice("clip", [("rms_1.wav", WavFile.Read(Path.Combine(Mini.Folder, "clips", "rms_1.wav")))]);

    internal static Qwen3TtsClientOptions Options(VoiceFile voice) => new()
    {
        Voices = { ["anna"] = voice },
        Speech = new() { Sampling = new() { MaxFrames = Frames } },
    };

    float[] Expected(ulong seed, string language = "Auto") => _tts.Say(Text, new()
    {
        Voice = _tts.Use(_voice),
        Language = language,
        Sampling = new() { MaxFrames = Frames, Seed = seed },
    }).Samples;

    internal static byte[] Bytes(IEnumerable<AIContent> contents) =>
        [.. contents.Cast<DataContent>().SelectMany(c => c.Data.ToArray())];

    static byte[] Pcm(float[] samples)
    {
        var bytes = new MemoryStream();
        WavFile.WriteSamples(bytes, samples, WavFormat.Pcm16);
        return bytes.ToArray();
    }

    [Theory]
    [InlineData(null, "audio/wav")]
    [InlineData("audio/x-wav", "audio/wav")]
    [InlineData("PCM", "audio/pcm;rate=24000")]
    [InlineData("audio/pcm; rate=24000", "audio/pcm;rate=24000")]
    [InlineData("flac", "audio/flac")]
    [InlineData("opus", "audio/ogg")]
    public async Task ItSpeaksWhatTheLibrarySpeaksInEachFormat(string? format, string mediaType)
    {
        var expected = Expected(seed: 5, "English");
        var response = await _client.GetAudioAsync(Text, new()
        {
            VoiceId = "Anna",
            AudioFormat = format,
            Language = "en-US",
            AdditionalProperties = new() { ["seed"] = 5 },
        });
        var data = Assert.IsType<DataContent>(Assert.Single(response.Contents));
        Assert.Equal(mediaType, data.MediaType);
        var heard = mediaType.StartsWith("audio/pcm", StringComparison.Ordinal)
            ? null : AudioFile.Read(new MemoryStream(data.Data.ToArray()), "response");
        if (mediaType == "audio/ogg")
            Assert.Equal(Frames * 0.08, heard!.Seconds, 2);
        else
            Assert.Equal(Pcm(expected), heard is null ? data.Data.ToArray() : Pcm(heard.Samples));
        Assert.Equal(5UL, response.AdditionalProperties!["seed"]);
        Assert.Equal("length", response.AdditionalProperties["finish_reason"]);
        Assert.Equal(Frames, response.AdditionalProperties["frames"]);
        Assert.Equal(Frames * 0.08, (double)response.AdditionalProperties["seconds"]!, 9);
        Assert.Equal(_tts.Name, response.ModelId);
        Assert.Equal((_tts.CountTokens(Text), Frames, _tts.CountTokens(Text) + Frames), (response.Usage!.InputTokenCount,
            response.Usage.OutputTokenCount, response.Usage.TotalTokenCount));
        Assert.Equal(expected, Assert.IsType<Qwen3Tts.Generation.Speech>(response.RawRepresentation).Samples);
    }

    /// <summary>Each chunk is an update, and all of them are the whole; the first is a single frame.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("wav")]
    public async Task AStreamIsTheWholeSpeech(string? format)
    {
        var options = new TextToSpeechOptions { VoiceId = "anna", AudioFormat = format, AdditionalProperties = new() { ["seed"] = "5" } };
        var updates = new List<TextToSpeechResponseUpdate>();
        await foreach (var update in _client.GetStreamingAudioAsync(Text, options))
            updates.Add(update);
        Assert.Equal(TextToSpeechResponseUpdateKind.SessionOpen, updates[0].Kind);
        Assert.Equal(TextToSpeechResponseUpdateKind.SessionClose, updates[^1].Kind);
        Assert.All(updates[1..^1], u => Assert.Equal(TextToSpeechResponseUpdateKind.AudioUpdating, u.Kind));
        Assert.True(updates.Count >= 5, "frames: 1, 2, 4, 5");
        var header = format is null ? 0 : 44;
        Assert.Equal(header + 2 * 1920, Bytes(updates[1].Contents).Length);
        var whole = updates.ToTextToSpeechResponse();
        Assert.Equal(Pcm(Expected(seed: 5)), Bytes(whole.Contents)[header..]);
        Assert.Equal(5UL, whole.AdditionalProperties!["seed"]);
        Assert.Equal(Frames, whole.AdditionalProperties["frames"]);
        Assert.Single(updates.Select(u => u.ResponseId).Distinct());
    }

    /// <summary>A long text is spoken in parts, whole and as a stream.</summary>
    [Fact]
    public async Task ALongTextIsSpokenInParts()
    {
        var text = string.Join(' ', Enumerable.Repeat("Set white at B four now. Maria has two yellow boxes.", 12));
        var how = new SpeechOptions { Voice = _tts.Use(_voice), Sampling = new() { MaxFrames = 2 } };
        var parts = _tts.SayLong(text, how).ToList();
        Assert.True(parts.Count > 1);
        var options = new TextToSpeechOptions { AudioFormat = "pcm", RawRepresentationFactory = _ => how };
        var response = await _client.GetAudioAsync(text, options);
        var updates = new List<TextToSpeechResponseUpdate>();
        await foreach (var update in _client.GetStreamingAudioAsync(text, options))
            updates.Add(update);
        var whole = updates.ToTextToSpeechResponse();
        foreach (var (bytes, usage, facts) in new[] { (response.Contents, response.Usage, response.AdditionalProperties),
            (whole.Contents, whole.Usage, whole.AdditionalProperties) })
        {
            Assert.Equal(Pcm([.. parts.SelectMany(p => p.Speech.Samples)]), Bytes(bytes.OfType<DataContent>()));
            Assert.Equal((_tts.CountTokens(text), 2 * parts.Count), (usage!.InputTokenCount, usage.OutputTokenCount));
            Assert.Equal(("length", 2 * parts.Count), (facts!["finish_reason"], facts["frames"]));
        }
        Assert.Equal(parts.Select(p => p.Text), Assert.IsType<List<SpokenSentence>>(response.RawRepresentation).Select(p => p.Text));
    }

    public static TheoryData<string, TextToSpeechOptions> Refused => new()
    {
        { "There is no voice 'bob'. Set VoiceId to one of: anna.", new() { VoiceId = "bob" } },
        { "There is no voice 'b<U+001B>[31mob'.", new() { VoiceId = "b\u001b[31mob" } },
        { "There is no voice '/etc/voice.safetensors'.", new() { VoiceId = "/etc/voice.safetensors" } },
        { "names no voice. Set VoiceId to one of: anna.", new() },
        { "Speed is 1.5", new() { VoiceId = "anna", Speed = 1.5f } },
        { "Pitch is 0.5", new() { VoiceId = "anna", Pitch = 0.5f } },
        { "Volume is 0", new() { VoiceId = "anna", Volume = 0 } },
        { "The model has no language 'xx'", new() { VoiceId = "anna", Language = "xx" } },
        { "for the model 'other'", new() { VoiceId = "anna", ModelId = "other" } },
        { "The audio format 'mp3' is not written", new() { VoiceId = "anna", AudioFormat = "mp3" } },
        { "'seed' is '-1'", new() { VoiceId = "anna", AdditionalProperties = new() { ["seed"] = -1 } } },
        { "'style' is unknown", new() { VoiceId = "anna", AdditionalProperties = new() { ["style"] = "sad" } } },
        { "returned System.String", new() { VoiceId = "anna", RawRepresentationFactory = _ => "x" } },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public async Task WhatTheModelCannotDoIsRefused(string message, TextToSpeechOptions options)
    {
        var whole = await Assert.ThrowsAnyAsync<Exception>(() => _client.GetAudioAsync(Text, options));
        var stream = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await foreach (var _ in _client.GetStreamingAudioAsync(Text, options))
            {
            }
        });
        Assert.All([whole, stream], e =>
        {
            Assert.True(e is ArgumentException or NotSupportedException, e.ToString());
            Assert.Contains(message, e.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task CompressedAudioIsNotStreamed()
    {
        await using var updates = _client.GetStreamingAudioAsync(Text, new() { VoiceId = "anna", AudioFormat = "flac" })
            .GetAsyncEnumerator();
        var error = await Assert.ThrowsAsync<NotSupportedException>(async () => await updates.MoveNextAsync());
        Assert.Contains("pcm (audio/pcm;rate=24000), wav", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentNullException>(() => _client.GetAudioAsync(null!));
        Assert.Throws<ArgumentNullException>(() => _client.GetStreamingAudioAsync(null!));
    }

    [Fact]
    public async Task OptionsOfTheLibraryAreTaken()
    {
        var response = await _client.GetAudioAsync(Text, new()
        {
            Speed = 1,
            RawRepresentationFactory = client => new SpeechOptions
            {
                Voice = ReferenceEquals(client, _client) ? _tts.Use(_voice) : null,
                Sampling = new() { MaxFrames = 3 },
            },
        });
        Assert.Equal(3, response.AdditionalProperties!["frames"]);
    }

    [Fact]
    public async Task SpeakersOfTheModelAreVoices()
    {
        using var tts = Tts.Load(Golden.Checkpoint("custom-0b6"));
        var speaker = tts.Speakers.First();
        using var client = new Qwen3TtsClient(tts, new() { Speech = new() { Sampling = new() { MaxFrames = 2 } } });
        var response = await client.GetAudioAsync("a", new() { VoiceId = speaker.ToUpperInvariant() });
        Assert.Equal(tts.Say("a", new() { Speaker = speaker, Sampling = new() { MaxFrames = 2 } }).Samples,
            ((Qwen3Tts.Generation.Speech)response.RawRepresentation!).Samples);
        var error = await Assert.ThrowsAsync<ArgumentException>(() => client.GetAudioAsync("a", new() { VoiceId = "nobody" }));
        Assert.Contains($"Set VoiceId to one of: {string.Join(", ", tts.Speakers)}.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACancelledRequestEndsAfterAFrame()
    {
        using var stop = new CancellationTokenSource();
        var many = new TextToSpeechOptions
        {
            RawRepresentationFactory = _ => new SpeechOptions
            {
                Voice = _tts.Use(_voice),
                Sampling = new() { MaxFrames = 4000, TopK = 0, Temperature = 3 }, // hardly ends by itself
            },
        };
        var seconds = 0.0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in _client.GetStreamingAudioAsync(Text, many, stop.Token))
            {
                seconds += Bytes(update.Contents).Length / 48000.0;
                if (update.Contents.Count > 0)
                    await stop.CancelAsync();
            }
        });
        Assert.Equal(0.08, seconds, 9); // the frame after which it was cancelled, and no other
        Assert.Equal(0, _tts.StatesInUse);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.GetAudioAsync(Text, many, stop.Token));
    }

    [Fact]
    public async Task TwoClientsSpeakAtTheSameTime()
    {
        using var other = new Qwen3TtsClient(_tts, Options(_voice));
        var responses = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => (i % 2 == 0 ? _client : other).GetAudioAsync(Text,
            new() { VoiceId = "anna", AudioFormat = "pcm", AdditionalProperties = new() { ["seed"] = i } })));
        for (var i = 0; i < responses.Length; i++)
            Assert.Equal(Pcm(Expected((ulong)i)), Bytes(responses[i].Contents));
    }
}
