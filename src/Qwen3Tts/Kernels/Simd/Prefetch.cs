using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Loads memory into the cache before it is used. It is only a hint, and does nothing where .NET has no such instruction.
/// </summary>
static unsafe class Prefetch
{
    public const int RowsAhead = 8;

    const int LineFloats = 16, LineBytes = 64;

    // Two threads that multiply and read one after the other reach 16 of the 26 GB/s that two threads can read; they reach 22 with hints
    // 2 KB ahead, 23 to 28 with 4 KB, and less again beyond 8 KB (Xeon with AVX-512, docs/log.md).
    const int BytesAhead = 4096;

    /// <summary>For weights that are read once, one after the other: asks for the cache line that comes 4 KB later. The processor's own
    /// prefetching stops at the end of each page of memory, and is not far enough ahead of products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead(void* at)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0((byte*)at + BytesAhead);
    }

    /// <summary>One cache line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void At(void* at)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(at);
    }

    /// <summary>Memory that is needed after the present work: rows that begin <see cref="RowBytes"/> apart. It is asked for in small parts
    /// during that work, because the processor waits when it is asked for much at once.</summary>
    public struct Later(void* first, nint rowBytes, int bytesOfRow, int rows)
    {
        readonly int _linesOfRow = (bytesOfRow + LineBytes - 1) / LineBytes;
        int _row, _line;

        public readonly nint RowBytes => rowBytes;

        public readonly int Lines => rows * _linesOfRow;

        /// <summary>Asks for the next cache lines.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Ask(int lines)
        {
            if (!Sse.IsSupported)
                return;
            for (; lines > 0 && _row < rows; lines--)
            {
                Sse.Prefetch1((byte*)first + _row * rowBytes + _line * LineBytes);
                if (++_line == _linesOfRow)
                    (_row, _line) = (_row + 1, 0);
            }
        }
    }

    /// <summary>One row of keys or values. The processor cannot predict it: in a cache the rows of one head lie kilobytes apart. Never
    /// prefetch rows that do not exist: looking for their memory page takes time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row(float* row, int length)
    {
        if (Sse.IsSupported)
            for (var i = 0; i < length; i += LineFloats)
                Sse.Prefetch0(row + i);
    }
}
