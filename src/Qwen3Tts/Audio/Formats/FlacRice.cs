// Rice codes of the differences in a FLAC subframe (RFC 9639 section 9.2.7). A number is divided by a power of two; the quotient is stored
// as zeros, and the rest as it is. The block is divided into parts, each with the power that fits it.
namespace Qwen3Tts.Audio;

/// <summary>The division of a block into parts.</summary>
/// <param name="Order">There are two to this power parts.</param>
/// <param name="Low">For each part the number of bits of a rest.</param>
/// <param name="Bits">Length of all codes in bits, without the six bits before the first part.</param>
sealed record FlacRice(int Order, int[] Low, long Bits)
{
    const int HighestOrder = 6, HighestLow = 30, ShortLow = 14;

    /// <summary>The division that needs the fewest bits.</summary>
    /// <param name="differences">Differences [samples - predicted from].</param>
    /// <param name="samples">Number of samples of the block.</param>
    public static FlacRice Best(int[] differences, int samples)
    {
        FlacRice? best = null;
        var from = samples - differences.Length;
        for (var order = 0; order <= HighestOrder && samples % (1 << order) == 0 && samples >> order > from; order++)
            if (Divide(differences, samples, order) is var division && (best is null || division.Bits < best.Bits))
                best = division;
        return best ?? Divide(differences, samples, 0);
    }

    static FlacRice Divide(int[] differences, int samples, int order)
    {
        var (low, bits) = (new int[1 << order], 0L);
        for (var part = 0; part < low.Length; part++)
        {
            (low[part], var length) = BestLow(Part(differences, samples, order, part));
            bits += length;
        }
        return new(order, low, bits + low.Length * (IsShort(low) ? 4 : 5));
    }

    static bool IsShort(int[] low) => low.All(l => l <= ShortLow);

    static ReadOnlySpan<int> Part(int[] differences, int samples, int order, int part)
    {
        var (length, from) = (samples >> order, samples - differences.Length);
        return differences.AsSpan(Math.Max(0, part * length - from)..((part + 1) * length - from));
    }

    static long Folded(int difference) => difference < 0 ? -2L * difference - 1 : 2L * difference; // 0, -1, 1, -2, 2, …

    /// <summary>The number of bits of a rest that makes the codes of a part shortest, and their length.</summary>
    static (int Low, long Bits) BestLow(ReadOnlySpan<int> part)
    {
        var sum = 0L;
        foreach (var difference in part)
            sum += Folded(difference);
        var guess = part.Length == 0 ? 0 : (int)Math.Clamp(long.Log2(Math.Max(1, sum / part.Length)), 0, HighestLow - 1);
        var best = (Low: 0, Bits: long.MaxValue);
        for (var low = Math.Max(0, guess - 1); low <= guess + 1; low++)
        {
            var bits = (long)part.Length * (low + 1);
            foreach (var difference in part)
                bits += Folded(difference) >> low;
            if (bits < best.Bits)
                best = (low, bits);
        }
        return best;
    }

    /// <summary>Writes the coding, the parameters and the codes.</summary>
    public void Write(BitWriter to, int[] differences, int samples)
    {
        to.Write(IsShort(Low) ? 0UL : 1, 2);
        to.Write((ulong)Order, 4);
        for (var part = 0; part < Low.Length; part++)
        {
            to.Write((ulong)Low[part], IsShort(Low) ? 4 : 5);
            foreach (var difference in Part(differences, samples, Order, part))
            {
                to.WriteZeros(Folded(difference) >> Low[part]);
                to.Write((ulong)Folded(difference), Low[part]);
            }
        }
    }
}
