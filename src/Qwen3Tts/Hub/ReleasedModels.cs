namespace Qwen3Tts.Hub;

/// <summary>A released model.</summary>
/// <param name="Id">Its id on the hub.</param>
/// <param name="Bytes">About how many bytes its files have.</param>
public sealed record ReleasedModel(string Id, long Bytes);

/// <summary>The released models of Qwen3-TTS.</summary>
public static class ReleasedModels
{
    /// <summary>All models that speak.</summary>
    public static IReadOnlyList<ReleasedModel> All { get; } =
    [
        new("Qwen/Qwen3-TTS-12Hz-0.6B-Base", 2_520_000_000),
        new("Qwen/Qwen3-TTS-12Hz-0.6B-CustomVoice", 2_500_000_000),
        new("Qwen/Qwen3-TTS-12Hz-1.7B-Base", 4_540_000_000),
        new("Qwen/Qwen3-TTS-12Hz-1.7B-CustomVoice", 4_520_000_000),
        new("Qwen/Qwen3-TTS-12Hz-1.7B-VoiceDesign", 4_520_000_000),
    ];
}
