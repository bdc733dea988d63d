// The options of the training method, which 'train' and 'voice' share.
using System.CommandLine;
using System.CommandLine.Parsing;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Commands;

sealed class MethodOptions
{
    readonly Option<int?> _lora = new NumberOption<int?>("--lora", TrainingRanges.LoraRank)
    {
        Description = "Train low-rank pairs of this rank instead of the weights: needs less memory and changes the model less. Writes " +
            "the pairs (for 'say --adapter') and the merged model. 16 is usual.",
        HelpName = "RANK",
    };
    readonly Option<double?> _loraAlpha = new NumberOption<double?>("--lora-alpha", TrainingRanges.LoraAlpha)
    {
        Description = "The product of a pair is multiplied by alpha / rank. Default: twice the rank.",
    };
    readonly Option<string?> _loraTargets = new("--lora-targets")
    {
        Description = $"Matrices that get a pair. Default: {string.Join(",", LoraOptions.AllTargets)}.",
        HelpName = "NAMES",
    };
    readonly Option<string?> _freeze = new("--freeze")
    {
        Description = $"Parts that are not trained, such as text_embedding,code_predictor, or none. Default: " +
            $"{string.Join(",", TrainingMethod.FrozenByDefault)}.",
        HelpName = "NAMES",
    };
    readonly Option<Precision?> _precision =
        Precisions("Types of weights, masters and moments. Default: the most exact that fits; on a GPU never float32.");
    readonly Option<bool> _recompute = Recompute();
    readonly Option<int?> _microBatch = new NumberOption<int?>("--micro-batch", TrainingRanges.MicroBatch)
    {
        Description = "Clips that are computed together: fewer need less memory and give the same result. Default: as many as fit.",
    };
    readonly Option<int?> _bucket = new NumberOption<int?>("--bucket", TrainingRanges.Bucket)
    {
        Description = "Number of steps whose clips are sorted by length, for less padding; 1: no sorting. Default: 8, and 1 for a small " +
            "model.",
    };
    readonly Option<string?> _device = Device();
    readonly Option<string?> _memory = new("--memory")
    {
        Description = "Memory that training may use: chooses precision, --recompute and micro-batch, or reports what would fit. Default: " +
            "the free memory.",
        HelpName = "24GB",
    };
    readonly Option<double> _inContext = new NumberOption<double>("--in-context", TrainingRanges.InContext)
    {
        Description = "Share of the sequences that begin with the reference recording and its text, as in cloning with a transcript. " +
            "Default: none.",
        HelpName = "SHARE",
    };
    readonly Option<string?> _newLanguage = new("--new-language")
    {
        Description = "A language that the model has no id for. It gets a free row. Lines name it in 'language', or --language names it.",
        HelpName = "NAME",
    };
    readonly Option<string?> _newLanguageLike = new("--new-language-like")
    {
        Description = "Language whose row is the initial value of the new row. Default: the mean of all languages.",
        HelpName = "NAME",
    };

    /// <summary>Options of the content of the sequences.</summary>
    public IEnumerable<Option> Sequences => [_inContext, _newLanguage, _newLanguageLike];

    /// <summary>Options of the weights that are trained.</summary>
    public IEnumerable<Option> Trained => [_lora, _loraAlpha, _loraTargets, _freeze];

    /// <summary>Options of memory, speed and device.</summary>
    public IEnumerable<Option> Memory => [_memory, _precision, _recompute, _microBatch, _bucket, _device];

    /// <summary>The options of a run, changed by the options that are given here; the others stay as they are.</summary>
    /// <exception cref="ArgumentException">Two options do not go together.</exception>
    public TrainingOptions Apply(TrainingOptions options, ParseResult parsed)
    {
        var rank = parsed.GetValue(_lora);
        var (alpha, targets, frozen) = (parsed.GetValue(_loraAlpha), Names(parsed.GetValue(_loraTargets)), Names(parsed.GetValue(_freeze)));
        if (rank is null && options.Lora is null && (alpha is not null || targets is not null))
            throw new ArgumentException(
                "--lora-alpha and --lora-targets have no effect without --lora. Give its rank too, such as --lora 16.");
        if (rank is not null && frozen is not null)
            throw new ArgumentException("--lora trains only its pairs, so --freeze has no effect. Give one of the two.");
        var lora = rank is { } r ? new LoraOptions { Rank = r, Alpha = 2 * r, Seed = options.Seed } : options.Lora;
        T Given<T>(Option<T> option, T otherwise) => RunOptions.Given(parsed, option, otherwise);
        return options with
        {
            Lora = lora is null ? null : lora with { Alpha = alpha ?? lora.Alpha, Targets = targets ?? lora.Targets },
            Frozen = frozen is null ? options.Frozen : frozen is ["none"] ? [] : frozen,
            Precision = Given(_precision, options.Precision),
            Recompute = parsed.GetValue(_recompute) ? true : options.Recompute,
            MicroBatch = Given(_microBatch, options.MicroBatch),
            Bucket = Given(_bucket, options.Bucket),
            Device = Given(_device, options.Device),
            Memory = Given(_memory, options.Memory),
            InContext = Given(_inContext, options.InContext),
            NewLanguage = Given(_newLanguage, options.NewLanguage)?.ToLowerInvariant(),
            NewLanguageLike = Given(_newLanguageLike, options.NewLanguageLike)?.ToLowerInvariant(),
        };
    }

    public static Option<string?> Device() => new("--device")
    {
        Description = "cpu or cuda. Default: a GPU if there is one.",
        HelpName = "cpu|cuda",
    };

    public static Option<bool> Recompute() => new("--recompute")
    {
        Description = "Gradient checkpointing: compute layers again in the backward pass, for less memory and a third more time. " +
            "Default: if nothing else fits.",
    };

    public static Option<Precision?> Precisions(string description) => new("--precision")
    {
        Description = description,
        HelpName = string.Join('|', Enum.GetValues<Precision>().Select(TrainingOptions.Written)),
        CustomParser = r => Choice<Precision>(r),
    };

    /// <summary>An option with a fixed set of values, written as files have them.</summary>
    public static T Choice<T>(ArgumentResult result) where T : struct, Enum
    {
        var values = Enum.GetValues<T>();
        var words = values.Select(TrainingOptions.Written).ToArray();
        return CommandLine.Choice.Read(result, words) is { } word ? values[Array.IndexOf(words, word)] : default;
    }

    static string[]? Names(string? list) => list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
