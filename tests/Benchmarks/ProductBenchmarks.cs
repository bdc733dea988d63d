using BenchmarkDotNet.Attributes;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Benchmarks;

/// <summary>A linear layer of the talker, of one thread: how its precision and the number of tokens decide its time.</summary>
public class ProductBenchmarks : IDisposable
{
    const int Rows = 1024;

    readonly Workers _workers = new(1);
    Matrix _matrix = Matrix.WithoutValues(1, 64);
    float[] _x = [], _y = [];

    [Params("Float32", "BFloat16", "Int8", "Int4")]
    public string Weights { get; set; } = "";

    [Params(1, 8, 76)]
    public int Tokens { get; set; }

    [Params(1024, 3072)]
    public int Columns { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        var values = Numbers(Rows * Columns);
        var bits = new ushort[Rows * Columns];
        BFloat16.Round(values, bits);
        var type = Enum.Parse<WeightType>(Weights);
        _matrix = type switch
        {
            WeightType.Float32 => Matrix.Create(Rows, Columns, values),
            WeightType.BFloat16 => Matrix.Create(Rows, Columns, bits),
            _ => Quantize(values, type),
        };
        (_x, _y) = (Numbers(Tokens * Columns), new float[Tokens * Rows]);
    }

    Matrix Quantize(float[] values, WeightType type)
    {
        var quantized = Quantization.Quantize(values, Rows, type);
        return Quantization.Matrix(type, Rows, Columns, quantized.Groups, quantized.Scales);
    }

    [Benchmark]
    public void Multiply() => MatrixProduct.Multiply(_matrix, _x, _y, Tokens, _workers);

    public void Dispose() => _workers.Dispose();
}

/// <summary>Eight utterances at once: so many matrices of one shape, one after the other, that the weights of each come from
/// memory.</summary>
public class ProductsOfEightBenchmarks : IDisposable
{
    const int Matrices = 64, Numbers = 3 << 20, Tokens = 8; // 400 MB in BF16

    readonly Workers _workers = new(2);
    List<Matrix> _matrices = [];
    float[] _x = [], _y = [];

    [Params("BFloat16", "Int8", "Int4")]
    public string Weights { get; set; } = "";

    [Params(1024, 3072)]
    public int Columns { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _matrices = [.. Enumerable.Range(0, Matrices).Select(_ => Create(Enum.Parse<WeightType>(Weights)))];
        (_x, _y) = (new float[Tokens * Columns], new float[Tokens * Numbers / Columns]);
        Array.Fill(_x, 1);
    }

    // Written, because memory that was only read is one page of zeros, which stays in the cache.
    Matrix Create(WeightType type)
    {
        const int Group = Quantization.Group;
        var rows = Numbers / Columns;
        return type == WeightType.BFloat16 ? Matrix.Create(rows, Columns, Filled<ushort>(Numbers, 1))
            : Quantization.Matrix(type, rows, Columns, Filled<byte>(type == WeightType.Int8 ? Numbers : Numbers / 2, 1),
                Filled<ushort>(Numbers / Group, 1));
    }

    static T[] Filled<T>(int count, T value)
    {
        var array = new T[count];
        Array.Fill(array, value);
        return array;
    }

    [Benchmark]
    public void MultiplyAll()
    {
        foreach (var matrix in _matrices)
            MatrixProduct.Multiply(matrix, _x, _y, Tokens, _workers);
    }

    public void Dispose() => _workers.Dispose();
}
