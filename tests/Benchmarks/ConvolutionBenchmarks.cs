using BenchmarkDotNet.Attributes;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Benchmarks;

/// <summary>Convolutions of the codec's decoder, of one thread and sixteen frames of its stage.</summary>
public class ConvolutionBenchmarks : IDisposable
{
    readonly Workers _workers = new(1);
    Convolution _convolution = Convolution.WithoutWeights(1, 1, 1);
    float[] _x = [], _y = [];

    /// <summary>Channels, taps, dilation, rows.</summary>
    [Params("768,7,1,128", "384,7,3,640", "192,7,9,2560", "96,7,1,7680", "768,1,1,128", "96,1,1,7680")]
    public string Shape { get; set; } = "";

    [Params(false, true)]
    public bool BFloat16 { get; set; }

    int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var n = Shape.Split(',').Select(int.Parse).ToArray();
        var random = new Random(1);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        _convolution = new(Numbers(n[0] * n[0] * n[1]), null, n[0], n[0], n[1], 1, n[2], BFloat16);
        Count = n[3];
        (_x, _y) = (Numbers((Count - 1 + _convolution.Reach) * n[0]), new float[Count * n[0]]);
    }

    [Benchmark]
    public void Apply() => _convolution.Apply(_x, _y, Count, _workers);

    public void Dispose() => _workers.Dispose();
}

/// <summary>Convolutions of a single frame, with two threads: so many of one shape, one after the other, that the weights of each come from
/// memory, as they do in a decoder that speaks.</summary>
public class FewRowsConvolutionBenchmarks : IDisposable
{
    const long Bytes = 400_000_000; // more than the caches of processors have

    readonly Workers _workers = new(2);
    List<Convolution> _convolutions = [];
    float[] _x = [], _y = [];

    /// <summary>Input channels, output channels, taps, rows.</summary>
    [Params("1024,1536,7,4", "1536,6144,2,4", "768,768,7,32", "384,384,7,160")]
    public string Shape { get; set; } = "";

    [Params(false, true)]
    public bool BFloat16 { get; set; }

    int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var n = Shape.Split(',').Select(int.Parse).ToArray();
        var weights = new float[n[0] * n[1] * n[2]];
        _convolutions = [.. Enumerable.Range(0, (int)(Bytes / sizeof(float) / weights.Length))
            .Select(_ => new Convolution(weights, null, n[1], n[0], n[2], bfloat16: BFloat16))];
        Count = n[3];
        (_x, _y) = (new float[(Count - 1 + n[2]) * n[0]], new float[Count * n[1]]);
    }

    [Benchmark]
    public void ApplyAll()
    {
        foreach (var convolution in _convolutions)
            convolution.Apply(_x, _y, Count, _workers);
    }

    public void Dispose() => _workers.Dispose();
}
