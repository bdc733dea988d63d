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

    RowsInFile(SafetensorsFile file, TensorEntry entry) : base(entry.Shape[0], entry.Shape[1])
    {
        (_path, _entry, _state) = (file.Path, entry, file.State);
        _handle = File.OpenHandle(_path, share: FileShare.Read | FileShare.Delete);
        if (State(_handle) == _state)
            return;
        _handle.Dispose();
        throw Changed();
    }

    /// <param name="file">The file, whose header was read.</param>
    /// <param name="entry">A matrix in BF16 or float32.</param>
    /// <exception cref="InvalidDataException">There is another file at its path since the header was read, or it was changed.</exception>
    public static RowsInFile Open(SafetensorsFile file, TensorEntry entry) => new(file, entry);

    public override WeightType Type => _entry.Type == ElementType.BF16 ? WeightType.BFloat16 : WeightType.Float32;

    /// <exception cref="InvalidDataException">The file has changed since it was opened.</exception>
    /// <exception cref="ObjectDisposedException">The table was disposed.</exception>
    public override void CopyRow(int row, Span<float> to)
    {
        if (_handle.IsClosed)
            throw Disposed(null);
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

    /// <summary>The error of who uses a model that was disposed.</summary>
    public static ObjectDisposedException Disposed(Exception? cause) => new(
        "The model was disposed, so it can no longer speak or clone. Dispose it after its last speech, or load it again.", cause);

    /// <summary>What changes when the file does: its length and the time at which it was written.</summary>
    public static (long, DateTime) State(SafeFileHandle handle) => (RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));

    InvalidDataException Changed() => new($"{_path} was changed while its model was in use. Load the model again.");
}
