// The safetensors format: an 8-byte little-endian header length, a JSON header, then the data. Everything in a file is untrusted: the
// header is checked against the file's size before anything is allocated, and tensors must tile the data without gap or overlap.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Qwen3Tts.Checkpoint;

/// <summary>The element types that Qwen3-TTS checkpoints use, and the integers of side files.</summary>
enum ElementType { BF16, F16, F32, I64, I32, U8 }

/// <summary>Where one tensor lies in a file. <paramref name="Offset"/> counts from the start of the file, in bytes.</summary>
sealed record TensorEntry(string Name, ElementType Type, int[] Shape, long Offset, long Bytes)
{
    public long Elements => Shape.Aggregate(1L, (a, b) => a * b);
}

/// <summary>One open safetensors file. Reading copies; the file may be closed afterwards.</summary>
sealed class SafetensorsFile : IDisposable
{
    const long LargestHeader = 100_000_000; // the limit of the reference implementation

    readonly Microsoft.Win32.SafeHandles.SafeFileHandle _handle;

    SafetensorsFile(string path, Microsoft.Win32.SafeHandles.SafeFileHandle handle, IReadOnlyDictionary<string, TensorEntry> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        (Path, _handle, Tensors, Metadata) = (path, handle, tensors, metadata);
    }

    public string Path { get; }
    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <exception cref="InvalidDataException">The file is truncated, hostile or not safetensors.</exception>
    public static SafetensorsFile Open(string path)
    {
        var handle = File.OpenHandle(path);
        try
        {
            var length = RandomAccess.GetLength(handle);
            Span<byte> prefix = stackalloc byte[8];
            if (RandomAccess.Read(handle, prefix, 0) < 8)
                throw Bad(path, $"has {length} bytes, too few for a header");
            var header = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (header > LargestHeader || (long)header > length - 8)
                throw Bad(path, $"announces a header of {header} bytes, but {length - 8} bytes follow");
            var json = new byte[header];
            ReadFully(handle, json, 8, path);
            var metadata = new Dictionary<string, string>();
            var tensors = ParseHeader(path, json, 8 + (long)header, length, metadata);
            return new(path, handle, tensors, metadata);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    static Dictionary<string, TensorEntry> ParseHeader(string path, byte[] json, long start, long length, Dictionary<string, string> metadata)
    {
        var tensors = new Dictionary<string, TensorEntry>();
        try
        {
            using var document = JsonDocument.Parse(json);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == "__metadata__")
                {
                    foreach (var pair in property.Value.EnumerateObject())
                        metadata[pair.Name] = pair.Value.GetString() ?? "";
                    continue;
                }
                if (!tensors.TryAdd(property.Name, ParseEntry(path, property, start)))
                    throw Bad(path, $"names tensor '{property.Name}' twice");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Bad(path, $"has a header that is not the JSON of safetensors ({e.Message})");
        }
        CheckTiling(path, tensors.Values, start, length);
        return tensors;
    }

    static TensorEntry ParseEntry(string path, JsonProperty property, long start)
    {
        var kind = property.Value.GetProperty("dtype").GetString();
        if (!Enum.TryParse<ElementType>(kind, out var type) || kind != type.ToString())
            throw Bad(path, $"stores tensor '{property.Name}' as '{kind}'; known are {string.Join(", ", Enum.GetNames<ElementType>())}");
        var shape = property.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()).ToArray();
        var offsets = property.Value.GetProperty("data_offsets");
        var (from, to) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        UInt128 elements = 1; // cannot wrap: at most two factors beyond the check below
        foreach (var d in shape)
        {
            elements *= (UInt128)(d < 0 ? throw Bad(path, $"gives tensor '{property.Name}' a negative size") : d);
            if (elements > long.MaxValue)
                throw Bad(path, $"gives tensor '{property.Name}' more elements than any file holds");
        }
        if (from < 0 || to < from || (UInt128)(to - from) != elements * (UInt128)SizeOf(type))
            throw Bad(path, $"gives tensor '{property.Name}' of shape [{string.Join(", ", shape)}] and type {type} the bytes {from} to {to}, which do not fit");
        return new(property.Name, type, shape, start + from, to - from);
    }

    static void CheckTiling(string path, IEnumerable<TensorEntry> tensors, long start, long length)
    {
        var end = start;
        foreach (var t in tensors.OrderBy(t => t.Offset).ThenBy(t => t.Bytes))
        {
            if (t.Offset != end)
                throw Bad(path, $"has {(t.Offset < end ? "overlapping tensors" : "a hole")} at '{t.Name}'");
            end += t.Bytes;
        }
        if (end != length)
            throw Bad(path, $"is {length} bytes long where its header describes {end}: it was truncated, or something was appended");
    }

    /// <summary>The elements as float32, widened from BF16 or F16 where needed, in the file's order.</summary>
    public float[] Float32(string name)
    {
        var t = Entry(name);
        var result = GC.AllocateUninitializedArray<float>(checked((int)t.Elements));
        switch (t.Type)
        {
            case ElementType.F32:
                Read(t, MemoryMarshal.AsBytes(result.AsSpan()));
                return result;
            case ElementType.BF16:
                var bits = Bits(t);
                for (var i = 0; i < bits.Length; i++)
                    result[i] = BitConverter.UInt32BitsToSingle((uint)bits[i] << 16);
                return result;
            case ElementType.F16:
                bits = Bits(t);
                for (var i = 0; i < bits.Length; i++)
                    result[i] = (float)BitConverter.UInt16BitsToHalf(bits[i]);
                return result;
            default:
                throw new InvalidDataException($"{Path}: tensor '{name}' holds {t.Type} where numbers with a fraction are needed. Check that this is the right file.");
        }
    }

    /// <summary>The bits of a BF16 tensor, not widened.</summary>
    public ushort[] BFloat16(string name) => Entry(name) is { Type: ElementType.BF16 } t ? Bits(t) : throw new InvalidOperationException($"'{name}' is not BF16.");

    /// <summary>The elements of an integer tensor (I64, I32 or U8).</summary>
    public long[] Int64(string name)
    {
        var t = Entry(name);
        var bytes = new byte[t.Bytes];
        Read(t, bytes);
        return t.Type switch
        {
            ElementType.I64 => MemoryMarshal.Cast<byte, long>(bytes).ToArray(),
            ElementType.I32 => Array.ConvertAll(MemoryMarshal.Cast<byte, int>(bytes).ToArray(), v => (long)v),
            ElementType.U8 => Array.ConvertAll(bytes, v => (long)v),
            _ => throw new InvalidDataException($"{Path}: tensor '{name}' holds {t.Type} where whole numbers are needed. Check that this is the right file."),
        };
    }

    /// <summary>The raw bytes of a tensor into <paramref name="to"/>, which has its length.</summary>
    public void Read(TensorEntry entry, Span<byte> to)
    {
        if (to.Length != entry.Bytes)
            throw new ArgumentException($"'{entry.Name}' has {entry.Bytes} bytes, the buffer {to.Length}.", nameof(to));
        ReadFully(_handle, to, entry.Offset, Path);
    }

    public TensorEntry Entry(string name) => Tensors.TryGetValue(name, out var t) ? t : throw new InvalidDataException($"{Path}: there is no tensor '{name}'. Check that this is the right file.");

    public void Dispose() => _handle.Dispose();

    ushort[] Bits(TensorEntry t)
    {
        var bits = GC.AllocateUninitializedArray<ushort>(checked((int)t.Elements));
        Read(t, MemoryMarshal.AsBytes(bits.AsSpan()));
        return bits;
    }

    static void ReadFully(Microsoft.Win32.SafeHandles.SafeFileHandle handle, Span<byte> to, long offset, string path)
    {
        while (to.Length > 0)
        {
            var n = RandomAccess.Read(handle, to, offset);
            if (n == 0)
                throw Bad(path, $"ends at byte {offset}, in the middle of its data");
            to = to[n..];
            offset += n;
        }
    }

    public static int SizeOf(ElementType type) => type switch { ElementType.BF16 or ElementType.F16 => 2, ElementType.F32 or ElementType.I32 => 4, ElementType.I64 => 8, _ => 1 };

    static InvalidDataException Bad(string path, string what) => new($"{path} {what}. It is no complete safetensors file: copy or download it again.");
}
