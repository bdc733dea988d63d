using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Options;

/// <summary>The allowed ranges of a run's numbers. They are checked with the command line, and again when a run begins.</summary>
static class TrainingRanges
{
    // A hundred times the longest runs on record. The product of any two is far below the largest long.
    public static readonly NumberRange Steps = new(1, 1_000_000);
    public static readonly NumberRange Epochs = new(0, 10_000, Above: true);
    public static readonly NumberRange Batch = new(1, 65_536);
    public static readonly NumberRange MicroBatch = new(1, 65_536);
    public static readonly NumberRange Bucket = new(1, 1024);
    public static readonly NumberRange LearningRate = new(0, 1, Above: true, Reason: "5e-6 is usual for a released model.");
    public static readonly NumberRange WarmUp = new(0, 1_000_000);
    public static readonly NumberRange HeldOut = new(0, 10_000_000);
    public static readonly NumberRange Splice = new(0, 9_999); // four digits in their names
    public static readonly NumberRange SaveEvery = new(1, 1_000_000);
    public static readonly NumberRange EvaluateEvery = new(0, 1_000_000, Reason: "0 turns evaluation off.");
    public static readonly NumberRange MeasureEvery = new(1, 1_000_000);
    public static readonly NumberRange Patience = new(0, 1_000_000, Reason: "0 turns the early end off.");
    public static readonly NumberRange InContext = new(0, 1, Reason: "It is a share of the sequences.");
    // The widest matrix of a released talker has 6,144 columns: a larger rank has more numbers than the matrix that it changes.
    public static readonly NumberRange LoraRank = new(1, 4096, Reason: "It is a rank, and 16 is usual.");
    public static readonly NumberRange LoraAlpha = new(0, 1_000_000, Above: true);
    public static readonly NumberRange SampleRate = new(8000, 48_000, Reason: "Models of speech take 16000 as a rule.");
    public static readonly NumberRange Gpus = new(1, 16_384, Reason: "The largest clusters have as many.");
}
