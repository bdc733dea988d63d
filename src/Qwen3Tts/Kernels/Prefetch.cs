using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Asks for memory ahead of its use, where the processor does not foresee it: in a cache of keys one head's rows lie kilobytes apart.
/// A hint, and nothing where .NET has no such instruction; but never of rows that do not exist, which costs a search for their page.
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
