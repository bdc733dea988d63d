using System.Runtime.CompilerServices;
using Qwen3Tts.Audio;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Tests;

/// <summary>The miniature, what it speaks, and the checks of every stream.</summary>
public abstract class StreamTests : IDisposable
{
    protected const string Text = "Set white at B four now.";

    protected Tts Model { get; } = Tts.Load(Mini.Model, new() { Threads = 2 });

    public void Dispose()
    {
        Assert.Equal(0, Model.StatesInUse); // whatever the test did, nothing is held
        Model.Dispose();
        GC.SuppressFinalize(this);
    }

    protected SpeechOptions Options(ulong seed = 3, int frames = 40, string? transcript = null) => new()
    {
        Voice = Model.Clone(WavFile.Read(Path.Combine(Mini.Folder, "clips", "rms_1.wav")), transcript),
        Sampling = Model.Sampling with { Seed = seed, MaxFrames = frames },
    };

    protected static async IAsyncEnumerable<string> Pieces(string text, Random random,
        [EnumeratorCancellation] CancellationToken stop = default)
    {
        for (var at = 0; at < text.Length;)
        {
            var length = random.Next(1, Math.Min(6, text.Length - at) + 1);
            if (random.Next(2) == 0)
                await Task.Delay(random.Next(4), stop);
            yield return text.Substring(at, length);
            at += length;
        }
    }

    protected static async Task<float[]> Samples(IAsyncEnumerable<AudioChunk> speech, FinishReason? reason = null)
    {
        var (samples, ended) = (new List<float>(), (SpeechSummary?)null);
        await foreach (var chunk in speech)
        {
            Assert.Null(ended);
            Assert.Equal(samples.Count / 24000.0, chunk.Start, 9);
            Assert.Equal(chunk.Frames * 1920, chunk.Samples.Length);
            samples.AddRange(chunk.Samples);
            ended = chunk.Ended;
        }
        Assert.Equal(samples.Count, ended!.Frames * 1920);
        Assert.Equal(samples.Count / 24000.0, ended.Seconds, 9);
        if (reason is not null)
            Assert.Equal(reason, ended.FinishReason);
        return [.. samples];
    }
}
