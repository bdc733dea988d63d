// Reads the weights of Silero VAD out of its ONNX file, which is committed exactly as it was published, so that its hash can be checked.
// ONNX is protobuf. The file has one network for 16 kHz and one for 8 kHz: the two branches of an If, whose tensors have equal names.
using System.Runtime.InteropServices;
using Google.Protobuf;

namespace Qwen3Tts.Training.Slicing;

static class OnnxWeights
{
    // Field numbers of onnx.proto.
    const int GraphOfModel = 7, NodeOfGraph = 1, AttributeOfNode = 5, NameOfAttribute = 1, TensorOfAttribute = 5, GraphOfAttribute = 6;
    const int NameOfTensor = 8, DataOfTensor = 9;

    /// <summary>The tensors of one branch by name, as flat arrays in row-major order.</summary>
    /// <param name="model">The whole file.</param>
    /// <param name="branch">Name of the attribute that holds the branch, such as <c>then_branch</c>.</param>
    public static Dictionary<string, float[]> Read(byte[] model, string branch)
    {
        var found = new Dictionary<string, float[]>();
        foreach (var graph in Parts(model, GraphOfModel))
            foreach (var attribute in Attributes(graph).Where(a => NameOf(a, NameOfAttribute) == branch))
                foreach (var tensor in Parts(attribute, GraphOfAttribute).SelectMany(Attributes)
                    .SelectMany(a => Parts(a, TensorOfAttribute)))
                    if (NameOf(tensor, NameOfTensor) is { Length: > 0 } name && Parts(tensor, DataOfTensor).FirstOrDefault() is { } data)
                        found.TryAdd(name, MemoryMarshal.Cast<byte, float>(data).ToArray());
        return found;
    }

    static IEnumerable<byte[]> Attributes(byte[] graph) => Parts(graph, NodeOfGraph).SelectMany(n => Parts(n, AttributeOfNode));

    static string NameOf(byte[] message, int field) =>
        Parts(message, field).FirstOrDefault() is { } name ? System.Text.Encoding.UTF8.GetString(name) : "";

    /// <summary>The values of a field that has a length: texts, bytes and messages.</summary>
    static List<byte[]> Parts(byte[] message, int field)
    {
        using var input = new CodedInputStream(message);
        var parts = new List<byte[]>();
        for (uint tag; (tag = input.ReadTag()) != 0;)
            if (tag == WireFormat.MakeTag(field, WireFormat.WireType.LengthDelimited))
                parts.Add(input.ReadBytes().ToByteArray());
            else
                input.SkipLastField();
        return parts;
    }
}
