// The content of a model folder as a record, which `inspect` prints as tables or, with --json, as JSON. Shapes come from config.json, sizes
// from the headers of the weight files. The problems are those that loading finds: a folder without problems can speak.
using System.Text.Json.Serialization;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Generation;
using Qwen3Tts.Kernels;
using Qwen3Tts.Loading;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;

namespace Qwen3Tts.Cli;

/// <summary>One network: its sizes in words, the number of its parameters, and their types (the type with most bytes first).</summary>
sealed record PartReport(string Name, string Shape, int Tensors, long Parameters, long Bytes, IReadOnlyList<string> Types);

/// <summary>A named speaker: a row of <c>codec_embedding</c>, and the 2-norm of that row.</summary>
sealed record SpeakerReport(string Name, int Row, double Norm, string? Dialect);

sealed record ModelReport(
    string Folder, string Type, string Size, IReadOnlyList<PartReport> Parts, IReadOnlyDictionary<string, int> Languages,
        IReadOnlyList<SpeakerReport> Speakers,
    string Layouts, SamplingOptions Sampling, string Tokenizer, IReadOnlyList<string> Problems, string FileLayout)
{
    /// <exception cref="IOException">The folder, or a file that the report needs, is missing.</exception>
    /// <exception cref="InvalidDataException">A file that the report needs is damaged.</exception>
    public static ModelReport Load(string folder)
    {
        var model = ModelFolder.Open(folder);
        var (config, talker) = (model.Config, model.Config.TalkerConfig);
        using var weights = model.OpenWeights();
        using var codec = model.OpenCodecWeights();
        var codecConfig = CodecConfig.Read(Path.Combine(model.CodecPath, "config.json"));
        var ids = config.SpecialTokens(newline: 0);
        const string embedding = TensorNames.CodecEmbedding;
        var rows = ids.Speakers.Count > 0 && weights.Contains(embedding) ? weights.FileOf(embedding).Float32(embedding) : [];
        PartReport[] parts =
        [
            Part("talker", weights, n => TensorNames.IsIn(n, TensorNames.Talker) && !IsPredictor(n),
                $"{Shape(talker)}; text hidden {talker.TextHiddenSize}, text vocabulary {talker.TextVocabSize}, " +
                $"codec vocabulary {talker.VocabSize}"),
            Part("code predictor", weights, IsPredictor,
                $"{Shape(talker.CodePredictorConfig)}; {talker.NumCodeGroups} codebooks of {talker.CodePredictorConfig.VocabSize}"),
            Part("speaker encoder", weights, n => TensorNames.IsIn(n, TensorNames.SpeakerEncoder), config.SpeakerEncoderConfig is { } s
                ? $"ECAPA, {s.EncChannels[0]} channels, output {s.EncDim}; {s.SampleRate} Hz" : "none"),
            Part("codec encoder", codec, n => TensorNames.IsIn(n, TensorNames.CodecEncoder),
                $"{codecConfig.EncoderConfig.NumHiddenLayers} layers of {codecConfig.EncoderConfig.HiddenSize}; " +
                $"{codecConfig.InputSampleRate} Hz"),
            Part("codec decoder", codec, n => TensorNames.IsIn(n, TensorNames.CodecDecoder),
                $"{codecConfig.DecoderConfig.NumHiddenLayers} layers of {codecConfig.DecoderConfig.HiddenSize}, decoder " +
                $"{codecConfig.DecoderConfig.DecoderDim}; {(double)codecConfig.OutputSampleRate / codecConfig.DecodeUpsampleRate:0.##} " +
                $"frames/s"),
        ];
        var (tokenizer, problems) = Load(model);
        return new(folder, config.TtsModelType, config.TtsModelSize, [.. parts.Where(p => p.Tensors > 0)], ids.Languages,
            [.. ids.Speakers.Select(p => new SpeakerReport(p.Key, p.Value.Row, Norm(rows, p.Value.Row, talker.HiddenSize),
                p.Value.Dialect))],
            config.CanClone ? "interleaved by default (a cloned voice), text first on request"
                : "text first by default, interleaved on request",
            Tts.SamplingOf(model.Generation), tokenizer, problems,
            TransformersLayout.Describe(weights.Layout?.Layout ?? CheckpointLayout.Official));
    }

    /// <summary>Loads each network on its own, so that a problem in one does not hide a problem in another.</summary>
    static (string Tokenizer, List<string> Problems) Load(ModelFolder model)
    {
        var problems = new List<string>();
        var tokenizer = "unreadable";
        void Try(Action load)
        {
            try
            {
                load();
            }
            catch (Exception e) when (CommandRun.IsUsersMistake(e))
            {
                problems.Add(e.Message);
            }
        }
        Try(() =>
        {
            var loaded = TextTokenizer.Load(model.Path);
            tokenizer = $"{loaded.Count} tokens, cut into pieces by the {loaded.PreTokenizer} expression";
        });
        Try(() => ModelNetworks.Load(model, Workers.Shared));
        Try(() => SpeechCodec.Load(model.CodecPath, Workers.Shared));
        return (tokenizer, problems);
    }

    // A byte of a quantised matrix may hold two weights, and a scale is none.
    static long Parameters(TensorEntry entry) => entry.Name.EndsWith(TensorNames.ScaleSuffix, StringComparison.Ordinal) ? 0
        : entry.Type == ElementType.U8 ? 2 * entry.Elements : entry.Elements;

    static bool IsPredictor(string name) => TensorNames.IsIn(name, TensorNames.CodePredictor);

    static string Shape(DecoderConfig c) =>
        $"hidden {c.HiddenSize}, {c.NumHiddenLayers} layers, {c.NumAttentionHeads} heads of {c.HeadDim} ({c.NumKeyValueHeads} " +
        $"key/value), intermediate {c.IntermediateSize}";

    static PartReport Part(string name, Weights weights, Func<string, bool> mine, string shape)
    {
        var entries = weights.Entries.Where(e => mine(e.Name)).ToList();
        var types = entries.GroupBy(e => e.Type).OrderByDescending(g => g.Sum(e => e.Bytes)).Select(g => g.Key.ToString()).ToList();
        return new(name, shape, entries.Count, entries.Sum(Parameters), entries.Sum(e => e.Bytes), types);
    }

    static double Norm(float[] rows, int row, int width) =>
        rows.Length < (row + 1L) * width ? double.NaN : Math.Sqrt(rows.AsSpan(row * width, width).ToArray().Sum(v => (double)v * v));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ModelReport))]
sealed partial class ReportJson : JsonSerializerContext;
