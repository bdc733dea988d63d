using System.Security.Cryptography;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Qwen3Tts.Audio;
using Qwen3Tts.Training.Slicing;

namespace Qwen3Tts.Tests.Slicing;

public sealed class SileroVadTests
{
    [Fact]
    public void TheWeightsAreThePublishedOnes() => Assert.Equal("2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f",
        Convert.ToHexStringLower(SHA256.HashData(SileroVad.WeightsFile())));

    [Fact]
    public void TheProbabilitiesAreThoseOfOnnxRuntime()
    {
        var speech = Recording("1.wav").Samples;
        var random = new Random(1);
        float[] samples = [.. speech, .. Enumerable.Range(0, 20000).Select(_ => (float)(random.NextDouble() - 0.5) / 5),
            .. new float[9000], .. speech.Select(s => s / 30)];
        var (ours, theirs) = (SileroVad.Instance.Probabilities(samples), WithOnnxRuntime(samples));
        Assert.Equal(theirs.Length, ours.Length);
        Assert.True(ours.Count(p => p > 0.9) > 30 && ours.Count(p => p < 0.1) > 30, "The recording has speech and pauses.");
        var worst = ours.Zip(theirs, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst < 2e-5, $"The largest difference is {worst}."); // measured: see docs; float32 sums in another order
    }

    static Waveform Recording(string name) =>
        AudioFile.Read(Directory.GetFiles(Path.Combine(Golden.Repository, "recordings", "nora"), "*.wav")
            .Order(StringComparer.Ordinal).Skip(name.Length).First()).ToRate(SileroVad.Rate);

    static float[] WithOnnxRuntime(float[] samples)
    {
        const int Context = 64;
        using var session = new InferenceSession(SileroVad.WeightsFile());
        var (state, seen) = (new float[2 * 128], new float[Context + SileroVad.Window]);
        var result = new float[(samples.Length + SileroVad.Window - 1) / SileroVad.Window];
        for (var w = 0; w < result.Length; w++)
        {
            seen.AsSpan(SileroVad.Window).CopyTo(seen); // the last samples of the window before
            var own = seen.AsSpan(Context);
            own.Clear();
            samples.AsSpan(w * SileroVad.Window, Math.Min(SileroVad.Window, samples.Length - w * SileroVad.Window)).CopyTo(own);
            using var outputs = session.Run([
                NamedOnnxValue.CreateFromTensor("input", new DenseTensor<float>(seen.ToArray(), [1, seen.Length])),
                NamedOnnxValue.CreateFromTensor("state", new DenseTensor<float>(state, [2, 1, 128])),
                NamedOnnxValue.CreateFromTensor("sr", new DenseTensor<long>(new long[] { SileroVad.Rate }, [])),
            ]);
            result[w] = outputs.First(o => o.Name == "output").AsTensor<float>().First();
            state = [.. outputs.First(o => o.Name == "stateN").AsTensor<float>()];
        }
        return result;
    }
}
