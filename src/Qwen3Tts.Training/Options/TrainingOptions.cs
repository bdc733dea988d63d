// Everything a run is a function of, in one record, which is stored in the run's folder. Where a default depends on the model, it is null
// here until Completed() fills it in, so that what is stored is what was done. Where there is a fixed default the property is settable:
// the generated reader would put zero in place of an init property's default where a file lacks the key.
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Options;

/// <summary>How the learning rate goes after the warm-up.</summary>
enum Schedule { Constant, Linear, Cosine }

/// <summary>Where the text lies in training; mixed draws one of the two for each example.</summary>
enum LayoutPolicy { TextFirst, Interleaved, Mixed }

/// <summary>What the result is to be.</summary>
enum ExportAs
{
    /// <summary>Speaks by name; the speaker encoder is left out, as the official script does.</summary>
    CustomVoice,
    /// <summary>
    /// Keeps the speaker encoder: clones other voices and can be fine-tuned again. This project speaks by name with it, too.
    /// </summary>
    Base,
}

sealed record TrainingOptions
{
    /// <summary>Folder of the model that is fine-tuned.</summary>
    public required string Model { get; init; }
    /// <summary>The codes.jsonl that `prepare` writes.</summary>
    public required string Data { get; init; }
    /// <summary>Of that file, so that a run does not go on with other data than it began with. Filled in by the run.</summary>
    public string? DataSha256 { get; init; }
    /// <summary>Name of the new voice; null: each line of the data names its speaker, and each speaker becomes a voice.</summary>
    public string? Speaker { get; init; }
    /// <summary>Recording that the voice is taken from; null takes the one that all lines of the data name.</summary>
    public string? Reference { get; init; }

    public LayoutPolicy Layout { get; set; } = LayoutPolicy.Mixed;
    /// <summary>
    /// Drawn from for each example, evenly: a language of the model, "auto", or "data" for what the line names. Null: "data" and "auto"
    /// where lines name a language, else "auto".
    /// </summary>
    public IReadOnlyList<string>? Languages { get; init; }
    /// <summary>A language that the model has no id for; it gets a free row.</summary>
    public string? NewLanguage { get; init; }
    /// <summary>The language whose row the new one begins as; null: the mean of all.</summary>
    public string? NewLanguageLike { get; init; }
    /// <summary>
    /// Share of the sequences that begin with the voice's reference recording and its text, as in-context cloning writes it.
    /// </summary>
    public double InContext { get; set; }
    /// <summary>Clips that are not trained on, only measured.</summary>
    public int HeldOut { get; set; }

    /// <summary>Optimizer steps; where given, <see cref="Epochs"/> is not used.</summary>
    public int? Steps { get; init; }
    public double? Epochs { get; init; }
    /// <summary>Clips a step.</summary>
    public int Batch { get; set; } = 8;
    /// <summary>Clips that are computed together; fewer need less memory and give the same result. Null: as many as fit.</summary>
    public int? MicroBatch { get; init; }
    /// <summary>
    /// Steps whose clips are drawn together and dealt out by length, so that less is padded; 1 deals none. Null: 8 for a released model, 1
    /// for a small one.
    /// </summary>
    public int? Bucket { get; init; }
    /// <summary>What is computed and kept in which type. Null: the most exact that fits.</summary>
    public Precision? Precision { get; init; }
    /// <summary>Parts that stay as they are. Without meaning for LoRA, which trains its pairs alone.</summary>
    public IReadOnlyList<string> Frozen { get; set; } = TrainingMethod.FrozenByDefault;
    /// <summary>Train low-rank pairs instead of the weights.</summary>
    public LoraOptions? Lora { get; init; }
    /// <summary>Gradient checkpointing: layers are computed again in the backward pass, with less memory and more time. Null: if
    /// nothing else fits.</summary>
    public bool? Recompute { get; init; }
    /// <summary>Frames of the code predictor at a time: chosen with the memory plan.</summary>
    public int? FramesAtATime { get; init; }
    /// <summary>cpu or cuda. Null: a GPU where there is one.</summary>
    public string? Device { get; init; }
    /// <summary>What training may take, such as 16GB. Null: what is there.</summary>
    public string? Memory { get; init; }
    public double? LearningRate { get; init; }
    public int? WarmUp { get; init; }
    public Schedule Schedule { get; set; } = Schedule.Linear;
    /// <summary>Of the learning rate at the last step.</summary>
    public double FinalRate { get; set; } = 0.1;
    /// <summary>Gradients are scaled down to this norm.</summary>
    public double LargestNorm { get; set; } = 1.0;
    public double WeightDecay { get; set; } = 0.01;
    public int Seed { get; set; } = 1;
    /// <summary>What the result is to be.</summary>
    public ExportAs ExportAs { get; init; }
    /// <summary>Steps between two saved states, so that a killed run loses no more. Null: a tenth of the run, and at least 25.</summary>
    public int? SaveEvery { get; init; }
    /// <summary>
    /// Steps between two evaluations, at which held-out texts are spoken and judged; 0 is never. Null: a quarter of the run, where clips
    /// are held out.
    /// </summary>
    public int? EvaluateEvery { get; init; }
    /// <summary>End the run after so many evaluations that were no better than the best; null never does.</summary>
    public int? Patience { get; init; }
    /// <summary>For pocketsphinx: a JSGF grammar of all that is said.</summary>
    public string? Grammar { get; init; }
    /// <summary>For pocketsphinx: pronunciations that it lacks.</summary>
    public IReadOnlyList<string>? Dictionaries { get; init; }
    /// <summary>Begin although the preflight says that it cannot work.</summary>
    public bool Force { get; init; }

    /// <summary>Tests and the demo's comparison plant faults; a fault is not part of a stored run.</summary>
    [JsonIgnore]
    internal Hypothesis Planted { get; init; } = Hypothesis.Correct;

    /// <summary>
    /// The same with every default filled in. A released model learns a voice at 5e-6 within some four to eight hundred updates of eight
    /// clips: the aligned runs on record did so on both sizes, and 1e-5 already cost words in long texts. The miniature has a hundredth of
    /// the weights, knows forty voices instead of thousands, and needs the rate of a small model.
    /// </summary>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public TrainingOptions Completed(ModelConfig model, int clips, bool linesNameLanguages)
    {
        var released = IsReleased(model.TalkerConfig);
        var training = Math.Max(1, clips - HeldOut);
        var steps = Steps ?? (Epochs is { } e ? (int)Math.Ceiling(e * training / Batch) : released
            ? Math.Max(400, (training + Batch - 1) / Batch) : 150);
        var result = this with
        {
            Steps = steps,
            Epochs = Steps is null ? Epochs : null,
            Bucket = Bucket ?? (released ? 8 : 1),
            LearningRate = LearningRate ?? UsualRate(released, Lora is not null),
            WarmUp = WarmUp ?? Math.Min(released ? 50 : 10, steps / 10),
            SaveEvery = SaveEvery ?? Math.Max(25, steps / 10),
            EvaluateEvery = EvaluateEvery ?? (HeldOut > 0 ? (steps + 3) / 4 : 0),
            Languages = Languages ?? (linesNameLanguages ? ["data", "auto"] : ["auto"]),
        };
        result.Check(clips);
        return result;
    }

    /// <summary>The training method, as far as it is decided.</summary>
    [JsonIgnore]
    internal TrainingMethod Method => new()
    {
        Precision = Precision ?? Options.Precision.Float32,
        Frozen = Frozen,
        Lora = Lora,
        Checkpointing = new(Recompute ?? false, FramesAtATime ?? int.MaxValue),
    };

    /// <summary>A choice as files and options write it: bfloat16-moments.</summary>
    public static string Written<T>(T choice) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(choice.ToString());

    /// <summary>The voice's name, or a word for several.</summary>
    [JsonIgnore]
    internal string Title => Speaker ?? "several voices";

    /// <summary>To go on with a run: what is left open is what was chosen when it began.</summary>
    public TrainingOptions AsBegun(TrainingOptions begun) => this with
    {
        Precision = Precision ?? begun.Precision,
        Recompute = Recompute ?? begun.Recompute,
        MicroBatch = MicroBatch ?? begun.MicroBatch,
        FramesAtATime = FramesAtATime ?? begun.FramesAtATime,
        Device = Device ?? begun.Device,
        Memory = Memory ?? begun.Memory,
    };

    /// <summary>Of a released model's size, as opposed to a miniature.</summary>
    public static bool IsReleased(TalkerConfig talker) => talker.HiddenSize >= 1024;

    /// <summary>
    /// Where runs that worked had it. The pairs of LoRA begin at zero and need a higher rate than whole matrices: on the miniature two and
    /// a half times.
    /// </summary>
    public static double UsualRate(bool released, bool lora) =>
        (released, lora) switch { (true, false) => 5e-6, (true, true) => 2e-5, (false, false) => 2e-4, _ => 5e-4 };

    void Check(int clips)
    {
        static void Require(bool good, string option, object? value, string expected)
        {
            if (!good)
                throw new ArgumentException(
                    $"--{option} is {value}, expected {expected}. Correct it, or leave the option out for its default.");
        }
        Require(TrainingRanges.Steps.Holds(Steps ?? 0), Epochs is null ? "steps" : "epochs", (object?)Epochs
            ?? Steps, $"{TrainingRanges.Steps.Words} steps");
        Require(TrainingRanges.Batch.Holds(Batch), "batch", Batch, $"{TrainingRanges.Batch.Words} clips");
        Require(MicroBatch is null || (MicroBatch >= 1 && MicroBatch <= Batch), "micro-batch", MicroBatch, $"1 to the batch, {Batch}");
        Require(LearningRate is > 0 and < 1, "lr", LearningRate, "a number between 0 and 1, such as 5e-6");
        Require(WarmUp >= 0 && WarmUp < Steps, "warmup", WarmUp, $"fewer steps than the run has, {Steps}");
        Require(FinalRate is >= 0 and <= 1, "final-rate", FinalRate, "a part of the learning rate, 0 to 1");
        Require(LargestNorm > 0, "clip", LargestNorm, "a norm above 0");
        Require(WeightDecay is >= 0 and < 1, "weight-decay", WeightDecay, "a number from 0 to below 1");
        Require(SaveEvery >= 1, "save-every", SaveEvery, "one step or more");
        Require(EvaluateEvery >= 0, "evaluate-every", EvaluateEvery, "0, which is never, or more");
        Require(Patience is null or >= 1, "patience", Patience, "one evaluation or more");
        Require(TrainingRanges.Bucket.Holds(Bucket ?? 0), "bucket", Bucket, $"{TrainingRanges.Bucket.Words} steps");
        Require(InContext is >= 0 and <= 1, "in-context", InContext, "a share of the sequences, 0 to 1");
        Require(Lora is null || TrainingRanges.LoraRank.Holds(Lora.Rank), "lora", Lora?.Rank,
            $"a rank, {TrainingRanges.LoraRank.Words}; 16 is usual");
        Require(NewLanguageLike is null || NewLanguage is not null, "new-language-like", NewLanguageLike, "to come with --new-language");
        if (NewLanguage is not null && (Lora is not null || Frozen.Any(f => f.EndsWith("codec_embedding", StringComparison.Ordinal))))
            throw new ArgumentException(
                $"The row of --new-language {NewLanguage} is learned in codec_embedding, which is not trained " +
                $"{(Lora is null ? "when it is frozen" : "by LoRA")}. Train it whole, without --lora and with codec_embedding.");
        Require(HeldOut >= 0 && HeldOut < clips, "held-out", HeldOut, $"fewer clips than there are, {clips}");
    }

    public string ToJson() => JsonSerializer.Serialize(this, OptionsJson.Default.TrainingOptions);

    /// <exception cref="InvalidDataException">It is not what <see cref="ToJson"/> wrote.</exception>
    public static TrainingOptions FromJson(string json, string place)
    {
        const string Remedy = "Restore the file, or name another folder for a new run.";
        var read = JsonFile.Parse(Encoding.UTF8.GetBytes(json), place, OptionsJson.Default.TrainingOptions, Remedy);
        var lists = new[] { read.Languages, read.Frozen, read.Dictionaries, read.Lora?.Targets };
        if (lists.Any(l => l is not null && l.Contains(null!)))
            throw new InvalidDataException($"{place}: a list has null where a word should be. {Remedy}");
        foreach (var (key, value) in new[] { ("micro_batch", read.MicroBatch), ("frames_at_a_time", read.FramesAtATime) })
            if (value < 1)
                throw new InvalidDataException($"{place}: {key} is {value}, expected 1 or more. {Remedy}");
        if (read.FramesAtATime is not null && read.MicroBatch is null)
            throw new InvalidDataException(
                $"{place}: frames_at_a_time is given and micro_batch is not; they are chosen together. {Remedy}");
        return read;
    }
}
