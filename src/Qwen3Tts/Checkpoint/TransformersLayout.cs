// The names of tensors in the layout of Hugging Face transformers' own integration of Qwen3-TTS. This file and TransformersConfig.cs are
// the only places that know this layout: weights and configurations get the official names when they are opened.
//
// The facts come from the stored files of huggingface/transformers, pull request 44517 (issue 43671), as of 2026-09: the conversion scripts
// of models/qwen3_tts and of models/qwen3_tts_tokenizer_multi_codebook. The pull request is not merged, and an earlier state of it kept the
// official names, so the layout may change. No checkpoint that it wrote was available here; the tests convert checkpoints of this
// repository. Its codec also has tensors 'initialized' in the decoder, which are not numbers of the model; they are dropped.
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

/// <summary>How the tensors and the keys of config.json are named.</summary>
enum CheckpointLayout
{
    /// <summary>As in the released models.</summary>
    Official,
    /// <summary>As in Hugging Face transformers' own integration.</summary>
    Transformers,
}

/// <summary>A layout, and what it was recognised by, in words for messages.</summary>
readonly record struct FoundLayout(CheckpointLayout Layout, string Sign);

static class TransformersLayout
{
    /// <summary>The folder of the codec in a model folder.</summary>
    public const string Codec = "speech_tokenizer";

    const string Quantizer = TensorNames.CodecDecoder + "quantizer.", Initialized = ".codebook.initialized";

    /// <summary>The modules that stand at the top, where the official layout has "talker." before them.</summary>
    static readonly string[] Parts = ["model.", "text_projection.", "codec_head.", "code_predictor."];

    /// <summary>The modules of the talker that have another name. The code predictor keeps its codec_embedding.</summary>
    static readonly (string Official, string Transformers)[] Modules =
    [
        ("text_projection.linear_fc1.", "text_projection.linear_1."), ("text_projection.linear_fc2.", "text_projection.linear_2."),
        ("model.codec_embedding.", "model.embed_tokens."),
    ];

    /// <summary>The parts of names in the quantizer of the codec's decoder. The encoder's names are the same in both layouts.</summary>
    static readonly (string Official, string Transformers)[] Codebooks =
    [
        ("rvq_first.", "semantic_residual_vector_quantizer."), ("rvq_rest.", "acoustic_residual_vector_quantizer."),
        ("._codebook.", ".codebook."), (".embedding_sum", ".embed_sum"),
    ];
    const string OfficialLayers = ".vq.layers.", Layers = ".layers.";

    /// <summary>The layout in words.</summary>
    public static string Describe(CheckpointLayout layout) =>
        layout == CheckpointLayout.Official ? "the official layout" : "the layout of Hugging Face transformers";

    /// <summary>The name in a layout of a tensor that has this official name.</summary>
    public static string Name(string official, CheckpointLayout layout)
    {
        if (layout == CheckpointLayout.Official)
            return official;
        if (official.StartsWith(Quantizer, StringComparison.Ordinal))
            return Quantizer + Codebooks.Aggregate(official[Quantizer.Length..].Replace(OfficialLayers, Layers, StringComparison.Ordinal),
                (name, c) => name.Replace(c.Official, c.Transformers, StringComparison.Ordinal));
        if (!TensorNames.IsIn(official, TensorNames.Talker))
            return official;
        var bare = official[TensorNames.Talker.Length..];
        var module = Modules.FirstOrDefault(m => bare.StartsWith(m.Official, StringComparison.Ordinal));
        return module.Official is null ? bare : module.Transformers + bare[module.Official.Length..];
    }

    /// <summary>The official name of a tensor in the layout of transformers; null for one that the official layout does not have.</summary>
    public static string? OfficialName(string name)
    {
        if (name.StartsWith(Quantizer, StringComparison.Ordinal))
            return name.EndsWith(Initialized, StringComparison.Ordinal) ? null
                : Quantizer + Codebooks.Aggregate(name[Quantizer.Length..].Replace(Layers, OfficialLayers, StringComparison.Ordinal),
                    (n, c) => n.Replace(c.Transformers, c.Official, StringComparison.Ordinal));
        if (!Parts.Any(part => name.StartsWith(part, StringComparison.Ordinal)))
            return name;
        var module = Modules.FirstOrDefault(m => name.StartsWith(m.Transformers, StringComparison.Ordinal));
        return TensorNames.Talker + (module.Official is null ? name : module.Official + name[module.Transformers.Length..]);
    }

    /// <summary>The layout of tensors by their names; null if all names are the same in both.</summary>
    /// <param name="names">The names in the files.</param>
    /// <param name="place">The folder, for the message.</param>
    /// <exception cref="InvalidDataException">Some names are of the one layout and some of the other. The message has both.</exception>
    public static FoundLayout? Recognise(IEnumerable<string> names, string place)
    {
        var signs = names.Order(StringComparer.Ordinal).Select(n => (Name: n, Marks: Marks(n))).ToList();
        var official = signs.Where(s => s.Marks.Official).Select(s => s.Name).ToList();
        var other = signs.Where(s => s.Marks.Transformers).Select(s => s.Name).ToList();
        if (official.Count > 0 && other.Count > 0)
            throw new InvalidDataException(
                $"{place} mixes two layouts: {Some(official)} named as in {Describe(CheckpointLayout.Official)}, and {Some(other)} named " +
                $"as in {Describe(CheckpointLayout.Transformers)}. Take all files from one model.");
        return official.Count > 0 ? new(CheckpointLayout.Official, $"'{Printable.Text(official[0])}'")
            : other.Count > 0 ? new(CheckpointLayout.Transformers, $"'{Printable.Text(other[0])}'") : null;
    }

    /// <summary>Refuses a config.json of one layout beside tensors of the other.</summary>
    public static void CheckSame(FoundLayout? config, FoundLayout? tensors, string place)
    {
        if (config is { } c && tensors is { } t && c.Layout != t.Layout)
            throw new InvalidDataException(
                $"{place} mixes two layouts: config.json is in {Describe(c.Layout)}, by {c.Sign}, and the tensors are in " +
                $"{Describe(t.Layout)}, such as {t.Sign}. Take config.json and weights from one model.");
    }

    /// <summary>
    /// The folder of a model's codec: in the model, or, where transformers keeps it in a repository of its own, beside the model.
    /// </summary>
    public static string CodecFolder(string model, FoundLayout? layout)
    {
        var inside = Path.Combine(model, Codec);
        if (layout?.Layout != CheckpointLayout.Transformers || Directory.Exists(inside)
            || Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model))) is not { } parent)
            return inside;
        return TransformersConfig.CodecNames(model).Select(name => Path.Combine(parent, name))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "config.json"))) ?? inside;
    }

    /// <summary>What a name says about its layout. A name that was changed only in part says both.</summary>
    static (bool Official, bool Transformers) Marks(string name)
    {
        if (name.StartsWith(Quantizer, StringComparison.Ordinal))
        {
            var rest = name[Quantizer.Length..];
            return (rest.Contains(OfficialLayers, StringComparison.Ordinal)
                || Codebooks.Any(c => rest.Contains(c.Official, StringComparison.Ordinal)),
                Codebooks.Any(c => rest.Contains(c.Transformers, StringComparison.Ordinal)));
        }
        var prefixed = TensorNames.IsIn(name, TensorNames.Talker);
        var bare = prefixed ? name[TensorNames.Talker.Length..] : name;
        return (prefixed || Modules.Any(m => bare.StartsWith(m.Official, StringComparison.Ordinal)),
            !prefixed && Parts.Any(part => bare.StartsWith(part, StringComparison.Ordinal))
                || Modules.Any(m => bare.StartsWith(m.Transformers, StringComparison.Ordinal)));
    }

    static string Some(List<string> names) => string.Join(", ", names.Take(3).Select(n => $"'{Short(n)}'"))
        + (names.Count > 3 ? $" and {names.Count - 3} more are" : names.Count == 1 ? " is" : " are");

    static string Short(string name) => Printable.Text(name.Length > 200 ? name[..200] + "…" : name);
}
