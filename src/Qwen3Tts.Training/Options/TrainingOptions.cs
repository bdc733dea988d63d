// All options of a run in one record, which is stored in the run's folder; the result depends on nothing else. An option whose default
// depends on the model is null here until Completed() fills it in, so the stored options are those that were used. Options with a fixed
// default have a setter: for a missing key, the generated JSON reader would otherwise set 0 instead of the default.
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Options;

/// <summary>The course of the learning rate after the warm-up.</summary>
enum Schedule { Constant, Linear, Cosine }

/// <summary>Where the text stands in training sequences; mixed draws one of the two layouts for each example.</summary>
enum LayoutPolicy { TextFirst, Interleaved, Mixed }

/// <summary>The kind of the exported model.</summary>
enum ExportAs
{
    /// <summary>Speaks by name. The speaker encoder is left out, as in the official script.</summary>
    CustomVoice,
    /// <summary>
    /// Keeps the speaker encoder, so that the model clones other voices and can be fine-tuned again. This program can also speak with its
    /// voices by name.
    /// </summary>
    Base,
}

sealed record TrainingOptions
{
    /// <summary>Folder of the model that is fine-tuned.</summary>
    public required string Model { get; init; }
    /// <summary>The codes.jsonl that `prepare` writes.</summary>
    public required string Data { get; init; }
    /// <summary>Hash of that file, so that a resumed run cannot use other data. Filled in by the run.</summary>
    public string? DataSha256 { get; init; }
    /// <summary>Name of the new voice. Null: each line of the data names its speaker, and each speaker becomes a voice.</summary>
    public string? Speaker { get; init; }
    /// <summary>Recording that the voice is taken from. Null: the one that all lines of the data name.</summary>
    public string? Reference { get; init; }

    public LayoutPolicy Layout { get; set; } = LayoutPolicy.Mixed;
    /// <summary>
    /// For each example one of these is drawn with equal probability: a language of the model, "auto", or "data" for the language that the
    /// line names. Null: "data" and "auto" if lines name a language, otherwise "auto".
    /// </summary>
    public IReadOnlyList<string>? Languages { get; init; }
    /// <summary>A new language, which the model has no id for. It gets a free row.</summary>
    public string? NewLanguage { get; init; }
    /// <summary>The language whose row is the initial value of the new row; null: the mean of all languages.</summary>
    public string? NewLanguageLike { get; init; }
    /// <summary>
    /// Share of the sequences that begin with the voice's reference recording and its text, as in-context cloning writes them.
    /// </summary>
    public double InContext { get; set; }
    /// <summary>
    /// Number of held-out clips, which are measured and never trained on. Null: those that the data holds out, else an eighth, at most 16;
    /// none of fewer than 16 clips.
    /// </summary>
    public int? HeldOut { get; init; }

    /// <summary>
    /// Largest number of optimizer steps; the run ends earlier if the held-out loss does not fall any more. If it is given,
    /// <see cref="Epochs"/> is ignored.
    /// </summary>
    public int? Steps { get; init; }
    public double? Epochs { get; init; }
    /// <summary>Number of clips of a step.</summary>
    public int Batch { get; set; } = 8;
    /// <summary>
    /// Number of clips that are computed together. A smaller number needs less memory and gives the same result. Null: as many as fit.
    /// </summary>
    public int? MicroBatch { get; init; }
    /// <summary>
    /// Number of steps whose clips are drawn together and then sorted by length into the steps, so that less padding is computed; 1: no
    /// sorting. Null: 8 for a released model, 1 for a small one.
    /// </summary>
    public int? Bucket { get; init; }
    /// <summary>The types of weights, gradients and optimizer state. Null: the most exact that fits.</summary>
    public Precision? Precision { get; init; }
    /// <summary>Parts that are not trained. Ignored with LoRA, which trains only its pairs.</summary>
    public IReadOnlyList<string> Frozen { get; set; } = TrainingMethod.FrozenByDefault;
    /// <summary>Train low-rank pairs instead of the weights.</summary>
    public LoraOptions? Lora { get; init; }
    /// <summary>Gradient checkpointing: layers are computed again in the backward pass, with less memory and more time. Null: if
    /// nothing else fits.</summary>
    public bool? Recompute { get; init; }
    /// <summary>Number of frames that the code predictor computes together; chosen with the memory plan.</summary>
    public int? FramesAtATime { get; init; }
    /// <summary>cpu or cuda. Null: a GPU if there is one.</summary>
    public string? Device { get; init; }
    /// <summary>Memory that training may use, such as 16GB. Null: the memory that is free.</summary>
    public string? Memory { get; init; }
    public double? LearningRate { get; init; }
    public int? WarmUp { get; init; }
    public Schedule Schedule { get; set; } = Schedule.Linear;
    /// <summary>Learning rate of the last step, as a part of <see cref="LearningRate"/>.</summary>
    public double FinalRate { get; set; } = 0.1;
    /// <summary>Gradient clipping: largest 2-norm of all gradients together.</summary>
    public double LargestNorm { get; set; } = 1.0;
    public double WeightDecay { get; set; } = 0.01;
    public int Seed { get; set; } = 1;
    /// <summary>The kind of the exported model.</summary>
    public ExportAs ExportAs { get; init; }
    /// <summary>Steps between two saved states; a killed run loses at most that many. Null: a tenth of the run, and at least 25.</summary>
    public int? SaveEvery { get; init; }
    /// <summary>Steps between two measurements of the held-out loss, which choose the exported checkpoint. Null: a thirtieth of the
    /// run.</summary>
    public int? MeasureEvery { get; init; }
    /// <summary>
    /// Steps between two evaluations, which speak held-out texts; 0: nothing is spoken. Null: a quarter of the run, if there are held-out
    /// clips.
    /// </summary>
    public int? EvaluateEvery { get; init; }
    /// <summary>Ends the run when the held-out loss has had no new lowest value for this many steps; 0: no early end. Null: a quarter of
    /// the run.</summary>
    public int? Patience { get; init; }
    /// <summary>For pocketsphinx: a JSGF grammar of all sentences that are spoken.</summary>
    public string? Grammar { get; init; }
    /// <summary>For pocketsphinx: dictionaries with pronunciations that it lacks.</summary>
    public IReadOnlyList<string>? Dictionaries { get; init; }
    /// <summary>ONNX models of the user's own that measure the takes of evaluations; null: none.</summary>
    public OwnModels? OwnModels { get; init; }
    /// <summary>Start the run although the preflight refuses it.</summary>
    public bool Force { get; init; }

    /// <summary>Faults that tests and the demo's comparison plant. They are not stored with a run.</summary>
    [JsonIgnore]
    internal Hypothesis Planted { get; init; } = Hypothesis.Correct;

    /// <summary>The options with every default filled in, those of the training itself from <see cref="Recipe"/>.</summary>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public TrainingOptions Completed(ModelConfig model, int clips, bool linesNameLanguages)
    {
        var released = IsReleased(model.TalkerConfig);
        var heldOut = HeldOut ?? 0;
        var training = Math.Max(1, clips - heldOut);
        var steps = Steps ?? (Epochs is { } e ? (int)Math.Ceiling(e * training / Batch)
            : Recipe.Steps(released, heldOut > 0, training, Batch));
        var result = this with
        {
            HeldOut = heldOut,
            Steps = steps,
            Epochs = Steps is null ? Epochs : null,
            Bucket = Bucket ?? (released ? 8 : 1),
            LearningRate = LearningRate ?? Recipe.LearningRate(released, Lora is not null),
            WarmUp = WarmUp ?? Math.Min(released ? 50 : 10, steps / 10),
            SaveEvery = SaveEvery ?? Math.Max(25, steps / 10),
            MeasureEvery = MeasureEvery ?? Math.Max(1, steps / 30),
            EvaluateEvery = EvaluateEvery ?? (heldOut > 0 ? (steps + 3) / 4 : 0),
            Patience = Patience ?? (heldOut > 0 ? Math.Max(1, steps / 4) : 0),
            Languages = Languages ?? (linesNameLanguages ? ["data", "auto"] : ["auto"]),
        };
        result.Check(clips);
        return result;
    }

    /// <summary>The training method; parts that are still open have their defaults.</summary>
    [JsonIgnore]
    internal TrainingMethod Method => new()
    {
        Precision = Precision ?? Options.Precision.Float32,
        Frozen = Frozen,
        Lora = Lora,
        Checkpointing = new(Recompute ?? false, FramesAtATime ?? int.MaxValue),
    };

    /// <summary>An enum value as options and files have it: bfloat16-moments.</summary>
    public static string Written<T>(T choice) where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(choice.ToString());

    /// <summary>The voice's name, or a word that stands for several voices.</summary>
    [JsonIgnore]
    internal string Title => Speaker ?? "several voices";

    /// <summary>The options of a resumed run: an option that is not given keeps the value that the run began with.</summary>
    public TrainingOptions AsBegun(TrainingOptions begun) => this with
    {
        Precision = Precision ?? begun.Precision,
        Recompute = Recompute ?? begun.Recompute,
        MicroBatch = MicroBatch ?? begun.MicroBatch,
        FramesAtATime = FramesAtATime ?? begun.FramesAtATime,
        Device = Device ?? begun.Device,
        Memory = Memory ?? begun.Memory,
        HeldOut = HeldOut ?? begun.HeldOut,
        MeasureEvery = MeasureEvery ?? begun.MeasureEvery,
    };

    /// <summary>True if the model has the size of a released one; false for a miniature.</summary>
    public static bool IsReleased(TalkerConfig talker) => talker.HiddenSize >= 1024;

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
        Require(EvaluateEvery >= 0, "evaluate-every", EvaluateEvery, "0 for no evaluation, or more");
        Require(MeasureEvery >= 1, "measure-every", MeasureEvery, "one step or more");
        Require(Patience >= 0, "patience", Patience, "0 for no early end, or more");
        Require(Patience == 0 || HeldOut > 0, "patience", Patience, "0 where no clip is held out: there is nothing to measure");
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

    /// <exception cref="InvalidDataException">The text was not written by <see cref="ToJson"/>.</exception>
    public static TrainingOptions FromJson(string json, string place) =>
        JsonFile.Parse(Encoding.UTF8.GetBytes(json), place, OptionsJson.Default.TrainingOptions, Remedy).CheckRead(place);

    const string Remedy = "Restore the file, or name another folder for a new run.";

    /// <summary>Checks what was read from a file and what its types leave open.</summary>
    /// <exception cref="InvalidDataException">It was not written by this program.</exception>
    public TrainingOptions CheckRead(string place)
    {
        var lists = new[] { Languages, Frozen, Dictionaries, Lora?.Targets };
        if (lists.Any(l => l is not null && l.Contains(null!)))
            throw new InvalidDataException($"{place}: a list has null where a word should be. {Remedy}");
        foreach (var (key, value) in new[] { ("micro_batch", MicroBatch), ("frames_at_a_time", FramesAtATime) })
            if (value < 1)
                throw new InvalidDataException($"{place}: {key} is {value}, expected 1 or more. {Remedy}");
        if (FramesAtATime is not null && MicroBatch is null)
            throw new InvalidDataException(
                $"{place}: frames_at_a_time is given and micro_batch is not; they are chosen together. {Remedy}");
        return this;
    }
}
