// Copies weights between a checkpoint folder and the modules. The modules' parameters have the names of the file, so each direction is one
// loop. BF16 weights are copied bit for bit; if the modules compute in float32, they are converted, which is exact.
using System.Runtime.InteropServices;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Loading;
using Qwen3Tts.Training.Memory;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Model;

static class TalkerWeights
{
    const string Prefix = TensorNames.Talker;

    /// <summary>Builds the talker of a model folder and loads its weights.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing, misshapen or not part of the model; the message lists names.</exception>
    public static TalkerModule Load(ModelFolder folder, Placement on)
    {
        // The networks that speak have the same tensors. They check the headers before the modules take memory for them.
        ModelNetworks.CheckTalker(folder);
        using var weights = folder.OpenWeights();
        var talker = new TalkerModule(folder.Config.TalkerConfig, on);
        foreach (var (name, parameter) in Named(talker))
            Fill(parameter, weights.Take(name, Array.ConvertAll(parameter.shape, d => (int)d)));
        // the speaker encoder is not trained; other unknown tensors were refused above
        weights.Finish(foreign: name => !TensorNames.IsIn(name, Prefix));
        return talker;
    }

    /// <summary>Every trained tensor under its name in the checkpoint.</summary>
    public static IEnumerable<(string Name, Parameter Parameter)> Named(TalkerModule talker) =>
        talker.named_parameters().Select(p => (Prefix + p.name, p.parameter));

    /// <summary>The trained values by name, each read as float32 when asked for: what <see cref="Export.Write"/> takes.</summary>
    public static Dictionary<string, Func<float[]>> Values(TalkerModule talker) =>
        Named(talker).ToDictionary(p => p.Name, p => (Func<float[]>)(() => p.Parameter.ToFloat32Array()));

    static void Fill(Parameter parameter, TensorData data)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        var stored = empty(parameter.shape, dtype: data.BFloat16 is null ? ScalarType.Float32 : ScalarType.BFloat16);
        (data.BFloat16 is { } bits ? MemoryMarshal.AsBytes(bits.Span)
            : MemoryMarshal.AsBytes(data.Float32!.Value.Span)).CopyTo(stored.bytes);
        parameter.copy_(stored);
    }
}
