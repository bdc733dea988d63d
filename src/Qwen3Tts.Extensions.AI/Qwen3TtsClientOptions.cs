using Qwen3Tts.Generation;
using Qwen3Tts.Voices;

namespace Qwen3Tts.Extensions.AI;

/// <summary>What a <see cref="Qwen3TtsClient"/> knows before a request.</summary>
public sealed record Qwen3TtsClientOptions
{
    /// <summary>
    /// The voices that requests may name, in any case. They are found before the model's own speakers. A request cannot name a file: who
    /// sends requests would decide what is read.
    /// </summary>
    public IDictionary<string, VoiceFile> Voices { get; init; } = new Dictionary<string, VoiceFile>(StringComparer.OrdinalIgnoreCase);

    /// <summary>How to speak where a request says nothing else: voice, language, instruction, sampling, limits.</summary>
    public SpeechOptions Speech { get; init; } = new();
}
