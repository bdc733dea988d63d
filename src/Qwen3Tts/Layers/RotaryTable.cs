// Angles of the rotary position embedding, computed in float32 as the official code does: a double would be more exact, and different
// (1e-3 at position 20000). The interleaved sections of the talker's mrope are ordinary rotary angles, because its three axes are equal.
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

/// <summary>cos and sin by position; grows by doubling.</summary>
sealed class RotaryTable(int dim, double theta)
{
    readonly int _half = dim / 2;
    int _positions;

    public float[] Cos { get; private set; } = []; // [positions, dim / 2]
    public float[] Sin { get; private set; } = [];

    /// <summary>Rotates x [count, heads * dim] in place; its rows stand at the positions start .. start + count - 1, or, where another
    /// sequence begins after every <paramref name="sequence"/> of them, at those within theirs.</summary>
    public void Apply(Span<float> x, int count, int start, int heads, int sequence = 0)
    {
        Reserve(sequence == 0 ? start + count : sequence);
        for (var from = 0; from < count;)
        {
            var position = sequence == 0 ? start : (start + from) % sequence;
            var rows = sequence == 0 ? count : Math.Min(count - from, sequence - position);
            Rotary.Apply(x[(from * heads * dim)..], Cos, Sin, rows, position, heads, dim);
            from += rows;
        }
    }

    /// <summary>Makes the table hold at least that many positions.</summary>
    public void Reserve(int positions)
    {
        if (positions <= _positions)
            return;
        var from = _positions;
        _positions = Math.Max(positions, Math.Max(256, 2 * from));
        var (cos, sin) = (Cos, Sin);
        Array.Resize(ref cos, checked(_positions * _half));
        Array.Resize(ref sin, checked(_positions * _half));
        for (var i = 0; i < _half; i++)
        {
            var frequency = 1 / MathF.Pow((float)theta, 2 * i / (float)dim);
            for (var p = from; p < _positions; p++)
                (sin[p * _half + i], cos[p * _half + i]) = MathF.SinCos(p * frequency);
        }
        (Cos, Sin) = (cos, sin);
    }
}
