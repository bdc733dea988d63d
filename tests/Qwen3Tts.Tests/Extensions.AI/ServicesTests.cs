using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Qwen3Tts.Extensions.AI;
using static Qwen3Tts.Tests.ClientTests;

namespace Qwen3Tts.Tests;

/// <summary>A container of services loads the model, hands out its client, and disposes both.</summary>
public sealed class ServicesTests
{
    const string Text = ClientTests.Text;

    [Fact]
    public async Task TheContainerLoadsTheModelOnceAndDisposesIt()
    {
        using var direct = Tts.Load(Mini.Model, new() { Threads = 2 });
        var voice = Voice(direct);
        Tts tts;
        await using (var provider = new ServiceCollection().AddQwen3Tts(Mini.Model, new() { Threads = 1 }, Options(voice))
            .AddQwen3Tts(Golden.Checkpoint("custom-0b6"), key: "custom").BuildServiceProvider())
        {
            var client = provider.GetRequiredService<ITextToSpeechClient>();
            Assert.Equal(direct.Name, client.GetService<TextToSpeechClientMetadata>()!.DefaultModelId);
            var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => client.GetAudioAsync(Text, new() { VoiceId = "anna" })));
            Assert.Equal(Bytes(both[0].Contents), Bytes(both[1].Contents));
            tts = provider.GetRequiredService<Tts>();
            Assert.Same(tts, client.GetService<Tts>());
            Assert.Same(client, client.GetService<Qwen3TtsClient>());
            Assert.Null(client.GetService<Tts>("key"));
            Assert.Equal("custom_voice", provider.GetRequiredKeyedService<ITextToSpeechClient>("custom").GetService<Tts>()!.Kind);
        }
        Assert.ThrowsAny<ObjectDisposedException>(() => tts.Say(Text, new() { Voice = tts.Use(voice) }));
    }

    [Fact]
    public async Task ErrorsOfTheConfigurationAreClear()
    {
        var services = new ServiceCollection();
        Assert.Contains("No model is named", Assert.Throws<ArgumentException>(() => services.AddQwen3Tts(" ")).Message,
            StringComparison.Ordinal);
        services.AddQwen3Tts("no/such-model");
        Assert.Contains("registered already", Assert.Throws<InvalidOperationException>(() => services.AddQwen3Tts(Mini.Model)).Message,
            StringComparison.Ordinal);
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<ITextToSpeechClient>();
        for (var i = 0; i < 2; i++) // the second request tries again
            Assert.Contains("no/such-model", (await Assert.ThrowsAnyAsync<IOException>(() => client.GetAudioAsync(Text))).Message,
                StringComparison.Ordinal);
    }
}
