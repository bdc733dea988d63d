// AdamW with decoupled weight decay. The update is always computed in float32: on the CPU in one pass over memory, on a GPU by libtorch in
// parts of a few million elements, so that its temporary tensors stay small. A BF16 weight has eight significant bits, in which small
// updates vanish. So it has a float32 master weight (on the CPU only the lower half is stored, because the weight is the upper half), or,
// to save memory, no master and stochastic rounding. A float32 weight needs no master.
using Qwen3Tts.Training.Memory;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Optimizer;

/// <summary>Which tensors have weight decay.</summary>
enum WeightDecayScope
{
    /// <summary>Matrices only. Embedding tables, norms and biases have none: so a row that no sample uses stays as it is.</summary>
    Matrices,
    /// <summary>Every trained tensor.</summary>
    Everything,
}

/// <summary>Which code computes an update. The kernels differ in speed and in the last bits.</summary>
enum UpdateKernel
{
    /// <summary><see cref="OnePassAdamW"/>; on the CPU.</summary>
    OnePass,
    /// <summary>libtorch's fused kernel, where this libtorch has it (<see cref="FusedAdamW"/>).</summary>
    Fused,
    /// <summary>The formulas as single libtorch operations.</summary>
    Eager,
}

/// <summary>Settings of <see cref="AdamW"/>; the learning rate is given with each step.</summary>
sealed record AdamWOptions
{
    public double Beta1 { get; init; } = 0.9;
    public double Beta2 { get; init; } = 0.999;
    public double Epsilon { get; init; } = 1e-8;
    public double WeightDecay { get; init; } = 0.01;
    public WeightDecayScope DecayScope { get; init; } = WeightDecayScope.Matrices;

    /// <summary>Whether BF16 weights have float32 master weights. Without masters they get stochastic rounding.</summary>
    public bool Masters { get; init; } = true;
    /// <summary>Type of both moments: Float32, or BFloat16 with stochastic rounding.</summary>
    public ScalarType Moments { get; init; } = ScalarType.Float32;
    /// <summary>Seed of the stochastic rounding.</summary>
    public long Seed { get; init; } = 1;
    /// <summary>Null: the fastest for the device.</summary>
    public UpdateKernel? Kernel { get; init; }
}

sealed class AdamW : IDisposable
{
    sealed record Slot(string Name, Parameter Weight, Tensor? Master, Tensor? Lower, Tensor Mean, Tensor Square, bool Decays);

    readonly AdamWOptions _options;
    readonly List<Slot> _slots;
    readonly Device _device;
    readonly UpdateKernel _kernel;

    /// <param name="parameters">What is trained, under its checkpoint names: they tell embeddings from other matrices.</param>
    /// <param name="options">Betas, epsilon, weight decay, master weights and the type of the moments.</param>
    public AdamW(IEnumerable<(string Name, Parameter Weight)> parameters, AdamWOptions options)
    {
        _options = options;
        using var still = no_grad();
        var trained = parameters.ToList();
        _device = trained[0].Weight.device;
        _kernel = options.Kernel ?? (_device.type == DeviceType.CPU ? UpdateKernel.OnePass : UpdateKernel.Fused);
        if (_kernel == UpdateKernel.Fused && FusedAdamW.Missing is not null)
            _kernel = UpdateKernel.Eager;
        bool HasMaster(Parameter weight, bool inHalves) =>
            options.Masters && weight.dtype != ScalarType.Float32 && (_kernel == UpdateKernel.OnePass) == inHalves;
        _slots = [.. trained.Select(p => new Slot(
            p.Name,
            p.Weight,
            HasMaster(p.Weight, inHalves: false) ? p.Weight.detach().to(ScalarType.Float32).DetachFromDisposeScope() : null,
            // the initial value of a master is its weight
            HasMaster(p.Weight, inHalves: true) ? zeros(p.Weight.shape, dtype: ScalarType.Int16).DetachFromDisposeScope() : null,
            zeros(p.Weight.shape, dtype: options.Moments, device: p.Weight.device).DetachFromDisposeScope(),
            zeros(p.Weight.shape, dtype: options.Moments, device: p.Weight.device).DetachFromDisposeScope(),
            options.DecayScope == WeightDecayScope.Everything
                || (p.Weight.dim() > 1 && !p.Name.Contains("embedding", StringComparison.Ordinal))))];
    }

    /// <summary>Name of the kernel, with the reason if libtorch's fused kernel is missing.</summary>
    public string Kernel => _kernel switch
    {
        UpdateKernel.OnePass => "in one pass",
        UpdateKernel.Fused => "fused",
        _ => _options.Kernel == UpdateKernel.Eager ? "eager" : $"eager, because {FusedAdamW.Missing}"
    };

    /// <summary>Updates made so far; the moments' bias correction counts them.</summary>
    public int Steps { get; set; }

    /// <summary>
    /// Master weights (or weights without masters) and moments; each is read when its function is called. With <see cref="Steps"/> this is
    /// all that the next update depends on, beside its gradients.
    /// </summary>
    public IEnumerable<(string Name, long[] Shape, Func<float[]> Values)> State => _slots.SelectMany(s => new[]
    {
        (s.Name, s.Weight.shape, () => ReadMaster(s)),
        ($"{s.Name}/mean", s.Weight.shape, s.Mean.ToFloat32Array),
        ($"{s.Name}/square", s.Weight.shape, (Func<float[]>)s.Square.ToFloat32Array),
    });

    /// <summary>The trained values by name, read when the function is called: master weights where there are any.</summary>
    public Dictionary<string, Func<float[]>> Values => _slots.ToDictionary(s => s.Name, s => (Func<float[]>)(() => ReadMaster(s)));

    /// <summary>The tensors that the optimizer holds between updates, as they are stored.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> StoredTensors =>
        _slots.SelectMany(s => new[] { (s.Name, s.Master ?? s.Lower ?? s.Weight), ($"{s.Name}/mean", s.Mean),
            ($"{s.Name}/square", s.Square) });

    static float[] ReadMaster(Slot slot) =>
        slot.Lower is { } lower ? SplitFloat32Format.Join(slot.Weight, lower) : (slot.Master ?? slot.Weight).ToFloat32Array();

    /// <summary>Restores <see cref="State"/> and <see cref="Steps"/>; <paramref name="saved"/> gives the values by name.</summary>
    /// <exception cref="InvalidDataException">The saved values are of another model.</exception>
    public void Restore(int steps, Func<string, float[]> saved)
    {
        using var still = no_grad();
        foreach (var slot in _slots)
        {
            var values = saved(slot.Name);
            (slot.Master ?? slot.Weight).Fill(values); // checks the number of values first
            if (slot.Lower is not null)
                SplitFloat32Format.Split(values, slot.Weight, slot.Lower);
            else if (slot.Master is not null)
                slot.Weight.copy_(slot.Master);
            slot.Mean.Fill(saved($"{slot.Name}/mean"));
            slot.Square.Fill(saved($"{slot.Name}/square"));
        }
        Steps = steps;
    }

    /// <summary>Gradient clipping: the factor that brings gradients of this 2-norm down to at most <paramref name="largest"/>.</summary>
    // PyTorch adds the same small term
    public static double ClipFactor(double norm, double largest) => norm > largest ? largest / (norm + 1e-6) : 1;

    /// <summary>2-norm of all gradients together.</summary>
    public double ComputeGradientNorm()
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var gradients = _slots.Select(s => s.Weight.grad).OfType<Tensor>();
        return _kernel == UpdateKernel.OnePass ? Math.Sqrt(gradients.Sum(g => Parts(g).Sum(OnePassAdamW.SquaredNorm)))
            : stack(gradients.SelectMany(Norms), 0).norm().item<float>();
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
        for (long from = 0, all = flat.numel(); from < all; from += Activations.UpdatePart)
            yield return flat.narrow(0, from, Math.Min(Activations.UpdatePart, all - from));
    }

    /// <summary>One update from the accumulated gradients, which are released afterwards.</summary>
    /// <param name="learningRate">Learning rate of this update.</param>
    /// <param name="gradientScale">Factor of all gradients: see <see cref="ClipFactor"/>.</param>
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
            var key = StochasticRounding.CreateKey(_options.Seed, Steps, i);
            for (long from = 0, all = gradient.numel(); from < all; from += Activations.UpdatePart)
                Update(_slots[i], gradient, from, Math.Min(Activations.UpdatePart, all - from), steps, learningRate, gradientScale, key);
            _slots[i].Weight.grad = null;
        }
    }

    void Update(Slot s, Tensor gradient, long from, long count, Tensor steps, double rate, double gradientScale, uint key)
    {
        using var scope = NewDisposeScope();
        Tensor Slice(Tensor t) => t.detach().view(-1).narrow(0, from, count);
        var decay = s.Decays ? _options.WeightDecay : 0;
        if (_kernel == UpdateKernel.OnePass)
        {
            var (bias1, bias2) = Biases;
            var terms = new AdamWTerms(
                (float)gradientScale, (float)(1 - rate * decay), (float)(1 - _options.Beta1), (float)_options.Beta2,
                    (float)(1 - _options.Beta2),
                (float)(1 / Math.Sqrt(bias2)), (float)(-rate / bias1), (float)_options.Epsilon);
            OnePassAdamW.Step(Slice(s.Weight), s.Lower is null ? null
                : Slice(s.Lower), Slice(gradient), Slice(s.Mean), Slice(s.Square), terms, key, from);
            return;
        }
        var (weight, mean, square) = (Slice(s.Master ?? s.Weight), Slice(s.Mean), Slice(s.Square));
        // In float32: a float32 tensor is used directly; any other tensor is copied, and stored back below.
        var (w, g, m, v) = (weight.to(ScalarType.Float32), Slice(gradient).to(ScalarType.Float32), mean.to(ScalarType.Float32),
            square.to(ScalarType.Float32));
        if (gradientScale != 1)
        {
            using Scalar scale = gradientScale;
            g = g.mul(scale);
        }
        if (_kernel == UpdateKernel.Fused)
            FusedAdamW.Step(w, g, m, v, steps, rate, decay, _options);
        else
            UpdateByFormulas(w, g, m, v, rate, decay);
        foreach (var (draw, (stored, updated)) in new[] { (weight, w), (mean, m), (square, v) }.Index())
            if (stored.dtype != ScalarType.Float32)
                stored.copy_(StochasticRounding.Round(updated, key, from, draw));
        if (s.Master is not null)
            Slice(s.Weight).copy_(w);
    }

    (double First, double Second) Biases => (1 - Math.Pow(_options.Beta1, Steps), 1 - Math.Pow(_options.Beta2, Steps));

    /// <summary>in: all · overwrites: w, m, v.</summary>
    void UpdateByFormulas(Tensor w, Tensor g, Tensor m, Tensor v, double rate, double decay)
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
