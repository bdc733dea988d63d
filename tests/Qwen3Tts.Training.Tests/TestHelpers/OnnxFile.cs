// Writes ONNX files of a few hundred bytes, whose answers can be computed by hand. The numbers are the fields of onnx.proto.
using System.Text;

namespace Qwen3Tts.Tests;

static class OnnxFile
{
    public const int Float32 = 1, Whole = 7;

    /// <summary>A value with the shape that a model declares; null for any length.</summary>
    public sealed record Value(string Name, int Type, params int?[] Shape);

    /// <summary>An operation; its attributes are whole numbers or lists of them.</summary>
    public sealed record Node(string Operation, string[] Inputs, string Output, params (string Name, object Value)[] Attributes);

    /// <summary>Writes a model and returns its path.</summary>
    public static string Write(Value[] inputs, Node[] nodes, Value[] outputs, params (string Key, string Value)[] properties)
    {
        byte[] graph = [.. nodes.SelectMany(n => Message(1, Of(n))), .. Message(2, "graph"u8),
            .. inputs.SelectMany(i => Message(11, Of(i))), .. outputs.SelectMany(o => Message(12, Of(o)))];
        byte[] model = [.. Number(1, 8), .. Message(7, graph), .. Message(8, [.. Message(1, []), .. Number(2, 13)]),
            .. properties.SelectMany(p => Message(14, [.. Text(1, p.Key), .. Text(2, p.Value)]))];
        var path = Path.Combine(Scratch.New("onnx"), "model.onnx");
        File.WriteAllBytes(path, model);
        return path;
    }

    /// <summary>
    /// Takes [1, samples]; gives [mean of |x|, mean of x²] as [1, 2]: an embedding, or scores of which the last one counts.
    /// </summary>
    public static string Means(int? length = null, params (string Key, string Value)[] properties) => Write(
        [new("wave", Float32, null, length)],
        [
            new("Abs", ["wave"], "abs"),
            new("ReduceMean", ["abs"], "a", ("axes", new[] { 1 }), ("keepdims", 1)),
            new("Mul", ["wave", "wave"], "square"),
            new("ReduceMean", ["square"], "b", ("axes", new[] { 1 }), ("keepdims", 1)),
            new("Concat", ["a", "b"], "means", ("axis", 1)),
        ],
        [new("means", Float32, null, 2)], properties);

    /// <summary>Takes filter banks [1, frames, 80]; gives the largest number of each band.</summary>
    public static string LargestOfBands() => Write([new("feats", Float32, null, null, 80)],
        [new("ReduceMax", ["feats"], "embs", ("axes", new[] { 1 }), ("keepdims", 0))], [new("embs", Float32, null, 80)]);

    /// <summary>One operation from the inputs to an output.</summary>
    public static string Plain(string operation, Value[] inputs, Value output, params (string Name, object Value)[] attributes) =>
        Write(inputs, [new(operation, [.. inputs.Select(i => i.Name)], output.Name, attributes)], [output]);

    static byte[] Of(Node node) => [.. node.Inputs.SelectMany(i => Text(1, i)), .. Text(2, node.Output), .. Text(4, node.Operation),
        .. node.Attributes.SelectMany(a => Message(5, [.. Text(1, a.Name), .. a.Value is int i ? [.. Number(3, i), .. Number(20, 2)]
            : (byte[])[.. ((int[])a.Value).SelectMany(v => Number(8, v)), .. Number(20, 7)]]))];

    static byte[] Of(Value value) => [.. Text(1, value.Name), .. Message(2, Message(1, [.. Number(1, value.Type),
        .. Message(2, [.. value.Shape.SelectMany((d, i) => Message(1, d is { } n ? Number(1, n) : Text(2, $"any{i}")))])]))];

    static byte[] Text(int field, string text) => Message(field, Encoding.UTF8.GetBytes(text));

    static byte[] Message(int field, ReadOnlySpan<byte> bytes) => [.. VarInt(field << 3 | 2), .. VarInt(bytes.Length), .. bytes];

    static byte[] Number(int field, int value) => [.. VarInt(field << 3), .. VarInt(value)];

    static IEnumerable<byte> VarInt(int value)
    {
        for (; value > 127; value >>= 7)
            yield return (byte)(value | 128);
        yield return (byte)value;
    }
}
