// Writes safetensors: the header, then one tensor after the other, so that no second copy of the weights is in memory. The file appears
// under its name only when it is complete and on the disk: a crash or a full disk never leaves half a checkpoint.
using System.Buffers.Binary;
using System.Text.Json;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

/// <summary>One tensor to write. <see cref="Write"/> writes its bytes, in the file's order, to the stream.</summary>
sealed record TensorToWrite(string Name, ElementType Type, int[] Shape, Action<Stream> Write)
{
    public long Bytes => Shape.Aggregate((long)SafetensorsFile.SizeOf(Type), (a, b) => a * b);

    public static TensorToWrite FromArray(string name, int[] shape, float[] values) =>
        new(name, ElementType.F32, shape, s => s.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan())));
    public static TensorToWrite FromArray(string name, int[] shape, int[] values) =>
        new(name, ElementType.I32, shape, s => s.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan())));
    public static TensorToWrite FromArray(string name, int[] shape, ushort[] bfloat16) =>
        new(name, ElementType.BF16, shape, s => s.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(bfloat16.AsSpan())));

    /// <summary>A tensor that is copied from an open file, byte for byte, with its type.</summary>
    public static TensorToWrite Copy(SafetensorsFile file, TensorEntry entry) => new(entry.Name, entry.Type, entry.Shape, s =>
    {
        var block = GC.AllocateUninitializedArray<byte>((int)Math.Min(entry.Bytes, 1 << 20));
        for (long from = 0; from < entry.Bytes; from += block.Length)
        {
            var part = block.AsSpan(0, (int)Math.Min(block.Length, entry.Bytes - from));
            file.Read(entry with { Offset = entry.Offset + from, Bytes = part.Length }, part);
            s.Write(part);
        }
    });
}

static class SafetensorsWriter
{
    /// <summary>
    /// Writes the tensors in the given order, with <c>format: pt</c> in the metadata, which Hugging Face's loaders require.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="metadata">Further entries of the metadata.</param>
    /// <param name="record">The record that gets an entry of the file; an existing file without an entry in it is not replaced. Null
    /// replaces any existing file.</param>
    public static void Write(
        string path, IReadOnlyList<TensorToWrite> tensors, IReadOnlyDictionary<string, string>? metadata = null,
            OutputRecord? record = null)
    {
        if (record is null)
            OutputFile.Replace(path, stream => Write(stream, tensors, metadata));
        else
            OutputFile.Write(path, stream => Write(stream, tensors, metadata), record);
    }

    static void Write(Stream stream, IReadOnlyList<TensorToWrite> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var header = Header(tensors, metadata);
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
        stream.Write(prefix);
        stream.Write(header);
        foreach (var t in tensors)
        {
            var before = stream.Position;
            t.Write(stream);
            if (stream.Position - before != t.Bytes)
                throw new InvalidOperationException($"'{t.Name}' wrote {stream.Position - before} bytes, its shape needs {t.Bytes}.");
        }
    }

    static byte[] Header(IReadOnlyList<TensorToWrite> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            foreach (var (key, value) in metadata ?? new Dictionary<string, string>())
                json.WriteString(key, value);
            json.WriteEndObject();
            long offset = 0;
            foreach (var t in tensors)
            {
                json.WriteStartObject(t.Name);
                json.WriteString("dtype", t.Type.ToString());
                json.WriteStartArray("shape");
                foreach (var d in t.Shape)
                    json.WriteNumberValue(d);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += t.Bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' '); // pads the header, so that the data begins aligned
        return buffer.ToArray();
    }
}
