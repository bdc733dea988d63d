// The state of a causal network between two parts of one sequence: for each convolution the rows that it will read again, and the
// transformer's key-value cache. The networks themselves hold only weights. So whole and streamed computation are the same code, and the
// result does not depend, bit for bit, on how a sequence is divided into parts.
using Qwen3Tts.Layers;

namespace Qwen3Tts.Codec;

/// <summary>The state of one sequence.</summary>
sealed class CausalState(KeyValueCache cache)
{
    readonly Dictionary<object, float[]> _history = [];

    public KeyValueCache Cache => cache;

    /// <summary>
    /// The rows x, preceded by the last <paramref name="rows"/> rows that this layer has seen. Stores the new last rows. Rows before the
    /// sequence are zero, or copies of its first row.
    /// </summary>
    public ReadOnlySpan<float> Window(object layer, Rows x, int rows, bool repeatFirst = false)
    {
        if (!_history.TryGetValue(layer, out var history))
        {
            _history[layer] = history = new float[rows * x.Channels];
            for (var row = 0; repeatFirst && row < rows; row++)
                x.Span[..x.Channels].CopyTo(history.AsSpan(row * x.Channels));
        }
        var window = x.After(history);
        window[^history.Length..].CopyTo(history);
        return window;
    }
}
