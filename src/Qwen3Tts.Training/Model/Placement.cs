// Device and type of the weights. They also decide, when a layer is created, which row operations the layer uses.
using Qwen3Tts.Training.Options;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Model;

/// <summary>Element type and device of the weights.</summary>
sealed record Placement(ScalarType Type, Device Device)
{
    public static Placement Float32OnCpu { get; } = new(ScalarType.Float32, CPU);

    /// <summary>The placement of a training method on a device.</summary>
    public static Placement Create(TrainingMethod method, Device device) => new(method.WeightType, device);

    /// <summary>Uninitialised weights of this shape. They are always loaded.</summary>
    public Parameter NewWeights(params long[] shape) => new(empty(shape, dtype: Type, device: Device));

    /// <summary>The row operations for tensors of this type on this device.</summary>
    public IRowOps RowOps => Device.type == DeviceType.CPU && Type is ScalarType.Float32 or ScalarType.BFloat16 ? CpuRowOps.Instance
        : TorchRowOps.Instance;
}
