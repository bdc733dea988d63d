using Qwen3Tts.Fuzz;

namespace Qwen3Tts.Tests;

/// <summary>
/// Every reader on mutated files, with a fixed seed: files that people exchange with 100,000 inputs, all others with 5,000, or less where
/// one input takes long. <c>QWEN3TTS_FUZZ=100000</c> sets the number for all, and <c>QWEN3TTS_FUZZ_SEED</c> another seed, for long runs.
/// </summary>
public sealed class FuzzTests
{
    static readonly string? Inputs = Environment.GetEnvironmentVariable("QWEN3TTS_FUZZ");
    static readonly string[] Exchanged =
        ["safetensors", "config", "tokenizer", "codes", "voice-file", "wav", "flac", "mp3", "opus", "vorbis"];
    static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("QWEN3TTS_FUZZ_SEED") ?? "1");

    public static TheoryData<string> Readers => [.. AllTargets.Names];

    [Theory]
    [MemberData(nameof(Readers))]
    public void NoInputMakesAReaderFail(string reader)
    {
        var outcome = Inputs is null && Exchanged.Contains(reader) ? FuzzRun.Run(reader, 100_000, Seed, fewerIfSlow: false)
            : FuzzRun.Run(reader, int.Parse(Inputs ?? "5000"), Seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}\n{FuzzOutcome.TableHead}\n{outcome}");
        var kinds = string.Join('\n', outcome.Kinds.Take(5).Select(k => $"{k.Count} × {k.Kind}\n{k.Detail}"));
        Assert.True(outcome.IsGood, $"seed {Seed}\n{FuzzOutcome.TableHead}\n{outcome}\n{kinds}");
    }
}
