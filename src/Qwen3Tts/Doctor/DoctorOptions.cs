using Qwen3Tts.Listening;

namespace Qwen3Tts.Doctor;

/// <summary>What to examine, and what to compare and measure it with.</summary>
sealed record DoctorOptions
{
    /// <summary>The model folder.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The model folder that the checkpoint was fine-tuned from; null if it is not given.</summary>
    public string? Base { get; init; }

    /// <summary>A JSONL file (audio, text, ref_audio, audio_codes, language) or a folder of recordings and TXT files. The best choice is
    /// the data that the checkpoint was trained on.</summary>
    public string? Data { get; init; }

    /// <summary>The speaker to measure and to speak with; null if the checkpoint has only one speaker, or none.</summary>
    public string? Speaker { get; init; }

    /// <summary>The language that the model is to speak with, for clips that name none.</summary>
    public string? Language { get; init; }

    /// <summary>The largest number of clips to measure. They are spread evenly over the data.</summary>
    public int Clips { get; init; } = 10;

    /// <summary>How many sentences to speak; 0 for none.</summary>
    public int Takes { get; init; } = 4;

    /// <summary>The words that a speech recogniser may expect to hear.</summary>
    public ExpectedSpeech Expected { get; init; } = new();

    /// <summary>How the report names what its reader can give or choose.</summary>
    public DoctorWords Words { get; init; } = new();

    /// <summary>Seed of the first spoken sentence; each further sentence takes the next seed.</summary>
    public ulong Seed { get; init; } = 1;
}
