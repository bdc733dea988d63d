// The operations of a layer between its matrix products: norms, rotation and the gated activation, forward and backward. There are two
// versions: CpuRowOps reads and writes memory once for each operation, TorchRowOps consists of libtorch's operations and runs on any device
// and with any type. Tests compare both on random shapes.
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Model;

/// <summary>
/// Row operations without an autograd graph. Backward methods add the gradient of the norm's weight if the weight is trained.
/// </summary>
interface IRowOps
{
    /// <summary>RMSNorm of each row.</summary>
    /// <param name="x">[.., width].</param>
    /// <param name="norm">Weight [width] and epsilon.</param>
    Tensor Normalize(Tensor x, RmsNorm norm);

    /// <summary>
    /// Backward of <see cref="Normalize"/>. in: x, gradient of the result · out: sum + gradient of x · overwrites: gradient (by the result
    /// of the norm, which the matrices after it need), sum.
    /// </summary>
    /// <param name="x">Input of the norm [rows, width].</param>
    /// <param name="norm">As in the forward pass.</param>
    /// <param name="gradient">[rows, width].</param>
    /// <param name="sum">[rows, width].</param>
    void NormalizeBackward(Tensor x, RmsNorm norm, Tensor gradient, Tensor sum);

    /// <summary>RMSNorm of each head, then the rotary embedding; the result has heads before positions, as attention needs them.</summary>
    /// <param name="x">[B, T, heads * width].</param>
    /// <param name="norm">Weight [width] and epsilon.</param>
    /// <param name="rotary">Angles of the positions.</param>
    /// <param name="heads">Number of heads.</param>
    /// <returns>[B, heads, T, width].</returns>
    Tensor NormalizeAndRotate(Tensor x, RmsNorm norm, Rotary rotary, int heads);

    /// <summary>Backward of <see cref="NormalizeAndRotate"/>. Overwrites nothing.</summary>
    /// <param name="x">As in the forward pass [B, T, heads * width].</param>
    /// <param name="norm">As in the forward pass.</param>
    /// <param name="rotary">As in the forward pass.</param>
    /// <param name="heads">As in the forward pass.</param>
    /// <param name="gradient">Gradient of the result [B, heads, T, width].</param>
    /// <returns>Gradient of x [B, T, heads * width].</returns>
    Tensor NormalizeAndRotateBackward(Tensor x, RmsNorm norm, Rotary rotary, int heads, Tensor gradient);

    /// <summary>silu(gate) * up.</summary>
    Tensor Gate(Tensor gate, Tensor up);

    /// <summary>
    /// Backward of <see cref="Gate"/>. in: gate, up, gradient of the product · out: their gradients, the product · overwrites: gate and up
    /// (by their gradients), product (the gradient, by the product itself).
    /// </summary>
    void GateBackward(Tensor gate, Tensor up, Tensor product);
}
