// The options of a run that 'train' and 'voice' share, except those of the training method (MethodOptions). An option that is not given
// keeps its value: the default of a new run, or what a resumed run began with.
using System.CommandLine;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Onnx;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Commands;

sealed class RunOptions
{
    readonly Option<LayoutPolicy> _layout = new("--layout")
    {
        Description = "Where the text stands: text-first (what named speakers use), interleaved (what streaming uses) or mixed.",
        DefaultValueFactory = _ => LayoutPolicy.Mixed,
        CustomParser = MethodOptions.Choice<LayoutPolicy>,
        HelpName = "text-first|interleaved|mixed",
    };
    readonly Option<int?> _steps = new NumberOption<int?>("--steps", TrainingRanges.Steps)
    {
        Description = "Most optimizer steps; the run ends earlier if the held-out loss does not fall any more. Default: 150 or ten " +
            "epochs for a small model, 800 or one epoch for a released one; 4 epochs, or 400 steps, where nothing is held out.",
    };
    readonly Option<double?> _epochs = new NumberOption<double?>("--epochs", TrainingRanges.Epochs)
    {
        Description = "Most epochs, instead of --steps.",
    };
    readonly Option<int> _batch = new NumberOption<int>("--batch", TrainingRanges.Batch)
    {
        Description = "Number of clips of a step.",
        DefaultValueFactory = _ => 8,
    };
    readonly Option<double?> _rate = new NumberOption<double?>("--lr", TrainingRanges.LearningRate)
    {
        Description = "Largest learning rate. Default: 5e-6 for a released model, 2e-4 for a small one; with --lora 2e-5 and 5e-4.",
        HelpName = "RATE",
    };
    readonly Option<int?> _warmUp = new NumberOption<int?>("--warmup", TrainingRanges.WarmUp)
    {
        Description = "Warm-up: number of steps until the learning rate is reached. Default: 50, and 10 for a small model.",
    };
    readonly Option<Schedule> _schedule = new("--schedule")
    {
        Description = "The learning rate after the warm-up: constant, or linear or cosine decay to a tenth at the last of --steps.",
        DefaultValueFactory = _ => Schedule.Linear,
        CustomParser = MethodOptions.Choice<Schedule>,
        HelpName = "constant|linear|cosine",
    };
    readonly Option<int?> _heldOut = new NumberOption<int?>("--held-out", TrainingRanges.HeldOut)
    {
        Description = "Number of clips that are measured and not trained on. Default: those that the list holds out, else an eighth, at " +
            "most 16; of fewer than 16 clips none.",
    };
    readonly Option<int?> _measure = new NumberOption<int?>("--measure-every", TrainingRanges.MeasureEvery)
    {
        Description = "Steps between two measurements of the held-out loss. Default: a thirtieth of the run.",
    };
    readonly Option<int?> _evaluate = new NumberOption<int?>("--evaluate-every", TrainingRanges.EvaluateEvery)
    {
        Description = "Steps between two evaluations, which speak held-out texts. 0: nothing is spoken, nor compared with the clone. " +
            "Default: a quarter of the run.",
    };
    readonly Option<int?> _patience = new NumberOption<int?>("--patience", TrainingRanges.Patience)
    {
        Description = "End when the held-out loss has had no new lowest value for so many steps. 0: train all steps. Default: a quarter " +
            "of the run.",
    };
    readonly Option<string?> _grammar = new("--grammar")
    {
        Description = "JSGF grammar of all sentences that are spoken, for pocketsphinx.",
        HelpName = "FILE",
    };
    readonly Option<string[]> _dictionaries = new("--dictionary")
    {
        Description = "Dictionary with the pronunciations that pocketsphinx lacks.",
        HelpName = "FILE",
    };
    readonly Option<string?> _speakerModel = new("--speaker-model")
    {
        Description = "ONNX model of yours that turns speech into an embedding of its speaker: evaluations then show the cosine with the " +
            "recordings (docs/likeness.md).",
        HelpName = "FILE",
    };
    readonly Option<int?> _speakerRate = new NumberOption<int?>("--speaker-model-rate", TrainingRanges.SampleRate)
    {
        Description = "Samples per second that it takes. Default: its property sample_rate, else 16000.",
        HelpName = "HZ",
    };
    readonly Option<string?> _mosModel = new("--mos-model")
    {
        Description = "ONNX model of yours that estimates a mean opinion score from a waveform.",
        HelpName = "FILE",
    };
    readonly Option<int?> _mosRate = new NumberOption<int?>("--mos-model-rate", TrainingRanges.SampleRate)
    {
        Description = "Samples per second that it takes. Default: its property sample_rate, else 16000.",
        HelpName = "HZ",
    };
    readonly Option<bool> _force = new("--force")
    {
        Description = "Start the run although the preflight refuses it; the result's manifest says so.",
    };
    readonly Option<int?> _saveEvery = new NumberOption<int?>("--save-every", TrainingRanges.SaveEvery)
    {
        Description = "Steps between two saved states; a killed run loses at most that many. Default: a tenth of the run, at least 25.",
    };
    readonly Option<int?> _seed = CommonOptions.Seed("1");

    /// <summary>The kind of the result.</summary>
    public Option<ExportAs> ExportAs { get; } = new("--export-as")
    {
        Description = "Kind of the result: custom-voice (speaks by name, as from the official script) or base (keeps the speaker " +
            "encoder, so that it also clones).",
        CustomParser = MethodOptions.Choice<ExportAs>,
        HelpName = "custom-voice|base",
    };

    /// <summary>Where the text stands in the sequences.</summary>
    public Option Layout => _layout;

    /// <summary>Options of the run as a whole.</summary>
    public IEnumerable<Option> Run => [_force, _saveEvery, _seed];

    /// <summary>Options of the course of training.</summary>
    public IEnumerable<Option> Optimizer => [_steps, _epochs, _batch, _rate, _warmUp, _schedule];

    /// <summary>Options of what is measured and heard.</summary>
    public IEnumerable<Option> Evaluation => [_heldOut, _measure, _patience, _evaluate, _grammar, _dictionaries,
        _speakerModel, _speakerRate, _mosModel, _mosRate];

    /// <summary>The files that options name.</summary>
    public string?[] Inputs(ParseResult parsed) => [parsed.GetValue(_grammar), parsed.GetValue(_speakerModel),
        parsed.GetValue(_mosModel), .. parsed.GetValue(_dictionaries) ?? []];

    /// <exception cref="ArgumentException">Two options contradict each other.</exception>
    public void Check(ParseResult parsed)
    {
        if (parsed.GetValue(_steps) is not null && parsed.GetValue(_epochs) is not null)
            throw new ArgumentException("--steps and --epochs contradict each other; give one of them.");
    }

    /// <summary>The models that are given; those that the run began with where none is.</summary>
    /// <exception cref="ArgumentException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">A file is not a model of its kind.</exception>
    OwnModels? OwnModelsOf(OwnModels? begun, ParseResult parsed)
    {
        static string? Full(string? path) => path is null ? null : Path.GetFullPath(path);
        var models = new OwnModels
        {
            Speaker = Full(parsed.GetValue(_speakerModel)) ?? begun?.Speaker,
            SpeakerRate = parsed.GetValue(_speakerRate) ?? begun?.SpeakerRate,
            Mos = Full(parsed.GetValue(_mosModel)) ?? begun?.Mos,
            MosRate = parsed.GetValue(_mosRate) ?? begun?.MosRate,
        };
        foreach (var (rate, file, option) in new[] { (models.SpeakerRate, models.Speaker, SpeechModels.SpeakerOption),
            (models.MosRate, models.Mos, SpeechModels.MosOption) })
            if (rate is not null && file is null)
                throw new ArgumentException($"{option}-rate needs {option}; give both.");
        if (models == new OwnModels())
            return null;
        try
        {
            SpeechModels.Open(models).Dispose(); // refused now, not after hours
        }
        catch (Exception e) when (models == begun && CommandRun.IsUsersMistake(e)) // an evaluation is no reason to stop what was begun
        {
            Console.Error.WriteLine($"Warning: {e.Message} The run began with it, and goes on: takes have no "
                + "figures of your models until the file can be used again, or another one is named.");
        }
        return models;
    }

    /// <summary>The value of an option that is given; else the other one.</summary>
    public static T Given<T>(ParseResult parsed, Option<T> option, T otherwise) =>
        parsed.GetResult(option) is { Implicit: false } ? parsed.GetValue(option)! : otherwise;

    /// <summary>The options of a run, changed by those that are given here.</summary>
    public TrainingOptions Apply(TrainingOptions begun, ParseResult parsed) => begun with
    {
        Layout = Given(parsed, _layout, begun.Layout),
        Steps = Given(parsed, _steps, parsed.GetValue(_epochs) is null && begun.Epochs is null ? begun.Steps : null),
        Epochs = parsed.GetValue(_steps) is null ? Given(parsed, _epochs, begun.Epochs) : null,
        Batch = Given(parsed, _batch, begun.Batch),
        LearningRate = Given(parsed, _rate, begun.LearningRate),
        WarmUp = Given(parsed, _warmUp, begun.WarmUp),
        Schedule = Given(parsed, _schedule, begun.Schedule),
        HeldOut = Given(parsed, _heldOut, begun.HeldOut),
        MeasureEvery = Given(parsed, _measure, begun.MeasureEvery),
        EvaluateEvery = Given(parsed, _evaluate, begun.EvaluateEvery),
        Patience = Given(parsed, _patience, begun.Patience),
        Grammar = Given(parsed, _grammar, begun.Grammar),
        Dictionaries = parsed.GetValue(_dictionaries) is { Length: > 0 } files ? files : begun.Dictionaries,
        OwnModels = OwnModelsOf(begun.OwnModels, parsed),
        Force = Given(parsed, _force, begun.Force),
        SaveEvery = Given(parsed, _saveEvery, begun.SaveEvery),
        Seed = Given(parsed, _seed, begun.Seed) ?? 1,
        ExportAs = Given(parsed, ExportAs, begun.ExportAs),
    };
}
