// Reads the safetensors format: an 8-byte little-endian header length, a JSON header, then the data. Nothing in a file is trusted: the
// header is checked against the file's size before memory is allocated, and the tensors must cover the data without gap or overlap.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

/// <summary>One open safetensors file. Reading copies the data; the file may be closed afterwards.</summary>
sealed partial class SafetensorsFile : IDisposable
{
    const long LargestHeader = 100_000_000; // the limit of the reference implementation

    readonly Microsoft.Win32.SafeHandles.SafeFileHandle _handle;
    MappedFile? _mapped;

    SafetensorsFile(string path, Microsoft.Win32.SafeHandles.SafeFileHandle handle, IReadOnlyDictionary<string, TensorEntry> tensors,
        IReadOnlyDictionary<string, string> metadata) =>
        (Path, _handle, Tensors, Metadata, State) = (path, handle, tensors, metadata, RowsInFile.State(handle));

    public string Path { get; }
    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; private set; }
    public IReadOnlyDictionary<string, string> Metadata { get; }
    public (long Length, DateTime Written) State { get; } // when the header had been read

    /// <exception cref="InvalidDataException">The file is cut off, is not safetensors, or its header contradicts its size.</exception>
    public static SafetensorsFile Open(string path, bool map = false)
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
            return new(path, handle, tensors, header.Metadata) { IsMapped = map };
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
        var result = GC.AllocateUninitializedArray<float>(Length(Entry(name)));
        Float32(name, result);
        return result;
    }

    /// <summary>The same into memory of the caller, which has the tensor's length.</summary>
    public void Float32(string name, Span<float> to)
    {
        var t = Entry(name);
        switch (t.Type)
        {
            case ElementType.F64:
                ReadFloat64(t, to);
                return;
            case ElementType.F32:
                Read(t, MemoryMarshal.AsBytes(to));
                return;
            case ElementType.BF16:
                Kernels.BFloat16.Widen(Halves(t, to), to);
                return;
            case ElementType.F16:
                var bits = Halves(t, to);
                for (var i = 0; i < bits.Length; i++)
                    to[i] = (float)BitConverter.UInt16BitsToHalf(bits[i]);
                return;
            case ElementType.I8 or ElementType.U8:
                throw new InvalidDataException($"{Path}: tensor '{Printable.Text(name)}' is quantised to {t.Type}, but its original values "
                    + "are needed. Use the model that this one was quantised from.");
            default:
                throw new InvalidDataException(
                    $"{Path}: tensor '{Printable.Text(name)}' holds {t.Type} where numbers with a fraction are needed. Check that this " +
                    $"is the right file.");
        }
    }

    // Two bytes each, read into the second half of the memory that they are widened in: a number is read before its place is written.
    Span<ushort> Halves(TensorEntry t, Span<float> to)
    {
        var bits = MemoryMarshal.Cast<float, ushort>(to)[to.Length..];
        Read(t, MemoryMarshal.AsBytes(bits));
        return bits;
    }

    /// <summary>The bits of a BF16 tensor, not widened.</summary>
    public ReadOnlyMemory<ushort> BFloat16(string name) =>
        Entry(name) is { Type: ElementType.BF16 } ? Numbers<ushort>(name) : throw new InvalidOperationException($"'{name}' is not BF16.");

    /// <summary>The numbers of a tensor as they lie in the file, in memory that is mapped where <see cref="IsMapped"/>.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="later">Takes the reading, which fills the memory when it is run; null to read now.</param>
    public ReadOnlyMemory<T> Numbers<T>(string name, Action<Action>? later = null) where T : unmanaged
    {
        var t = Entry(name);
        if (IsMapped && (_mapped ??= new(Path)).Part<T>(t.Offset, t.Bytes, later) is { } part)
            return part;
        var numbers = GC.AllocateUninitializedArray<T>(Length(t));
        void Read() => this.Read(t, MemoryMarshal.AsBytes(numbers.AsSpan()));
        if (later is null)
            Read();
        else
            later(Read);
        return numbers;
    }

    /// <summary>Large tensors are not copied: the file must stay as it is while they are used.</summary>
    public bool IsMapped { get; init; }

    /// <summary>The elements of an integer tensor (I64, I32, I8 or U8).</summary>
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
            ElementType.I8 => Array.ConvertAll(bytes, v => (long)(sbyte)v),
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

    public static int SizeOf(ElementType type) => type switch
    {
        ElementType.BF16 or ElementType.F16 => 2,
        ElementType.F32 or ElementType.I32 => 4,
        ElementType.I64 or ElementType.F64 => 8,
        _ => 1,
    };
}
