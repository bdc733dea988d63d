using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Checkpoint;

/// <summary>
/// An embedding table that stays in its file: a third of the 0.6B model is the text embedding, and a text needs a few dozen of its 151936
/// rows. A file that another program changes meanwhile is an error, and never a wrong row.
/// </summary>
sealed class RowsInFile : Matrix, IDisposable
{
    readonly string _path;
    readonly TensorEntry _entry;
    readonly SafeFileHandle _handle;
    readonly (long Length, DateTime Written) _state;

    RowsInFile(string path, TensorEntry entry, SafeFileHandle handle) : base(entry.Shape[0], entry.Shape[1]) =>
        (_path, _entry, _handle, _state) = (path, entry, handle, State(handle));

    /// <param name="path">The file.</param>
    /// <param name="entry">A matrix in BF16 or float32.</param>
    public static RowsInFile Open(string path, TensorEntry entry) =>
        new(path, entry, File.OpenHandle(path, share: FileShare.Read | FileShare.Delete));

    public override WeightType Type => _entry.Type == ElementType.BF16 ? WeightType.BFloat16 : WeightType.Float32;

    /// <exception cref="InvalidDataException">The file has changed since it was opened.</exception>
    public override void CopyRow(int row, Span<float> to)
    {
        to = to[..Columns];
        var size = SafetensorsFile.SizeOf(_entry.Type);
        // BF16 is read into the second half of the row: a number is read before its place is written.
        var bytes = MemoryMarshal.AsBytes(to)[^(Columns * size)..];
        var at = _entry.Offset + (long)row * Columns * size;
        for (var read = 0; read < bytes.Length;)
            read += RandomAccess.Read(_handle, bytes[read..], at + read) is var n and > 0 ? n : throw Changed();
        if (State(_handle) != _state)
            throw Changed();
        if (Type == WeightType.BFloat16)
            BFloat16.Widen(MemoryMarshal.Cast<byte, ushort>(bytes), to);
    }

    /// <exception cref="InvalidDataException">The file has changed since it was opened.</exception>
    public override void AddRow(int row, Span<float> to)
    {
        var numbers = new float[Columns];
        CopyRow(row, numbers);
        Activations.AddScaled(to[..Columns], numbers, 1);
    }

    internal override void Multiply(in Product product, Workers workers) =>
        throw new NotSupportedException("Rows of a table that stays in its file are looked up, and not multiplied.");

    public void Dispose() => _handle.Dispose();

    static (long, DateTime) State(SafeFileHandle handle) => (RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));

    InvalidDataException Changed() => new($"{_path} was changed while its model was in use. Load the model again.");
}
