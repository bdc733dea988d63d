using System.Numerics;

namespace Qwen3Tts.Kernels;

/// <summary>Activations and other arithmetic, element by element. Without a named result: in: x · out: x · overwrites: x.</summary>
static class Activations
{
    /// <summary>x / (1 + e^-x). in: x · out: x · overwrites: x.</summary>
    public static void Silu(Span<float> x) => Elementwise.Map<SiluFunction>(x);

    /// <summary>x * (1 + erf(x / √2)) / 2: the exact GELU, not the tanh approximation. in: x · out: x · overwrites: x.</summary>
    public static void Gelu(Span<float> x, Workers? workers = null) => Elementwise.Map<GeluFunction>(x, workers);

    public static void Relu(Span<float> x) => Elementwise.Map<ReluFunction>(x);
    public static void Sigmoid(Span<float> x) => Elementwise.Map<SigmoidFunction>(x);
    public static void Tanh(Span<float> x) => Elementwise.Map<TanhFunction>(x);

    /// <summary>x where x is positive, else e^x - 1. in: x · out: x · overwrites: x.</summary>
    public static void Elu(Span<float> x, Workers? workers = null) => Elementwise.Map<EluFunction>(x, workers);

    /// <summary>silu(gate) * up. in: gate, up · out: gate · overwrites: gate.</summary>
    public static void SiluMultiply(Span<float> gate, ReadOnlySpan<float> up, Workers? workers = null) =>
        Elementwise.Map<SiluMultiplyFunction>(gate, up, workers);

    /// <summary>
    /// x + inverseBeta * sin²(alpha * x). in: x [rows, channels], alpha and inverseBeta [channels] · out: y [rows, channels] · overwrites:
    /// y, which may be x.
    /// </summary>
    public static void SnakeBeta(ReadOnlySpan<float> x, ReadOnlySpan<float> alpha, ReadOnlySpan<float> inverseBeta, Span<float> y,
        int rows, int channels, Workers? workers = null) =>
        Snake.Apply(x, alpha, inverseBeta, y, rows, channels, workers);

    /// <summary>Softmax of one row. in: x · out: x, as probabilities · overwrites: x.</summary>
    public static void Softmax(Span<float> x) => SoftmaxRow.Apply(x);

    /// <summary>y + x * scale. in: x and y [rows, channels], scale [channels] · out: y · overwrites: y.</summary>
    public static void AddScaled(Span<float> y, ReadOnlySpan<float> x, ReadOnlySpan<float> scale)
    {
        for (; !y.IsEmpty; y = y[scale.Length..], x = x[scale.Length..])
            AddProducts(y[..scale.Length], x, scale);
    }

    /// <summary>y + x * scale. in: x, y · out: y · overwrites: y.</summary>
    public static void AddScaled(Span<float> y, ReadOnlySpan<float> x, float scale)
    {
        var i = 0;
        for (var all = new Vector<float>(scale); i + Vector<float>.Count <= y.Length; i += Vector<float>.Count)
            Vector.MultiplyAddEstimate(new(x[i..]), all, new(y[i..])).CopyTo(y[i..]);
        for (; i < y.Length; i++)
            y[i] = MathF.FusedMultiplyAdd(x[i], scale, y[i]);
    }

    // One step per element: any vector width gives the same.
    static void AddProducts(Span<float> y, ReadOnlySpan<float> x, ReadOnlySpan<float> scale)
    {
        var i = 0;
        for (; i + Vector<float>.Count <= y.Length; i += Vector<float>.Count)
            Vector.MultiplyAddEstimate(new(x[i..]), new Vector<float>(scale[i..]), new(y[i..])).CopyTo(y[i..]);
        for (; i < y.Length; i++)
            y[i] = MathF.FusedMultiplyAdd(x[i], scale[i], y[i]);
    }

    struct SiluFunction : IFunction
    {
        public static T Apply<T>(T x, T y) where T : struct, ILanes<T> => Functions.Silu(x);
    }

    struct SiluMultiplyFunction : IFunction
    {
        public static T Apply<T>(T x, T y) where T : struct, ILanes<T> => Functions.Silu(x) * y;
    }

    struct GeluFunction : IFunction
    {
        public static T Apply<T>(T x, T y) where T : struct, ILanes<T> => Functions.Gelu(x);
    }

    struct ReluFunction : IFunction
    {
        public static T Apply<T>(T x, T y) where T : struct, ILanes<T> => T.Max(T.Broadcast(0), x);
    }

    struct SigmoidFunction : IFunction
    {
        public static T Apply<T>(T x, T y) where T : struct, ILanes<T> => Functions.Sigmoid(x);
    }

    struct TanhFunction : IFunction
    {
        public static T Apply<T>(T x, T y) where T : struct, ILanes<T> => Functions.Tanh(x);
    }

    struct EluFunction : IFunction
    {
        public static T Apply<T>(T x, T y) where T : struct, ILanes<T> => T.WhereNegative(x, Functions.ExpMinusOne(x), x);
    }
}
