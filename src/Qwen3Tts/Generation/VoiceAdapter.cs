using Qwen3Tts.Talker;

namespace Qwen3Tts.Generation;

/// <summary>
/// A LoRA adapter beside a loaded model, for single speeches: <see cref="SpeechOptions.Adapter"/>. It takes the memory of its
/// own matrices only, and speeches with different adapters, or none, are computed together. The speech is not bit for bit that of the
/// merged model, whose weights are rounded.
/// </summary>
public sealed class VoiceAdapter
{
    internal VoiceAdapter(string name, object owner, TalkerAdapter changes, IReadOnlyDictionary<string, float[]> voices, long bytes) =>
        (Name, Owner, Changes, Voices, Bytes) = (name, owner, changes, voices, bytes);

    /// <summary>Name of its folder.</summary>
    public string Name { get; }

    /// <summary>Names of the speakers that it knows; a speech names one of them as its speaker.</summary>
    public IEnumerable<string> Speakers => Voices.Keys;

    /// <summary>Bytes of its matrices in memory.</summary>
    public long Bytes { get; }

    /// <summary>The talker that it was loaded for.</summary>
    internal object Owner { get; }
    internal TalkerAdapter Changes { get; }

    /// <summary>Vectors [hidden] by name.</summary>
    internal IReadOnlyDictionary<string, float[]> Voices { get; }
}
