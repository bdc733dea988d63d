using Qwen3Tts.Listening;

namespace Qwen3Tts.Doctor;

/// <summary>What is to be examined, and with what.</summary>
sealed record DoctorOptions
{
    /// <summary>The model folder.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The model folder that it was fine-tuned from.</summary>
    public string? Base { get; init; }

    /// <summary>
    /// A JSONL file (audio, text, ref_audio, audio_codes, language) or a folder of recordings and TXT files; best what it was trained on.
    /// </summary>
    public string? Data { get; init; }

    /// <summary>The speaker to measure and to speak with; null where there is only one, or none.</summary>
    public string? Speaker { get; init; }

    /// <summary>The language that the model is to speak with, for clips that name none.</summary>
    public string? Language { get; init; }

    /// <summary>Most clips to measure, spread over the data.</summary>
    public int Clips { get; init; } = 10;

    /// <summary>Sentences to be spoken; 0 for none.</summary>
    public int Takes { get; init; } = 4;

    /// <summary>What a recogniser may expect to hear.</summary>
    public ExpectedSpeech Expected { get; init; } = new();

    /// <summary>Start of the random numbers of the spoken sentences.</summary>
    public ulong Seed { get; init; } = 1;
}
