// The feed-forward network of a layer, in its two kinds.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

abstract class Mlp
{
    public abstract IEnumerable<Linear> Layers { get; }

    /// <summary>
    /// in: x [count, hidden], normalised · out: the network's output, added to <paramref name="residual"/> [count, hidden] · overwrites:
    /// residual.
    /// </summary>
    public abstract void Add(ReadOnlySpan<float> x, Span<float> residual, int count, TransformerScratch scratch, float[]? scale,
        Workers workers);
}

/// <summary>down(silu(gate(x)) * up(x)).</summary>
sealed class GatedMlp(Weights weights, string name, int hidden, int intermediate) : Mlp
{
    readonly Linear gate_proj = Linear.Load(weights, $"{name}.gate_proj", intermediate, hidden);
    readonly Linear up_proj = Linear.Load(weights, $"{name}.up_proj", intermediate, hidden);
    readonly Linear down_proj = Linear.Load(weights, $"{name}.down_proj", hidden, intermediate);

    public override IEnumerable<Linear> Layers => [gate_proj, up_proj, down_proj];

    public override void Add(ReadOnlySpan<float> x, Span<float> residual, int count, TransformerScratch scratch, float[]? scale,
        Workers workers)
    {
        var gate = scratch.Gate(count); // [count, intermediate]
        var up = scratch.Up(count); // [count, intermediate]
        scratch.Apply(gate_proj, x, gate, count, workers);
        scratch.Apply(up_proj, x, up, count, workers);
        Activations.SiluMultiply(gate, up, workers);
        scratch.Add(down_proj, gate, residual, count, scale, workers);
    }
}

/// <summary>fc2(gelu(fc1(x))).</summary>
sealed class GeluMlp(Weights weights, string name, int hidden, int intermediate) : Mlp
{
    readonly Linear fc1 = Linear.Load(weights, $"{name}.fc1", intermediate, hidden);
    readonly Linear fc2 = Linear.Load(weights, $"{name}.fc2", hidden, intermediate);

    public override IEnumerable<Linear> Layers => [fc1, fc2];

    public override void Add(ReadOnlySpan<float> x, Span<float> residual, int count, TransformerScratch scratch, float[]? scale,
        Workers workers)
    {
        var inner = scratch.Gate(count); // [count, intermediate]
        fc1.Apply(x, inner, count, workers);
        Activations.Gelu(inner, workers);
        scratch.Add(fc2, inner, residual, count, scale, workers);
    }
}
