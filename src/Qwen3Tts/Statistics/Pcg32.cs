// PCG-XSH-RR 64/32 (O'Neill 2014, pcg-random.org), implemented here so that a seed gives the same numbers on every platform and in every
// version of .NET. System.Random guarantees neither. All random numbers that libtorch does not draw come from here.
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

    /// <summary>A uniform number in [0, 1), a multiple of 2⁻³².</summary>
    public double NextUnit() => Next() / 4294967296.0;

    /// <summary>A uniform whole number from 0 to <paramref name="below"/> - 1: the upper half of a product (Lemire 2019). Its probabilities
    /// differ by less than 2⁻³².</summary>
    public int NextBelow(int below) => (int)((ulong)Next() * (uint)below >> 32);
}
