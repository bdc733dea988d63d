// PCG-XSH-RR 64/32 (O'Neill 2014, pcg-random.org), written out so that a seed gives the same numbers on every platform and every
// version of .NET: System.Random promises neither. Everything here that draws without libtorch draws from it.
namespace Qwen3Tts.Statistics;

/// <summary>A small random number generator with a fixed algorithm.</summary>
sealed class Pcg32
{
    readonly ulong _increment;
    ulong _state;

    public Pcg32(ulong seed, ulong stream = 0)
    {
        _increment = stream << 1 | 1;
        Next();
        _state += seed;
        Next();
    }

    public uint Next()
    {
        var old = _state;
        _state = old * 6364136223846793005 + _increment;
        return uint.RotateRight((uint)((old >> 18 ^ old) >> 27), (int)(old >> 59));
    }

    /// <summary>Uniform in [0, 1), in steps of 2⁻³².</summary>
    public double NextUnit() => Next() / 4294967296.0;

    /// <summary>Uniform among the whole numbers below <paramref name="below"/>: the upper half of a product, as Lemire does, with a bias of
    /// below/2³².</summary>
    public int NextBelow(int below) => (int)((ulong)Next() * (uint)below >> 32);
}
