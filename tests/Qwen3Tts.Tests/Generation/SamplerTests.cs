using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Generation;
using Qwen3Tts.Kernels;
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Tests;

public sealed class SamplerTests
{
    static readonly TalkerConfig Config = ModelFolder.Open(Golden.Checkpoint("custom-1b7")).Config.TalkerConfig;

    [Fact]
    public void ProbabilitiesAreTheOfficialOnes()
    {
        using var golden = SafetensorsFile.Open(Golden.File("sampling", "sampling.safetensors"));
        foreach (var row in Golden.Json("sampling", "sampling.json").EnumerateArray())
        {
            var key = row.GetProperty("key").GetString()!;
            var (talker, settings, scores) = (key.EndsWith("talker", StringComparison.Ordinal), row.GetProperty("settings"),
                golden.Float32($"{key}.logits"));
            var sampler = Create(Options(settings, talker));
            foreach (var code in row.GetProperty("history").EnumerateArray())
                sampler.Remember(code.GetInt32());
            var kept = talker ? sampler.KeepFirst(scores) : sampler.KeepOther(scores);
            Parity.Check("sampling", talker ? "talker"
                : "code predictor", Math.Abs(row.GetProperty("kept").GetInt32() - kept), 0, $"{key}, kept");
            var (ids, left) = sampler.Candidates;
            var mine = new float[scores.Length];
            var greedy = !settings.GetProperty("do_sample").GetBoolean();
            if (!greedy)
                Activations.Softmax(left.AsSpan(0, kept));
            else
                Array.Fill(mine, float.NegativeInfinity);
            for (var i = 0; i < kept; i++)
                mine[ids[i]] = left[i];
            if (greedy)
                Assert.Equal(golden.Float32($"{key}.scores"), mine);
            else
                Parity.Check("sampling", talker ? "talker"
                    : "code predictor", Parity.Difference(mine, golden.Float32($"{key}.probabilities")), 1e-6, key);
            Assert.True(mine[row.GetProperty("argmax").GetInt32()] == mine.Max(), key);
        }
    }

    [Fact]
    public void DrawsFollowTheProbabilities()
    {
        var sampler = Create(new() { PredictorTemperature = 1, PredictorTopK = 3, PredictorTopP = 1, Seed = 7 });
        var scores = Enumerable.Range(0, Config.CodePredictorConfig.VocabSize)
            .Select(i => i switch { 5 => MathF.Log(5), 9 => MathF.Log(3), 11 => MathF.Log(2), _ => -1f }).ToArray();
        var counts = new int[scores.Length];
        for (var i = 0; i < 10_000; i++)
            counts[sampler.Other([.. scores])]++;
        Assert.InRange(counts[5], 4800, 5200);
        Assert.InRange(counts[9], 2800, 3200);
        Assert.InRange(counts[11], 1800, 2200);
        Assert.Equal(10_000, counts[5] + counts[9] + counts[11]);
    }

    [Fact]
    public void TheEndComesAfterTwoFramesAtTheEarliest()
    {
        var sampler = Create(new() { Greedy = true });
        var scores = new float[Config.VocabSize];
        scores[Config.CodecEosTokenId] = 9;
        scores[Config.CodecPadId] = 99;
        scores[3] = 1;
        Assert.Equal([3, 3, Config.CodecEosTokenId], [sampler.First([.. scores]), sampler.First([.. scores]), sampler.First([.. scores])]);
    }

    [Theory]
    [InlineData(float.NaN), InlineData(float.NegativeInfinity)]
    public void ScoresWithoutANumberAreAnError(float score)
    {
        foreach (var greedy in new[] { false, true })
            Assert.Throws<InvalidDataException>(() => Create(new() { Greedy = greedy })
                .First(Enumerable.Repeat(score, Config.VocabSize).ToArray()));
    }

    [Fact]
    public void SettingsOutOfRangeAreNamed()
    {
        void Refused(SamplingOptions options, string name) =>
            Assert.Contains(name, Assert.Throws<ArgumentException>(() => Create(options)).Message, StringComparison.Ordinal);
        Refused(new() { Temperature = 0 }, "temperature");
        Refused(new() { PredictorTemperature = double.NaN }, "predictor temperature");
        Refused(new() { TopK = -1 }, "top-k");
        Refused(new() { PredictorTopP = 1.1 }, "predictor top-p");
        Refused(new() { TopP = 0 }, "top-p");
        Refused(new() { RepetitionPenalty = 0 }, "repetition penalty");
        Refused(new() { MaxFrames = 0 }, "limit of frames");
    }

    [Fact]
    public void TheGeneratorOfRandomNumbersIsPcg32()
    {
        var random = new Pcg32(42, 54); // the reference implementation's demo
        Assert.Equal([0xa15c02b7u, 0x7b47f409u, 0xba1d3330u, 0x83d2f293u, 0xbfa4784bu, 0xcbed606eu], Enumerable.Range(0, 6)
            .Select(_ => random.Next()));
    }

    static Sampler Create(SamplingOptions options) =>
        new(options, Config.VocabSize, Config.CodePredictorConfig.VocabSize, Config.CodecEosTokenId);

    static SamplingOptions Options(JsonElement s, bool talker)
    {
        var (greedy, temperature, topK, topP) = (!s.GetProperty("do_sample").GetBoolean(), s.GetProperty("temperature").GetDouble(),
            s.GetProperty("top_k").GetInt32(), s.GetProperty("top_p").GetDouble());
        return talker
            ? new()
            {
                Greedy = greedy,
                Temperature = temperature,
                TopK = topK,
                TopP = topP,
                RepetitionPenalty = s.GetProperty("repetition_penalty").GetDouble(),
            }
            : new() { PredictorGreedy = greedy, PredictorTemperature = temperature, PredictorTopK = topK, PredictorTopP = topP };
    }
}
