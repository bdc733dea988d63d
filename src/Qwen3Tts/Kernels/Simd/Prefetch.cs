using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Loads memory into the cache before it is used, where the processor cannot predict it: in a cache of keys the rows of one head lie
/// kilobytes apart. It is only a hint, and does nothing where .NET has no such instruction. Never prefetch rows that do not exist: looking
/// for their memory page takes time.
/// </summary>
static unsafe class Prefetch
{
    public const int RowsAhead = 8;

    const int LineFloats = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row(float* row, int length)
    {
        if (Sse.IsSupported)
            for (var i = 0; i < length; i += LineFloats)
                Sse.Prefetch0(row + i);
    }
}
