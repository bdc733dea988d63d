// Buffers that the layers of one stack share, because the layers run one after the other. A buffer grows to the largest size used and
// stays.
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

sealed class TransformerScratch(TransformerShape shape)
{
    float[] _normed = [], _queries = [], _shared = [], _attended = [], _gate = [], _up = [], _branch = [];

    public Span<float> Normed(int count) => Grown(ref _normed, checked(count * shape.Hidden));
    public Span<float> Queries(int count) => Grown(ref _queries, checked(count * shape.Heads * shape.HeadDim));
    public Span<float> KeysOrValues(int count) => Grown(ref _shared, checked(count * shape.KeyValueHeads * shape.HeadDim));
    public Span<float> Attended(int count) => Grown(ref _attended, checked(count * shape.Heads * shape.HeadDim));
    public Span<float> Gate(int count) => Grown(ref _gate, checked(count * shape.Intermediate));
    public Span<float> Up(int count) => Grown(ref _up, checked(count * shape.Intermediate));

    /// <summary>
    /// in: x · out: residual + linear(x), the product scaled per channel if the layer has a scale · overwrites: residual.
    /// </summary>
    public void Add(Linear linear, ReadOnlySpan<float> x, Span<float> residual, int count, float[]? scale, Workers workers)
    {
        if (scale is null)
        {
            linear.Apply(x, residual, count, workers, add: true);
            return;
        }
        var branch = Grown(ref _branch, checked(count * linear.Output));
        linear.Apply(x, branch, count, workers);
        Activations.AddScaled(residual, branch, scale);
    }

    static Span<float> Grown(ref float[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = new float[length];
        return buffer.AsSpan(0, length);
    }
}
