namespace Qwen3Tts.Training.Options;

/// <summary>ONNX models of the user's own, which measure the speech of evaluations. They never change the training.</summary>
sealed record OwnModels
{
    /// <summary>File of a model that turns speech into an embedding of its speaker.</summary>
    public string? Speaker { get; init; }
    /// <summary>Samples per second that it takes. Null: what the file says, else 16,000.</summary>
    public int? SpeakerRate { get; init; }
    /// <summary>File of a model that estimates the mean opinion score of speech.</summary>
    public string? Mos { get; init; }
    /// <summary>Samples per second that it takes. Null: what the file says, else 16,000.</summary>
    public int? MosRate { get; init; }
}
