// AdamW in one pass over weights, gradients and moments; the single formulas need ten passes. libtorch has this kernel, but TorchSharp does
// not bind it. It is called through the C interface that libtorch exports for compiled models; a tensor handle of that interface is the
// same as TorchSharp's (at::Tensor*). If the interface is missing, the optimizer reports it and computes the single formulas.
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Optimizer;

/// <summary><c>aten::_fused_adamw_</c>.</summary>
static unsafe class FusedAdamW
{
    // A value on the dispatcher's stack is eight bytes: a handle that the callee takes over, the bits of a double, or 0 and 1.
    static readonly delegate* unmanaged<byte*, byte*, ulong*, int> CallDispatcher;
    static readonly delegate* unmanaged<nint, nint*, int> NewHandle;
    static readonly delegate* unmanaged<nuint, nint*, int> NewList;
    static readonly delegate* unmanaged<nint, ulong, int> PushBack;

    /// <summary>The reason why the kernel cannot be used; null if it can.</summary>
    public static string? Missing { get; }

    static FusedAdamW()
    {
        using var started = torch.empty(0); // TorchSharp loads libtorch with its first tensor
        if (!NativeLibrary.TryLoad("torch_cpu", typeof(torch).Assembly, null, out var library)
            && !NativeLibrary.TryLoad("libtorch_cpu", typeof(torch).Assembly, null, out library))
        {
            Missing = "libtorch_cpu is not found by its name";
            return;
        }
        string? missing = null;
        nint Export(string name)
        {
            if (!NativeLibrary.TryGetExport(library, name, out var address))
                missing ??= $"this libtorch does not export {name}";
            return address;
        }
        CallDispatcher = (delegate* unmanaged<byte*, byte*, ulong*, int>)Export("aoti_torch_call_dispatcher");
        NewHandle = (delegate* unmanaged<nint, nint*, int>)Export("aoti_torch_new_tensor_handle");
        NewList = (delegate* unmanaged<nuint, nint*, int>)Export("torch_new_list_reserve_size");
        PushBack = (delegate* unmanaged<nint, ulong, int>)Export("torch_list_push_back");
        Missing = missing;
    }

    /// <summary>
    /// One update. in: all · overwrites: weights and moments. All tensors are float32, of one shape and on one device;
    /// <paramref name="steps"/> holds the number of this update, from 1.
    /// </summary>
    public static void Step(Tensor weight, Tensor gradient, Tensor mean, Tensor square, Tensor steps, double rate, double decay,
        AdamWOptions options)
    {
        static ulong Bits(double value) => (ulong)BitConverter.DoubleToInt64Bits(value);
        var stack = stackalloc ulong[]
        {
            List(weight), List(gradient), List(mean), List(square), List(), List(steps),
            Bits(rate), Bits(options.Beta1), Bits(options.Beta2), Bits(decay), Bits(options.Epsilon),
            0, 0, 0, 0, // amsgrad, maximize, no grad_scale, no found_inf
        };
        fixed (byte* name = "aten::_fused_adamw_\0"u8, overload = "\0"u8)
            Check(CallDispatcher(name, overload, stack));
    }

    static ulong List(params ReadOnlySpan<Tensor> tensors)
    {
        nint list, handle;
        Check(NewList((nuint)tensors.Length, &list));
        foreach (var tensor in tensors)
        {
            Check(NewHandle(tensor.Handle, &handle));
            Check(PushBack(list, (ulong)handle));
        }
        return (ulong)list;
    }

    static void Check(int error)
    {
        if (error != 0)
            throw new InvalidOperationException(
                $"libtorch's fused AdamW failed with code {error}; what it printed on standard error says why. Train with --device cpu, " +
                $"which does without it.");
    }
}
