// AdamW with decoupled weight decay. Moments and masters are float32 whatever the network computes in: a bf16 weight has eight bits, so
// small updates would vanish in it. Where the network is float32 already, its weights are their own masters.
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Training;

/// <summary>Which tensors decay.</summary>
enum DecayOf
{
    /// <summary>Matrices only: embedding rows, norms and biases keep their size, and rows no sample touches stay as they are.</summary>
    Matrices,
    /// <summary>Every trained tensor.</summary>
    Everything,
}

/// <summary>Settings of <see cref="AdamW"/>; the learning rate is given with each step.</summary>
sealed record AdamWOptions
{
    public double Beta1 { get; init; } = 0.9;
    public double Beta2 { get; init; } = 0.999;
    public double Epsilon { get; init; } = 1e-8;
    public double WeightDecay { get; init; } = 0.01;
    public DecayOf Decay { get; init; } = DecayOf.Matrices;
}

sealed class AdamW : IDisposable
{
    sealed record Slot(Parameter Weight, Tensor Master, Tensor Mean, Tensor Square, bool Decays);

    readonly AdamWOptions _options;
    readonly List<Slot> _slots;
    int _steps;

    /// <param name="parameters">What is trained, under its checkpoint names: they tell embeddings from other matrices.</param>
    /// <param name="options">Betas, epsilon and decay.</param>
    public AdamW(IEnumerable<(string Name, Parameter Weight)> parameters, AdamWOptions options)
    {
        _options = options;
        using var still = no_grad();
        _slots = [.. parameters.Select(p => new Slot(
            p.Weight,
            (p.Weight.dtype == ScalarType.Float32 ? p.Weight.detach() : p.Weight.detach().to(ScalarType.Float32)).DetachFromDisposeScope(),
            zeros(p.Weight.shape, dtype: ScalarType.Float32, device: p.Weight.device).DetachFromDisposeScope(),
            zeros(p.Weight.shape, dtype: ScalarType.Float32, device: p.Weight.device).DetachFromDisposeScope(),
            options.Decay == DecayOf.Everything || (p.Weight.dim() > 1 && !p.Name.Contains("embedding", StringComparison.Ordinal))))];
    }

    /// <summary>Scales all gradients together so that their common 2-norm is at most <paramref name="largest"/>; gives the norm before. Call before <see cref="Step"/>.</summary>
    public double ClipGradients(double largest)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var gradients = _slots.Select(s => s.Weight.grad).OfType<Tensor>().ToList();
        var norm = stack(gradients.Select(g => g.to(ScalarType.Float32).norm()), 0).norm().item<float>();
        if (norm > largest)
            foreach (var g in gradients)
                g.mul_(largest / (norm + 1e-6)); // the small term is PyTorch's
        return norm;
    }

    /// <summary>One update from the accumulated gradients, which are then dropped.</summary>
    public void Step(double learningRate)
    {
        using var still = no_grad();
        _steps++;
        foreach (var slot in _slots)
            Update(slot, learningRate);
    }

    void Update(Slot s, double rate)
    {
        using var scope = NewDisposeScope();
        var o = _options;
        if (s.Weight.grad is not { } gradient)
            return;
        gradient = gradient.to(ScalarType.Float32);
        if (s.Decays)
            s.Master.mul_(1 - rate * o.WeightDecay);
        s.Mean.lerp_(gradient, 1 - o.Beta1);
        s.Square.mul_(o.Beta2).addcmul_(gradient, gradient, 1 - o.Beta2);
        var root = s.Square.sqrt().div_(Math.Sqrt(1 - Math.Pow(o.Beta2, _steps))).add_(o.Epsilon);
        s.Master.addcdiv_(s.Mean, root, -rate / (1 - Math.Pow(o.Beta1, _steps)));
        if (s.Weight.dtype != ScalarType.Float32)
            s.Weight.copy_(s.Master);
        s.Weight.grad = null;
    }

    public void Dispose()
    {
        foreach (var slot in _slots)
            foreach (var tensor in new[] { slot.Master, slot.Mean, slot.Square })
                tensor.Dispose();
    }
}
