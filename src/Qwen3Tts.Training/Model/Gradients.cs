// Two functions that give gradients to parameters without one large autograd graph.
using Qwen3Tts.Training.Memory;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Model;

static class Gradients
{
    /// <summary>
    /// Runs a function forward and backward through an autograd graph of its own. Parameters that the function uses get their gradients.
    /// </summary>
    /// <param name="function">What is computed from x.</param>
    /// <param name="x">The input.</param>
    /// <param name="gradient">Gradient of the output.</param>
    /// <returns>The output, and the gradient of x.</returns>
    public static (Tensor Y, Tensor XGradient) RunBackward(Func<Tensor, Tensor> function, Tensor x, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        using var graph = enable_grad();
        var leaf = x.detach().requires_grad_();
        var y = function(leaf);
        y.backward([gradient]);
        return (y.detach().MoveToOuterDisposeScope(), leaf.grad!.MoveToOuterDisposeScope());
    }

    /// <summary>Adds to a parameter's gradient, as autograd does. The parameter takes the tensor over if it has no gradient yet.</summary>
    public static void AddGradient(this Parameter parameter, Tensor gradient)
    {
        if (parameter.grad is { } before)
            before.add_(gradient, Scalars.One);
        else
            parameter.grad = gradient;
    }
}
