// AdamW with decoupled weight decay. The update is always computed in float32: on the CPU in one pass over memory, on a GPU by libtorch in
// parts of a few million elements, so that its temporaries stay small. What is kept between updates is chosen: a bf16 weight has eight bits,
// in which small updates vanish, so it has a float32 master (on the CPU its lower half alone, the weight being the upper), or, where
// memory rules, none and is rounded by chance. A float32 weight is its own master.
using Qwen3Tts.Training.Modules;
using TorchSharp;
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

/// <summary>What computes an update. They differ in speed and in the last bits.</summary>
enum UpdateKernel
{
    /// <summary><see cref="OnePassAdamW"/>; on the CPU.</summary>
    OnePass,
    /// <summary>libtorch's, where it is found (<see cref="FusedAdamW"/>).</summary>
    Fused,
    /// <summary>The formulas, operation by operation.</summary>
    Eager,
}

/// <summary>Settings of <see cref="AdamW"/>; the learning rate is given with each step.</summary>
sealed record AdamWOptions
{
    public double Beta1 { get; init; } = 0.9;
    public double Beta2 { get; init; } = 0.999;
    public double Epsilon { get; init; } = 1e-8;
    public double WeightDecay { get; init; } = 0.01;
    public DecayOf Decay { get; init; } = DecayOf.Matrices;

    /// <summary>Whether BF16 weights have float32 masters. Without, they are rounded by chance.</summary>
    public bool Masters { get; init; } = true;
    /// <summary>Float32, or BFloat16, which is rounded by chance too.</summary>
    public ScalarType Moments { get; init; } = ScalarType.Float32;
    /// <summary>Of the chance in rounding.</summary>
    public long Seed { get; init; } = 1;
    /// <summary>Null: the fastest for the device.</summary>
    public UpdateKernel? Kernel { get; init; }
}

sealed class AdamW : IDisposable
{
    /// <summary>Elements that are updated at a time: the temporaries are at most five times as many float32.</summary>
    public const long Part = 1 << 22;

    sealed record Slot(string Name, Parameter Weight, Tensor? Master, Tensor? Lower, Tensor Mean, Tensor Square, bool Decays);

    readonly AdamWOptions _options;
    readonly List<Slot> _slots;
    readonly Device _device;
    readonly UpdateKernel _kernel;

    /// <param name="parameters">What is trained, under its checkpoint names: they tell embeddings from other matrices.</param>
    /// <param name="options">Betas, epsilon, decay, and what is kept in which type.</param>
    public AdamW(IEnumerable<(string Name, Parameter Weight)> parameters, AdamWOptions options)
    {
        _options = options;
        using var still = no_grad();
        var trained = parameters.ToList();
        _device = trained[0].Weight.device;
        _kernel = options.Kernel ?? (_device.type == DeviceType.CPU ? UpdateKernel.OnePass : UpdateKernel.Fused);
        if (_kernel == UpdateKernel.Fused && FusedAdamW.Missing is not null)
            _kernel = UpdateKernel.Eager;
        bool HasMaster(Parameter weight, bool inHalves) => options.Masters && weight.dtype != ScalarType.Float32 && (_kernel == UpdateKernel.OnePass) == inHalves;
        _slots = [.. trained.Select(p => new Slot(
            p.Name,
            p.Weight,
            HasMaster(p.Weight, inHalves: false) ? p.Weight.detach().to(ScalarType.Float32).DetachFromDisposeScope() : null,
            HasMaster(p.Weight, inHalves: true) ? zeros(p.Weight.shape, dtype: ScalarType.Int16).DetachFromDisposeScope() : null, // a master begins as its weight
            zeros(p.Weight.shape, dtype: options.Moments, device: p.Weight.device).DetachFromDisposeScope(),
            zeros(p.Weight.shape, dtype: options.Moments, device: p.Weight.device).DetachFromDisposeScope(),
            options.Decay == DecayOf.Everything || (p.Weight.dim() > 1 && !p.Name.Contains("embedding", StringComparison.Ordinal))))];
    }

    /// <summary>How updates are computed, and why not by libtorch's kernel where it is missing.</summary>
    public string Kernel => _kernel switch { UpdateKernel.OnePass => "in one pass", UpdateKernel.Fused => "fused", _ => _options.Kernel == UpdateKernel.Eager ? "eager" : $"eager, because {FusedAdamW.Missing}" };

    /// <summary>Updates made so far; the moments' bias correction counts them.</summary>
    public int Steps { get; set; }

    /// <summary>Masters (or the weights, where they have none) and moments, each read when asked for: with <see cref="Steps"/>, all that the next update depends on beside its gradients.</summary>
    public IEnumerable<(string Name, long[] Shape, Func<float[]> Values)> State => _slots.SelectMany(s => new[] { (s.Name, s.Weight.shape, () => Exact(s)), ($"{s.Name}/mean", s.Weight.shape, s.Mean.ToFloat32Array), ($"{s.Name}/square", s.Weight.shape, (Func<float[]>)s.Square.ToFloat32Array) });

    /// <summary>What is trained, by name, each read when asked for: masters where there are any.</summary>
    public Dictionary<string, Func<float[]>> Values => _slots.ToDictionary(s => s.Name, s => (Func<float[]>)(() => Exact(s)));

    /// <summary>What is kept between updates, as it is kept.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Kept => _slots.SelectMany(s => new[] { (s.Name, s.Master ?? s.Lower ?? s.Weight), ($"{s.Name}/mean", s.Mean), ($"{s.Name}/square", s.Square) });

    static float[] Exact(Slot slot) => slot.Lower is { } lower ? Halves.Joined(slot.Weight, lower) : (slot.Master ?? slot.Weight).ToFloat32Array();

    /// <summary>Puts back what <see cref="State"/> and <see cref="Steps"/> were; <paramref name="saved"/> gives values by name.</summary>
    /// <exception cref="InvalidDataException">They are of another model.</exception>
    public void Restore(int steps, Func<string, float[]> saved)
    {
        using var still = no_grad();
        foreach (var slot in _slots)
        {
            var values = saved(slot.Name);
            (slot.Master ?? slot.Weight).Fill(values); // which looks at how many there are
            if (slot.Lower is not null)
                Halves.Split(values, slot.Weight, slot.Lower);
            else if (slot.Master is not null)
                slot.Weight.copy_(slot.Master);
            slot.Mean.Fill(saved($"{slot.Name}/mean"));
            slot.Square.Fill(saved($"{slot.Name}/square"));
        }
        Steps = steps;
    }

    /// <summary>What gradients of this 2-norm are scaled by so that it is at most <paramref name="largest"/>.</summary>
    public static double Clip(double norm, double largest) => norm > largest ? largest / (norm + 1e-6) : 1; // the small term is PyTorch's

    /// <summary>2-norm of all gradients together.</summary>
    public double GradientNorm()
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var gradients = _slots.Select(s => s.Weight.grad).OfType<Tensor>();
        return _kernel == UpdateKernel.OnePass ? Math.Sqrt(gradients.Sum(g => Parts(g).Sum(OnePassAdamW.SquaredNorm))) : stack(gradients.SelectMany(Norms), 0).norm().item<float>();
    }

    /// <summary>2-norms of a tensor's parts.</summary>
    static IEnumerable<Tensor> Norms(Tensor tensor)
    {
        foreach (var part in Parts(tensor))
        {
            using var wide = part.to(ScalarType.Float32);
            yield return wide.norm().MoveToOuterDisposeScope();
        }
    }

    static IEnumerable<Tensor> Parts(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var flat = tensor.reshape(-1);
        for (long from = 0, all = flat.numel(); from < all; from += Part)
            yield return flat.narrow(0, from, Math.Min(Part, all - from));
    }

    /// <summary>One update from the accumulated gradients, which are then dropped.</summary>
    /// <param name="learningRate">Of this update.</param>
    /// <param name="gradientScale">Gradients count times this: see <see cref="Clip"/>.</param>
    public void Step(double learningRate, double gradientScale = 1)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        Steps++;
        var steps = tensor((float)Steps, device: _device);
        for (var i = 0; i < _slots.Count; i++)
        {
            if (_slots[i].Weight.grad is not { } gradient)
                continue;
            var key = StochasticRounding.Key(_options.Seed, Steps, i);
            for (long from = 0, all = gradient.numel(); from < all; from += Part)
                Update(_slots[i], gradient, from, Math.Min(Part, all - from), steps, learningRate, gradientScale, key);
            _slots[i].Weight.grad = null;
        }
    }

    void Update(Slot s, Tensor gradient, long from, long count, Tensor steps, double rate, double gradientScale, uint key)
    {
        using var scope = NewDisposeScope();
        Tensor Of(Tensor t) => t.detach().view(-1).narrow(0, from, count);
        var decay = s.Decays ? _options.WeightDecay : 0;
        if (_kernel == UpdateKernel.OnePass)
        {
            var (bias1, bias2) = Biases;
            var terms = new AdamWTerms((float)gradientScale, (float)(1 - rate * decay), (float)(1 - _options.Beta1), (float)_options.Beta2, (float)(1 - _options.Beta2), (float)(1 / Math.Sqrt(bias2)), (float)(-rate / bias1), (float)_options.Epsilon);
            OnePassAdamW.Step(Of(s.Weight), s.Lower is null ? null : Of(s.Lower), Of(gradient), Of(s.Mean), Of(s.Square), terms, key, from);
            return;
        }
        var (weight, mean, square) = (Of(s.Master ?? s.Weight), Of(s.Mean), Of(s.Square));
        // In float32: the tensor itself where it is float32 already, a copy to be stored back otherwise.
        var (w, g, m, v) = (weight.to(ScalarType.Float32), Of(gradient).to(ScalarType.Float32), mean.to(ScalarType.Float32), square.to(ScalarType.Float32));
        if (gradientScale != 1)
        {
            using Scalar scale = gradientScale;
            g = g.mul(scale);
        }
        if (_kernel == UpdateKernel.Fused)
            FusedAdamW.Step(w, g, m, v, steps, rate, decay, _options);
        else
            Plain(w, g, m, v, rate, decay);
        foreach (var (draw, (kept, updated)) in new[] { (weight, w), (mean, m), (square, v) }.Index())
            if (kept.dtype != ScalarType.Float32)
                kept.copy_(StochasticRounding.Round(updated, key, from, draw));
        if (s.Master is not null)
            Of(s.Weight).copy_(w);
    }

    (double First, double Second) Biases => (1 - Math.Pow(_options.Beta1, Steps), 1 - Math.Pow(_options.Beta2, Steps));

    void Plain(Tensor w, Tensor g, Tensor m, Tensor v, double rate, double decay)
    {
        var o = _options;
        using Scalar shrink = 1 - rate * decay, beta2 = o.Beta2, new2 = 1 - o.Beta2, epsilon = o.Epsilon;
        using Scalar bias2 = Math.Sqrt(Biases.Second), step = -rate / Biases.First;
        w.mul_(shrink);
        m.lerp_(g, 1 - o.Beta1);
        v.mul_(beta2).addcmul_(g, g, new2);
        var root = v.sqrt().div_(bias2).add(epsilon, Scalars.One);
        w.addcdiv_(m, root, step);
    }

    public void Dispose()
    {
        foreach (var slot in _slots)
            foreach (var tensor in new[] { slot.Master, slot.Lower, slot.Mean, slot.Square })
                tensor?.Dispose();
    }
}
