// A training method: which types the numbers have, what is trained, and how much of a micro-batch is held in memory. The result of a run is
// a function of the first two, so they are stored with the run; the last one changes only memory and speed.
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Options;

/// <summary>Types of weights, gradients and optimizer state, from the most exact to the smallest.</summary>
enum Precision
{
    /// <summary>Everything in float32: 16 bytes for each trained number.</summary>
    Float32,
    /// <summary>
    /// BF16 weights and gradients, float32 master weights and moments: 16 bytes, or 14 on the CPU, where half of a master is the weight
    /// itself.
    /// </summary>
    Mixed,
    /// <summary>BF16 weights without masters, with stochastic rounding; float32 moments: 12 bytes.</summary>
    Bfloat16,
    /// <summary>BF16 weights without masters and BF16 moments, both with stochastic rounding: 8 bytes.</summary>
    Bfloat16Moments,
}

/// <summary>Low-rank adaptation. Settings are settable, so that a stored run that lacks one has its default.</summary>
sealed record LoraOptions
{
    public int Rank { get; set; } = 16;
    /// <summary>The product of a pair is multiplied by alpha / rank.</summary>
    public double Alpha { get; set; } = 32;
    /// <summary>Matrices of the layers that get a pair, by name.</summary>
    public IReadOnlyList<string> Targets { get; set; } = AllTargets;
    /// <summary>Whether the code predictor's layers get pairs too.</summary>
    public bool CodePredictor { get; init; }
    public long Seed { get; set; } = 1;

    public static IReadOnlyList<string> AllTargets { get; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];
}

/// <summary>How much of a micro-batch is held in memory at a time. It changes memory and speed, never the result.</summary>
/// <param name="RecomputeLayers">Gradient checkpointing of the talker's layers.</param>
/// <param name="PredictorFrames">Frames that pass the code predictor together.</param>
sealed record CheckpointingOptions(bool RecomputeLayers, int PredictorFrames)
{
    /// <summary>Everything is computed once and held until the backward pass.</summary>
    public static CheckpointingOptions None { get; } = new(false, int.MaxValue);
}

sealed record TrainingMethod
{
    /// <summary>text_embedding is a third of the small model, and it was not trained for the official voices.</summary>
    public static IReadOnlyList<string> FrozenByDefault { get; } = ["text_embedding"];

    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Parts that are not trained, by name. With <see cref="Lora"/> only the pairs are trained.</summary>
    public IReadOnlyList<string> Frozen { get; init; } = FrozenByDefault;

    /// <summary>Trains low-rank pairs instead of the weights.</summary>
    public LoraOptions? Lora { get; init; }

    public CheckpointingOptions Checkpointing { get; init; } = CheckpointingOptions.None;

    public ScalarType WeightType => Precision == Precision.Float32 ? ScalarType.Float32 : ScalarType.BFloat16;
    public ScalarType MomentType => Precision == Precision.Bfloat16Moments ? ScalarType.BFloat16 : ScalarType.Float32;
    public bool HasMasters => Precision is Precision.Mixed;
}
