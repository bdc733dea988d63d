// The rows that travel through the codec, time-major. There is free space in front of them, where a causal layer puts the rows it
// remembers: so its input lies in one piece without the new rows being copied.
namespace Qwen3Tts.Codec;

/// <summary>Rows [Count, Channels] in a buffer that grows to the largest piece seen and stays.</summary>
sealed class Rows
{
    float[] _data = [];
    int _front; // floats before the rows

    public int Count { get; private set; }
    public int Channels { get; private set; }

    /// <summary>The rows [Count, Channels].</summary>
    public Span<float> Span => _data.AsSpan(_front, Count * Channels);

    /// <summary>Makes room; what the rows hold is undefined.</summary>
    public Span<float> Resize(int count, int channels)
    {
        (Count, Channels) = (count, channels);
        var length = checked(_front + count * channels);
        if (_data.Length < length)
            _data = new float[length];
        return Span;
    }

    /// <summary>The same numbers as rows of another width.</summary>
    public void Reshape(int channels) => (Count, Channels) = (Count * Channels / channels, channels);

    /// <summary>Appends rows: zeros, or copies of the last one.</summary>
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

    /// <summary>The rows with <paramref name="history"/> [history rows, Channels] in front of them.</summary>
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
