using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;
using Qwen3Tts.Tests.Kernels;

namespace Qwen3Tts.Tests;

/// <summary>
/// Compares the prompt and single steps, which share one code path, on small random stacks of every kind. The numbers themselves are
/// checked by the goldens of talker and codec.
/// </summary>
public sealed class TransformerTests
{
    static readonly TransformerShape[] Shapes =
    [
        new(3, 40, 56, 6, 2, 8, 1e6, 1e-6f) { QueryKeyNorm = true },
        new(2, 32, 48, 4, 4, 10, 1e4, 1e-5f) { Window = 7, LayerScale = true },
        new(2, 24, 64, 3, 3, 8, 1e4, 1e-5f) { Classic = true, LayerScale = true, FinalNorm = false },
    ];

    public static TheoryData<int> EveryShape => [.. Enumerable.Range(0, Shapes.Length)];

    [Theory, MemberData(nameof(EveryShape))]
    public void HowASequenceIsCutChangesNoBit(int shape)
    {
        const int rows = 300; // more rows than are computed together, and more than a window has
        var (s, random) = (Shapes[shape], new Random(shape));
        var transformer = Load(s, random);
        var input = Values(random, rows * s.Hidden, 1);
        using var workers = new Workers(1);
        var whole = Run(transformer, input, workers, [rows]);
        Assert.True(Parity.Largest(whole) > 0.1);
        Assert.Equal(whole, Run(transformer, input, workers, Enumerable.Repeat(1, rows)));
        Assert.Equal(whole, Run(transformer, input, workers, [1, 2, 90, 7, 120, 80]));
        using var two = new Workers(2);
        Assert.Equal(whole, Run(transformer, input, two, [150, 150]));
    }

    [Theory, MemberData(nameof(EveryShape))]
    public void AStepAllocatesNothingOnceTheCacheHasGrown(int shape)
    {
        var (s, random) = (Shapes[shape], new Random(shape));
        var transformer = Load(s, random);
        var row = new float[s.Hidden];
        using var workers = new Workers(1);
        var cache = transformer.CreateCache();
        for (var i = 0; i < 130; i++)
            transformer.Forward(row, 1, cache, workers);
        Assert.Equal(0, KernelTest.Allocated(() =>
        {
            for (var i = 0; i < 15; i++) // seven calls: short of 256 positions, where the cache grows again
                transformer.Forward(row, 1, cache, workers);
        }));
    }

    [Fact]
    public void AWindowKeepsTheMemoryBoundedAndThePositionsTrue()
    {
        var s = Shapes[1];
        var transformer = Load(s, new(1));
        var cache = transformer.CreateCache();
        using var workers = new Workers(1);
        for (var i = 0; i < 1000; i++)
            transformer.Forward(new float[s.Hidden], 1, cache, workers);
        Assert.Equal(1000, cache.Position);
        Assert.InRange(cache.Stored, s.Window, 64);
    }

    [Fact]
    public void AClearedCacheBeginsANewSequence()
    {
        var (s, random) = (Shapes[0], new Random(5));
        var transformer = Load(s, random);
        var input = Values(random, 9 * s.Hidden, 1);
        using var workers = new Workers(1);
        var cache = transformer.CreateCache();
        transformer.Forward(Values(random, 20 * s.Hidden, 1), 20, cache, workers);
        cache.Clear();
        var again = input.ToArray();
        transformer.Forward(again, 9, cache, workers);
        Assert.Equal(Run(transformer, input, workers, [9]), again);
    }

    [Fact]
    public void AnglesAreTheOfficialOnes()
    {
        using var golden = SafetensorsFile.Open(Golden.File("forward", "rope.safetensors"));
        var positions = golden.Int64("positions");
        foreach (var (name, theta) in new[] { ("talker", 1e6), ("predictor", 1e6), ("codec_decoder", 1e4), ("codec_encoder", 1e4) })
        {
            var (cos, sin, dim) = (golden.Float32($"{name}.cos"), golden.Float32($"{name}.sin"), golden.Entry($"{name}.cos").Shape[1]);
            var table = new RotaryTable(dim, theta);
            table.Reserve(17); // grows in the middle of the comparison's range
            table.Reserve((int)positions.Max() + 1);
            for (var i = 0; i < positions.Length; i++)
                for (var d = 0; d < dim; d++)
                {
                    var at = (int)positions[i] * (dim / 2) + d % (dim / 2);
                    var difference = Math.Max(Math.Abs(table.Cos[at] - cos[i * dim + d]), Math.Abs(table.Sin[at] - sin[i * dim + d]));
                    Assert.True(difference <= (positions[i] <= 1000 ? 1e-4 : 2e-3), $"{name} at {positions[i]}, {d}: {difference}");
                }
        }
    }

    static float[] Run(Transformer transformer, float[] input, Workers workers, IEnumerable<int> pieces)
    {
        var (cache, x, from, hidden) = (transformer.CreateCache(), input.ToArray(), 0, transformer.Shape.Hidden);
        foreach (var count in pieces)
        {
            transformer.Forward(x.AsSpan(from * hidden, count * hidden), count, cache, workers);
            from += count;
        }
        Assert.Equal(x.Length, from * hidden);
        return x;
    }

    static Transformer Load(TransformerShape s, Random random)
    {
        var tensors = new List<TensorToWrite>();
        void Add(string name, params int[] shape) =>
            tensors.Add(TensorToWrite.FromArray(name, shape, Values(random, shape.Aggregate((a, b) => a * b), 1 / MathF.Sqrt(shape[^1]))));
        void AddNorm(string name)
        {
            Add($"{name}.weight", s.Hidden);
            if (s.Classic)
                Add($"{name}.bias", s.Hidden);
        }
        for (var i = 0; i < s.Layers; i++)
        {
            var layer = $"t.layers.{i}";
            AddNorm($"{layer}.input_layernorm");
            AddNorm($"{layer}.post_attention_layernorm");
            foreach (var (name, heads) in new[] { ("q", s.Heads), ("k", s.KeyValueHeads), ("v", s.KeyValueHeads) })
                Add($"{layer}.self_attn.{name}_proj.weight", heads * s.HeadDim, s.Hidden);
            Add($"{layer}.self_attn.o_proj.weight", s.Hidden, s.Heads * s.HeadDim);
            if (s.QueryKeyNorm)
                foreach (var name in "qk")
                    Add($"{layer}.self_attn.{name}_norm.weight", s.HeadDim);
            foreach (var name in s.Classic ? new[] { "fc1" } : ["gate_proj", "up_proj"])
                Add($"{layer}.mlp.{name}.weight", s.Intermediate, s.Hidden);
            Add($"{layer}.mlp.{(s.Classic ? "fc2" : "down_proj")}.weight", s.Hidden, s.Intermediate);
            if (s.LayerScale)
                foreach (var name in new[] { "self_attn", "mlp" })
                    Add($"{layer}.{name}_layer_scale.scale", s.Hidden);
        }
        if (s.FinalNorm)
            AddNorm("t.norm");
        var folder = Scratch.New();
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors);
        using var weights = Weights.Open(folder);
        var transformer = new Transformer(weights, "t", s);
        weights.Finish();
        return transformer;
    }

    static float[] Values(Random random, int count, float scale) =>
        [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2 - 1) * scale)];
}
