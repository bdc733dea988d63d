// A file mapped into memory. Its pages belong to the system's file cache: nothing is copied, and two processes with the same model hold
// it once.
using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Qwen3Tts.Checkpoint;

/// <summary>One file, mapped whole for reading, for as long as anything refers to a part of it.</summary>
sealed unsafe class MappedFile
{
    const int SmallestPage = 4096;

    readonly SafeMemoryMappedViewHandle _view; // its finalizer ends the mapping
    readonly byte* _start;
    readonly long _length;

    public MappedFile(string path)
    {
        using var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        var accessor = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view = accessor.SafeMemoryMappedViewHandle;
        _start = (byte*)_view.DangerousGetHandle() + accessor.PointerOffset;
        _length = (long)_view.ByteLength - accessor.PointerOffset;
    }

    /// <summary>Numbers at an offset of the file; null where memory of their type cannot begin there.</summary>
    /// <param name="offset">In bytes.</param>
    /// <param name="bytes">Of the numbers.</param>
    /// <param name="later">Takes the reading from the disk; null to read a page when it is first used.</param>
    public ReadOnlyMemory<T>? Part<T>(long offset, long bytes, Action<Action>? later) where T : unmanaged
    {
        if (offset + bytes > _length) // cut short since its header was read: who reads it will say so
            return null;
        if ((nuint)(_start + offset) % (nuint)sizeof(T) != 0 || bytes / sizeof(T) > Array.MaxLength)
            return null;
        var part = new Numbers<T>(this, (T*)(_start + offset), (int)(bytes / sizeof(T))).Memory;
        later?.Invoke(() => Touch(part.Span));
        return part;
    }

    /// <summary>Looks at each page, so that it is read from the disk and has a place in the process before it is used.</summary>
    static void Touch<T>(ReadOnlySpan<T> part) where T : unmanaged
    {
        for (var i = 0L; i < part.Length; i += SmallestPage / sizeof(T))
            Volatile.Read(ref Unsafe.As<T, byte>(ref Unsafe.AsRef(in part[(int)i])));
    }

    sealed class Numbers<T>(MappedFile file, T* first, int count) : MemoryManager<T> where T : unmanaged
    {
        public override Span<T> GetSpan() => new(first, count);

        public override MemoryHandle Pin(int elementIndex = 0) => new(first + elementIndex, pinnable: this);

        public override void Unpin() => GC.KeepAlive(file); // the mapping lives as long as its numbers

        protected override void Dispose(bool disposing)
        {
        }
    }
}
