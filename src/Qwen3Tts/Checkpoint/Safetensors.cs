// Reads the safetensors format: an 8-byte little-endian header length, a JSON header, then the data. Nothing in a file is trusted: the
// header is checked against the file's size before memory is allocated, and the tensors must cover the data without gap or overlap.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

/// <summary>The element types of Qwen3-TTS checkpoints, F64, which some exporters write, and the integers of the other files.</summary>
enum ElementType { BF16, F16, F32, I64, I32, U8, F64 }

/// <summary>The place of one tensor in a file. <paramref name="Offset"/> counts from the start of the file, in bytes.</summary>
sealed record TensorEntry(string Name, ElementType Type, int[] Shape, long Offset, long Bytes)
{
    public long Elements => Shape.Aggregate(1L, (a, b) => a * b);
}

/// <summary>One open safetensors file. Reading copies the data; the file may be closed afterwards.</summary>
sealed class SafetensorsFile : IDisposable
{
    const long LargestHeader = 100_000_000; // the limit of the reference implementation

    readonly Microsoft.Win32.SafeHandles.SafeFileHandle _handle;

    SafetensorsFile(string path, Microsoft.Win32.SafeHandles.SafeFileHandle handle, IReadOnlyDictionary<string, TensorEntry> tensors,
        IReadOnlyDictionary<string, string> metadata)
    {
        (Path, _handle, Tensors, Metadata) = (path, handle, tensors, metadata);
    }

    public string Path { get; }
    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <exception cref="InvalidDataException">The file is cut off, is not safetensors, or its header contradicts its size.</exception>
    public static SafetensorsFile Open(string path)
    {
        var handle = File.OpenHandle(path);
        try
        {
            var length = RandomAccess.GetLength(handle);
            var begin = new byte[GitLfs.Beginning];
            var read = RandomAccess.Read(handle, begin, 0);
            GitLfs.CheckIsNoPointer(begin, path);
            if (read < 8)
                throw Cut(path, $"has {length} bytes, too few for a header");
            if (begin.AsSpan().StartsWith("PK\u0003\u0004"u8))
                throw Wrong(path, "is a zip file, such as PyTorch writes", "Save the model as safetensors with the program that made it");
            var size = BinaryPrimitives.ReadUInt64LittleEndian(begin);
            if (size > LargestHeader || (long)size > length - 8)
                throw Cut(path, $"announces a header of {size} bytes, but {length - 8} bytes follow");
            var json = new byte[size];
            ReadFully(handle, json, 8, path);
            var header = JsonFile.Parse(json, $"{path}, the JSON header", WeightsJson.Default.SafetensorsHeader, WriteAgain + ".");
            var tensors = Entries(path, header, 8 + (long)size, length);
            return new(path, handle, tensors, header.Metadata);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    static Dictionary<string, TensorEntry> Entries(string path, SafetensorsHeader header, long start, long length)
    {
        CheckTypes(path, header.Tensors);
        var tensors = header.Tensors.ToDictionary(t => t.Key, t => Entry(path, t.Key, t.Value, start));
        CheckTiling(path, tensors.Values, start, length);
        return tensors;
    }

    /// <summary>One error for all tensors whose types cannot be read.</summary>
    static void CheckTypes(string path, Dictionary<string, HeaderEntry> tensors)
    {
        var others = tensors.Where(t => !Enum.TryParse<ElementType>(t.Value.Dtype, out var type) || t.Value.Dtype != type.ToString())
            .ToList();
        if (others.Count == 0)
            return;
        var kinds = others.Select(t => t.Value.Dtype).Distinct().Take(4).Select(k => $"'{Printable.Text(k)}'");
        throw Wrong(path, $"stores {(others.Count == 1 ? "a tensor" : $"{others.Count} tensors")} as {string.Join(", ", kinds)}, such as " +
            $"'{Printable.Text(others[0].Key)}'; types that are read are "
            + string.Join(", ", Enum.GetNames<ElementType>()),
                "If the model is quantised, take it as BF16, as it was released; else save it as BF16 with the program that made it");
    }

    static TensorEntry Entry(string path, string name, HeaderEntry header, long start)
    {
        var type = Enum.Parse<ElementType>(header.Dtype);
        UInt128 elements = 1; // cannot overflow: the check below allows at most two further factors
        foreach (var d in header.Shape)
        {
            elements *= (UInt128)(d is < 0 or > int.MaxValue
                ? throw Wrong(path, $"gives tensor '{Printable.Text(name)}' {(d < 0 ? "the negative size" : "the size")} {d}") : d);
            if (elements > long.MaxValue)
                throw Wrong(path, $"gives tensor '{Printable.Text(name)}' more elements than any file holds");
        }
        var (from, to) = (header.From, header.To);
        if (from < 0 || to < from || (UInt128)(to - from) != elements * (UInt128)SizeOf(type))
            throw Wrong(path, $"gives tensor '{Printable.Text(name)}' of shape [{Printable.Text(string.Join(", ", header.Shape))}] and " +
                $"type {type} the bytes {from} to {to}, which do not fit");
        return from <= long.MaxValue - start ? new(name, type, Array.ConvertAll(header.Shape, d => (int)d), start + from, to - from)
            : throw Wrong(path, $"places tensor '{Printable.Text(name)}' at byte {from}, behind the end of any file; the offsets do not " +
                $"fit");
    }

    static void CheckTiling(string path, IEnumerable<TensorEntry> tensors, long start, long length)
    {
        var end = start;
        foreach (var t in tensors.OrderBy(t => t.Offset).ThenBy(t => t.Bytes))
        {
            if (t.Offset != end)
                throw Wrong(path, $"has {(t.Offset < end ? "overlapping tensors" : "a hole")} at '{Printable.Text(t.Name)}'");
            end += t.Bytes;
        }
        if (end != length)
            throw Cut(path, $"is {length} bytes long where its header describes {end}: it was truncated, or something was appended");
    }

    /// <summary>The elements as float32 in the file's order, converted from BF16, F16 or F64 if necessary.</summary>
    public float[] Float32(string name)
    {
        var t = Entry(name);
        var result = GC.AllocateUninitializedArray<float>(Length(t));
        switch (t.Type)
        {
            case ElementType.F64:
                ReadFloat64(t, result);
                return result;
            case ElementType.F32:
                Read(t, MemoryMarshal.AsBytes(result.AsSpan()));
                return result;
            case ElementType.BF16:
                var bits = Bits(t);
                Kernels.BFloat16.Widen(bits, result);
                return result;
            case ElementType.F16:
                bits = Bits(t);
                for (var i = 0; i < bits.Length; i++)
                    result[i] = (float)BitConverter.UInt16BitsToHalf(bits[i]);
                return result;
            default:
                throw new InvalidDataException(
                    $"{Path}: tensor '{Printable.Text(name)}' holds {t.Type} where numbers with a fraction are needed. Check that this " +
                    $"is the right file.");
        }
    }

    /// <summary>The bits of a BF16 tensor, not converted.</summary>
    public ushort[] BFloat16(string name) =>
        Entry(name) is { Type: ElementType.BF16 } t ? Bits(t) : throw new InvalidOperationException($"'{name}' is not BF16.");

    /// <summary>The elements of an integer tensor (I64, I32 or U8).</summary>
    public long[] Int64(string name)
    {
        var t = Entry(name);
        var bytes = new byte[t.Bytes <= Array.MaxLength ? t.Bytes : throw TooLarge(t)];
        Read(t, bytes);
        return t.Type switch
        {
            ElementType.I64 => MemoryMarshal.Cast<byte, long>(bytes).ToArray(),
            ElementType.I32 => Array.ConvertAll(MemoryMarshal.Cast<byte, int>(bytes).ToArray(), v => (long)v),
            ElementType.U8 => Array.ConvertAll(bytes, v => (long)v),
            _ => throw new InvalidDataException(
                $"{Path}: tensor '{Printable.Text(name)}' holds {t.Type} where whole numbers are needed. Check that this is the right " +
                $"file."),
        };
    }

    /// <summary>Copies the raw bytes of a tensor into <paramref name="to"/>, which must have exactly its length.</summary>
    public void Read(TensorEntry entry, Span<byte> to)
    {
        if (to.Length != entry.Bytes)
            throw new ArgumentException($"'{entry.Name}' has {entry.Bytes} bytes, the buffer {to.Length}.", nameof(to));
        ReadFully(_handle, to, entry.Offset, Path);
    }

    public TensorEntry Entry(string name) =>
        Tensors.TryGetValue(name, out var t) ? t
        : throw new InvalidDataException($"{Path}: there is no tensor '{Printable.Text(name)}'. Check that this is the right file.");

    public void Dispose() => _handle.Dispose();

    int Length(TensorEntry t) => t.Elements <= Array.MaxLength ? (int)t.Elements : throw TooLarge(t);

    InvalidDataException TooLarge(TensorEntry t) =>
        Wrong(Path, $"holds '{Printable.Text(t.Name)}' of {t.Bytes} bytes, more than an array can hold");

    void ReadFloat64(TensorEntry t, Span<float> to)
    {
        var block = new double[Math.Min(to.Length, 1 << 16)];
        for (var from = 0; from < to.Length; from += block.Length)
        {
            var part = block.AsSpan(0, Math.Min(block.Length, to.Length - from));
            ReadFully(_handle, MemoryMarshal.AsBytes(part), t.Offset + (long)from * sizeof(double), Path);
            for (var i = 0; i < part.Length; i++)
                to[from + i] = (float)part[i];
        }
    }

    ushort[] Bits(TensorEntry t)
    {
        var bits = GC.AllocateUninitializedArray<ushort>(Length(t));
        Read(t, MemoryMarshal.AsBytes(bits.AsSpan()));
        return bits;
    }

    static void ReadFully(Microsoft.Win32.SafeHandles.SafeFileHandle handle, Span<byte> to, long offset, string path)
    {
        while (to.Length > 0)
        {
            var n = RandomAccess.Read(handle, to, offset);
            if (n == 0)
                throw Cut(path, $"ends at byte {offset}, in the middle of its data");
            to = to[n..];
            offset += n;
        }
    }

    public static int SizeOf(ElementType type) =>
        type switch
        {
            ElementType.BF16 or ElementType.F16 =>
        2,
            ElementType.F32 or ElementType.I32 => 4,
            ElementType.I64 or ElementType.F64 => 8,
            _ => 1
        };

    const string WriteAgain = "Take the file of the released model, or save it again with the program that made it";

    /// <summary>An error that another copy of the file can fix.</summary>
    static InvalidDataException Cut(string path, string what) =>
        new($"{path} {what}. It is not a complete safetensors file: copy or download it again.");

    /// <summary>An error that is in the file as its program wrote it.</summary>
    static InvalidDataException Wrong(string path, string what, string remedy = WriteAgain) => new($"{path} {what}. {remedy}.");
}
