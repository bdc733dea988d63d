// A way to train: what is computed and kept in which type, what is trained, and how much of a batch is computed at a time. A run is a
// function of it, so it is stored with the run; the last part alone changes no result.
using Qwen3Tts.Training.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Training;

/// <summary>What is computed and kept in which type, from the most exact to the smallest.</summary>
enum Precision
{
    /// <summary>Everything in float32: 16 bytes for each trained number.</summary>
    Float32,
    /// <summary>BF16 weights and gradients, float32 masters and moments: 16 bytes, or 14 on the CPU (<see cref="OnePassAdamW"/>); computed in BF16.</summary>
    Mixed,
    /// <summary>BF16 weights without masters, rounded by chance; float32 moments: 12 bytes.</summary>
    Bfloat16,
    /// <summary>The same with BF16 moments: 8 bytes.</summary>
    Bfloat16Moments,
}

sealed record Way
{
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Parts that stay as they are, by name (<see cref="Freezing"/>); with <see cref="Lora"/> everything does.</summary>
    public IReadOnlyList<string> Frozen { get; init; } = Freezing.Default;

    /// <summary>Train low-rank pairs instead of the weights.</summary>
    public LoraOptions? Lora { get; init; }

    public CheckpointingOptions Checkpointing { get; init; } = CheckpointingOptions.None;

    public ScalarType WeightType => Precision == Precision.Float32 ? ScalarType.Float32 : ScalarType.BFloat16;
    public ScalarType MomentType => Precision == Precision.Bfloat16Moments ? ScalarType.BFloat16 : ScalarType.Float32;
    public bool Masters => Precision is Precision.Mixed;

    public Placement On(Device device) => new(WeightType, device);

    /// <summary>Makes a loaded talker train what it should.</summary>
    /// <exception cref="ArgumentException">A part to be frozen or adapted is unknown.</exception>
    public void Apply(TalkerModule talker)
    {
        talker.TrainsSpeakers = false; // the model's own stay as they are
        if (Lora is { } lora)
            Training.Lora.Apply(talker, lora);
        else
            Freezing.Apply(talker, Frozen);
    }

    /// <summary>The optimizer of what <see cref="Apply"/> left to train.</summary>
    public AdamW Optimizer(TalkerModule talker, AdamWOptions options) => new(Freezing.Trained(talker), options with { Masters = Masters, Moments = MomentType });
}
