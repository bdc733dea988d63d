// Everything that a causal network remembers between two pieces of one sequence: for each convolution the rows it will read again, and
// the transformer's cache. The networks hold weights only, so the whole and the streamed pass are one code path, and cutting a sequence
// into pieces changes no bit of the result.
using Qwen3Tts.Layers;

namespace Qwen3Tts.Codec;

/// <summary>The memory of one sequence.</summary>
sealed class CausalState(KeyValueCache cache)
{
    readonly Dictionary<object, float[]> _history = [];

    public KeyValueCache Cache => cache;

    /// <summary>
    /// The rows x with the last <paramref name="rows"/> rows that this layer has seen in front of them; remembers the new last ones. What
    /// lies before the sequence is zero, or its first row repeated.
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
