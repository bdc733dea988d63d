// The rows that the codec's layers pass on, time-major. There is free memory in front of them, into which a causal layer writes the rows of
// its state. So the layer's input is contiguous without copying the new rows.
namespace Qwen3Tts.Codec;

/// <summary>Rows [Count, Channels] in a buffer that grows to the largest size used and stays.</summary>
sealed class Rows
{
    float[] _data = [];
    int _front; // number of floats in front of the rows

    public int Count { get; private set; }
    public int Channels { get; private set; }

    /// <summary>The rows [Count, Channels].</summary>
    public Span<float> Span => _data.AsSpan(_front, Count * Channels);

    /// <summary>Reserves memory for rows; their content is undefined.</summary>
    public Span<float> Resize(int count, int channels)
    {
        (Count, Channels) = (count, channels);
        var length = checked(_front + count * channels);
        if (_data.Length < length)
            _data = new float[length];
        return Span;
    }

    /// <summary>Changes the width of the rows; the numbers stay the same.</summary>
    public void Reshape(int channels) => (Count, Channels) = (Count * Channels / channels, channels);

    /// <summary>Appends rows: zeros, or copies of the last row.</summary>
    public void Extend(int count, bool repeat)
    {
        var end = _front + Count * Channels;
        if (_data.Length < end + count * Channels)
            Array.Resize(ref _data, end + count * Channels);
        Count += count;
        for (var at = end; at < end + count * Channels; at += Channels)
            if (repeat)
                _data.AsSpan(end - Channels, Channels).CopyTo(_data.AsSpan(at));
            else
                _data.AsSpan(at, Channels).Clear();
    }

    /// <summary>The rows, preceded by <paramref name="history"/> [history rows, Channels].</summary>
    public Span<float> After(ReadOnlySpan<float> history)
    {
        if (_front < history.Length)
        {
            var wider = new float[history.Length + _data.Length - _front];
            Span.CopyTo(wider.AsSpan(history.Length));
            (_data, _front) = (wider, history.Length);
        }
        history.CopyTo(_data.AsSpan(_front - history.Length));
        return _data.AsSpan(_front - history.Length, history.Length + Count * Channels);
    }
}
