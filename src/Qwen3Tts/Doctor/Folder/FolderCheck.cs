// Checks a model folder without running the model: everything that makes it fail, now or in later use. What the strict readers refuse is
// reported with the readers' messages. The other checks are about folders that load but are wrong, for example a speaker whose row was
// never trained.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Doctor.Report;
using Qwen3Tts.Files;
using Qwen3Tts.Loading;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;

namespace Qwen3Tts.Doctor.Folder;

static class FolderCheck
{
    const string Embedding = TensorNames.CodecEmbedding;

    /// <summary>All findings about the folder; with <paramref name="original"/>, also what the folder has lost of its base.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder: that is a mistake in the request, and no finding.</exception>
    public static List<Finding> FindProblems(string folder, ModelFolder? original)
    {
        ModelFolder.CheckIsThere(folder);
        var findings = new List<Finding>();
        if (Refusal(() => ModelFolder.Open(folder)) is { } refused)
            return [Unreadable(refused)];
        var model = ModelFolder.Open(folder);
        findings.AddRange(new[] { Refusal(() => ModelNetworks.CheckTalker(model)),
            Refusal(() => CheckEncoder(model)), Refusal(() => SpeechCodec.Load(model.CodecPath)), Refusal(() => TextTokenizer.Load(folder)),
            Refusal(() => model.Config.SpecialTokens(0)) }.OfType<string>().Distinct().Select(Unreadable));
        if (findings.Count > 0)
            return findings;
        findings.AddRange(Type(model));
        findings.AddRange(Speakers(model));
        findings.AddRange(Dialects(model.Config.TalkerConfig));
        findings.AddRange(Files(model));
        findings.AddRange(Generation(model.Generation));
        if (original is not null)
            findings.AddRange(CompareWithBase(model, original));
        return findings;
    }

    static Finding Unreadable(string message) =>
        new("unreadable", Severity.Fault, message, "Nothing else can be examined until the folder loads.");

    static string? Refusal(Action load)
    {
        try
        {
            load();
            return null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return e.Message;
        }
    }

    // A model of type 'base' without an encoder is a finding of its own. If there is an encoder, it must be complete.
    static void CheckEncoder(ModelFolder model)
    {
        using var weights = model.OpenWeights();
        if (model.Config.CanClone && weights.Entries.Any(e => IsSpeakerEncoder(e.Name)))
            ModelNetworks.CheckEncoder(model);
    }

    static bool IsSpeakerEncoder(string name) => TensorNames.IsIn(name, TensorNames.SpeakerEncoder);

    static IEnumerable<Finding> Type(ModelFolder model)
    {
        using var weights = model.OpenWeights();
        var (config, talker) = (model.Config, model.Config.TalkerConfig);
        var encoder = weights.Entries.Any(e => IsSpeakerEncoder(e.Name));
        if (config.TtsModelType == "base" && !encoder)
            yield return new("wrong_model_type", Severity.Fault,
                "config.json says 'base', but there is no speaker encoder: this folder cannot clone, and it speaks only with a speaker.",
                "Write \"tts_model_type\": \"custom_voice\", as an export with a named speaker has it, or copy the speaker encoder's " +
                "tensors from the base.");
        if (config.TtsModelType == "custom_voice" && talker.SpkId.Count == 0)
            yield return new("wrong_model_type", Severity.Fault,
                "config.json says 'custom_voice', but spk_id is empty: there is no speaker to speak with.",
                "Add the speaker and its row to spk_id, or write \"tts_model_type\": \"base\" if the speaker encoder is there.");
        if (config.TtsModelType == "base" && talker.SpkId.Count > 0)
            yield return new("wrong_model_type", Severity.Warning,
                $"config.json says 'base' and names the speakers {string.Join(", ", talker.SpkId.Keys.Select(Printable.Text))}: the " +
                $"official package refuses named speakers of a base model.",
                "Write \"tts_model_type\": \"custom_voice\" to speak with them.");
        if (config.TtsModelType != "base" && !encoder)
            yield return new("no_speaker_encoder", Severity.Note,
                "There is no speaker encoder: this model cannot clone, and training cannot resume from it with the official script.",
                "Keep the base: it clones, and the official script resumes from it.");
        var bridged = talker.HiddenSize != talker.CodePredictorConfig.HiddenSize;
        if (config.TtsModelSize is "0b6" or "1b7" && bridged != (config.TtsModelSize == "1b7"))
            yield return new("wrong_model_size", Severity.Warning,
                $"config.json says size '{config.TtsModelSize}', and the widths of talker ({talker.HiddenSize}) and code predictor " +
                $"({talker.CodePredictorConfig.HiddenSize}) are those of the other one: instructions are " +
                $"{(config.IgnoresInstruct ? "dropped" : "passed on")} wrongly.",
                "Take config.json of the model that the weights come from.");
        if (talker.RopeTheta != talker.CodePredictorConfig.RopeTheta)
            yield return new("rope_theta_differs", Severity.Warning, FormattableString.Invariant(
                $"rope_theta is {talker.RopeTheta} for the talker and {talker.CodePredictorConfig.RopeTheta} for the code predictor; in ")
                + "released models both are the same. A conversion of the model may have lost the second one.",
                "Take config.json of the model that the weights come from.");
        foreach (var finding in StoredTypes(weights).Concat(NotFinite(weights)))
            yield return finding;
    }

    static IEnumerable<Finding> StoredTypes(Weights weights)
    {
        var types = weights.Entries.Where(e => TensorNames.IsIn(e.Name, TensorNames.Talker)).Select(e => e.Type).Distinct()
            .Order().ToList();
        if (types.Count > 1)
            yield return new("mixed_types", Severity.Warning, $"The talker's tensors are stored as {string.Join(" and ", types)}.",
                "Export again in one type; the released models are BF16.");
        else if (types is [ElementType.F16])
            yield return new("half_precision", Severity.Warning,
                "The talker is stored as F16, whose range is too small for it: other runtimes get NaN from the code predictor.",
                "Export as BF16.");
    }

    static IEnumerable<Finding> NotFinite(Weights weights)
    {
        foreach (var entry in weights.Entries
            .Where(e => e.Type is ElementType.BF16 or ElementType.F16 or ElementType.F32 or ElementType.F64))
            if (weights.FileOf(entry.Name).Float32(entry.Name).Count(v => !float.IsFinite(v)) is > 0 and var bad)
                yield return new("not_finite", Severity.Fault, $"{entry.Name}: {bad} of {entry.Elements} values are NaN or infinite.",
                    "The training diverged: take an earlier checkpoint, lower the learning rate, clip gradients.");
    }

    static IEnumerable<Finding> Speakers(ModelFolder model)
    {
        var talker = model.Config.TalkerConfig;
        if (talker.SpkId.Count == 0)
            yield break;
        using var weights = model.OpenWeights();
        var rows = weights.FileOf(Embedding).Float32(Embedding);
        double Norm(int row) => Math.Sqrt(rows.AsSpan(row * talker.HiddenSize, talker.HiddenSize).ToArray().Sum(v => (double)v * v));
        var codes = Enumerable.Range(0, talker.CodePredictorConfig.VocabSize).Select(Norm).Order().ToList();
        var usual = codes[codes.Count / 2];
        foreach (var (name, row) in talker.SpkId)
        {
            if (name.Any(char.IsUpper))
                yield return new("upper_case_speaker", Severity.Fault,
                    $"The speaker is stored as '{Printable.Text(name)}'. The official generate() looks names up in lower case, so every " +
                    $"request for it fails. (This program finds it.)",
                    $"Write '{Printable.Text(name.ToLowerInvariant())}' in spk_id and spk_is_dialect of config.json.");
            if (Norm(row) is var norm && norm < usual / 10)
                yield return new("untrained_speaker_row", Severity.Fault,
                    $"'{Printable.Text(name)}' is row {row} of codec_embedding, whose norm {norm:g3} is that of an untrained row " +
                    $"(the codes' rows: {usual:g3}).", "Export again with the speaker's vector in the row that spk_id names.");
            if (row < talker.CodePredictorConfig.VocabSize)
                yield return new("speaker_row_is_a_code", Severity.Fault,
                    $"'{Printable.Text(name)}' is row {row} of codec_embedding, which is a code of the codec.",
                    $"Use a free row from {talker.CodePredictorConfig.VocabSize} on.");
        }
        foreach (var same in talker.SpkId.GroupBy(s => s.Value).Where(g => g.Count() > 1))
            yield return new("shared_speaker_row", Severity.Warning,
                $"{string.Join(" and ", same.Select(s => $"'{s.Key}'"))} are the same row {same.Key}.",
                "Give each speaker a row of its own, unless it is one voice under two names.");
    }

    static IEnumerable<Finding> Dialects(TalkerConfig talker)
    {
        if (talker.SpkId.Keys.Where(k => !talker.SpkIsDialect.ContainsKey(k)).ToList() is { Count: > 0 } missing)
            yield return new("dialect_missing", Severity.Fault,
                $"spk_is_dialect has no entry for {string.Join(", ", missing.Select(Printable.Text))}: the official generate() stops " +
                $"with a KeyError.", "Add the names to spk_is_dialect of config.json, with false, or with the dialect.");
        foreach (var speaker in talker.SpkIsDialect.Keys)
            if (talker.DialectOf(speaker) is { } dialect)
                yield return new("dialect_speaker", Severity.Note,
                    $"'{speaker}' speaks {dialect}: with Auto or Chinese the prefix names that dialect.",
                    "Train such a speaker with that prefix.");
    }

    static IEnumerable<Finding> Files(ModelFolder model)
    {
        if (File.Exists(Path.Combine(model.Path, "model.safetensors"))
            && File.Exists(Path.Combine(model.Path, "model.safetensors.index.json")))
            yield return new("stale_index", Severity.Warning,
                "model.safetensors.index.json lies beside a single model.safetensors: a loader that believes the index reads other " +
                "weights, or fails.", "Delete model.safetensors.index.json.");
        if (!File.Exists(Path.Combine(model.Path, "generation_config.json")))
            yield return new("no_generation_config", Severity.Warning,
                "There is no generation_config.json: every runtime samples with defaults of its own.", "Copy it from the base.");
    }

    static IEnumerable<Finding> Generation(GenerationConfig g)
    {
        if (g.DoSample == false || g.SubtalkerDosample == false)
            yield return new("greedy_by_default", Severity.Warning,
                "generation_config.json turns sampling off: greedy speech often never ends, and a greedy code predictor can fall silent.",
                "Set do_sample and subtalker_dosample to true.");
        if (g.RepetitionPenalty == 1)
            yield return new("no_repetition_penalty", Severity.Note,
                "generation_config.json has repetition_penalty 1.0; released models have 1.05, which helps speech to end.",
                "Set it to 1.05.");
    }

    static IEnumerable<Finding> CompareWithBase(ModelFolder model, ModelFolder original)
    {
        var (now, before) = (model.Config.TalkerConfig, original.Config.TalkerConfig);
        var names = now.SpkId.Keys.Select(k => k.ToLowerInvariant()).ToHashSet();
        if (before.SpkId.Keys.Where(k => !names.Contains(k.ToLowerInvariant())).ToList() is { Count: > 0 } lost)
            yield return new("lost_voices", Severity.Warning,
                $"The base's voices {string.Join(", ", lost)} are no longer in spk_id; their rows are still in the weights.",
                "Put them back into spk_id and spk_is_dialect of config.json.");
        if (before.CodecLanguageId.Where(l => !now.CodecLanguageId.TryGetValue(l.Key, out var id) || id != l.Value).Select(l => l.Key)
            .ToList() is { Count: > 0 } moved)
            yield return new("languages_moved", Severity.Fault,
                $"The ids of the languages {string.Join(", ", moved)} differ from the base's: they name rows that mean something else.",
                "Take codec_language_id from the base's config.json, unless the new rows were trained.");
        if (new[] { "vocab.json", "merges.txt" }.Where(f => Differ(Path.Combine(model.Path, f), Path.Combine(original.Path, f)))
            .ToList() is { Count: > 0 } files)
            yield return new("tokenizer_changed", Severity.Fault,
                $"{string.Join(" and ", files)} differ from the base's: text gets other ids than in training.",
                "Copy the tokenizer's files from the base.");
    }

    static bool Differ(string a, string b) =>
        File.Exists(a) && File.Exists(b) && !WholeFile.Read(a).AsSpan().SequenceEqual(WholeFile.Read(b));
}
