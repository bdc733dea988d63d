// A plain number that meets a tensor becomes a Scalar of TorchSharp. A Scalar that is only an argument may be freed by its finalizer while
// libtorch still reads it, which showed as a rare error under garbage collection. So every Scalar in this project is held by a field or by
// a `using`.
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Memory;

static class Scalars
{
    public static readonly Scalar One = 1;

    /// <summary>a + b. TorchSharp's operator + makes a new Scalar of one, which may be freed too early.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);
}
