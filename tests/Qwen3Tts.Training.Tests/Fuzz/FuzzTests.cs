using Qwen3Tts.Fuzz;

namespace Qwen3Tts.Tests;

/// <summary>
/// Every reader on mutated files, with a fixed seed. <c>QWEN3TTS_FUZZ=100000</c> sets the number of inputs for each reader, and
/// <c>QWEN3TTS_FUZZ_SEED</c> another seed, for long runs.
/// </summary>
public sealed class FuzzTests
{
    static readonly int Inputs = int.Parse(Environment.GetEnvironmentVariable("QWEN3TTS_FUZZ") ?? "5000");
    static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("QWEN3TTS_FUZZ_SEED") ?? "1");

    public static TheoryData<string> Readers => [.. AllTargets.Names];

    [Theory]
    [MemberData(nameof(Readers))]
    public void NoInputMakesAReaderFail(string reader)
    {
        var outcome = FuzzRun.Run(reader, Inputs, Seed, Path.Combine(Scratch.New("fuzz"), reader));
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}\n{FuzzOutcome.TableHead}\n{outcome}");
        var kinds = string.Join('\n', outcome.Kinds.Take(5).Select(k => $"{k.Count} × {k.Kind}\n{k.Detail}"));
        Assert.True(outcome.IsGood, $"seed {Seed}\n{FuzzOutcome.TableHead}\n{outcome}\n{kinds}");
    }
}
