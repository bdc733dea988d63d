// Rotary position embedding. Angles are float32 in any compute type, as in the official code.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Memory;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Model;

/// <summary>Cosine and sine of every position's angles.</summary>
/// <param name="Cos">[T, head_dim]: each frequency twice, for the lower and the upper half of a head.</param>
/// <param name="Sin">[T, head_dim], likewise.</param>
/// <param name="Cosines">On the CPU the same as an array [T, head_dim / 2]; else empty.</param>
/// <param name="Sines">Likewise.</param>
/// <param name="NegativeSines">Sines for the backward pass, which rotates in the opposite direction.</param>
readonly record struct Rotary(Tensor Cos, Tensor Sin, float[] Cosines, float[] Sines, float[] NegativeSines)
{
    /// <summary>The angles of positions 0 to <paramref name="positions"/> − 1.</summary>
    public static Rotary Create(long positions, DecoderConfig config, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        var exponents = tensor([.. Enumerable.Range(0, config.HeadDim / 2).Select(i => 2f * i / config.HeadDim)], device: device);
        var frequencies = pow(tensor((float)config.RopeTheta, device: device), exponents).reciprocal(); // [head_dim / 2]
        var angles = outer(tensor([.. Enumerable.Range(0, (int)positions).Select(p => (float)p)], device: device), frequencies);
        var both = cat([angles, angles], -1);
        float[] ToArray(Tensor half) => TensorMemory.Supports(half) ? half.ToFloat32Array() : [];
        return new(
            both.cos().to(type).MoveToOuterDisposeScope(), both.sin().to(type).MoveToOuterDisposeScope(),
            ToArray(angles.cos()), ToArray(angles.sin()), ToArray(-angles.sin()));
    }

    /// <summary>Rotates the two halves of each head against each other.</summary>
    public Tensor Rotate(Tensor x) // [.., T, head_dim]
    {
        var halves = x.chunk(2, -1);
        return (x * Cos).Plus(cat([-halves[1], halves[0]], -1) * Sin);
    }
}
