// The angles of the rotary position embedding. They are computed in float32, as in the official code: double would be more exact and would
// differ by 1e-3 at position 20000. The talker's mrope interleaves sections of three axes; its three axes are equal, so the angles are
// those of an ordinary rotary embedding.
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Layers;

/// <summary>Cosine and sine for each position; the table grows by doubling.</summary>
sealed class RotaryTable(int dim, double theta)
{
    readonly int _half = dim / 2;
    int _positions;

    public float[] Cos { get; private set; } = []; // [positions, dim / 2]
    public float[] Sin { get; private set; } = [];

    /// <summary>
    /// in: x [count, heads * dim], whose rows are the positions start to start + count - 1 · out: x, rotated · overwrites: x. If
    /// <paramref name="sequence"/> is above 0, a new sequence begins after every <paramref name="sequence"/> rows, and positions count from
    /// its beginning.
    /// </summary>
    public void Apply(Span<float> x, int count, int start, int heads, int sequence = 0)
    {
        Reserve(start, count, sequence);
        for (var from = 0; from < count;)
        {
            var position = sequence == 0 ? start : (start + from) % sequence;
            var rows = sequence == 0 ? count : Math.Min(count - from, sequence - position);
            Rotary.Apply(x[(from * heads * dim)..], Cos, Sin, rows, position, heads, dim);
            from += rows;
        }
    }

    /// <summary>The place in the table of a position, which is there after this.</summary>
    public int At(int position, int sequence)
    {
        Reserve(position, 1, sequence);
        return sequence == 0 ? position : position % sequence;
    }

    void Reserve(int start, int count, int sequence) => Reserve(sequence == 0 ? start + count : sequence);

    /// <summary>Extends the table to at least <paramref name="positions"/> positions.</summary>
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
