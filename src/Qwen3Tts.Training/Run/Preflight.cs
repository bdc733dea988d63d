// The preflight checks before the first step whether a run can work. The untouched model is measured on the data exactly as training will
// use it, and with the wrong alignments of faulty scripts. A model that fits a wrong alignment better, or fits none, cannot become a voice.
// The limits come from runs with released models, whose codebooks have 2048 codes; they are scaled with ln(codes), the loss of guessing.
using System.Globalization;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Step;

namespace Qwen3Tts.Training.Run;

static class Preflight
{
    const int MostClips = 8, MostTexts = 16;
    const double DoubtfulTalker = 4.5; // above all losses of clean recordings in a language of the model
    const double ReleasedGuessing = 7.6246; // ln 2048: of the models that the limits below come from

    const string CheckCodes =
        "Are the codes of this model's codec, the texts those of the clips, and the language one that the model speaks? Prepare the " +
        "data again with this model.";
    const string CheckTexts =
        "The codes are those of this model's codec, so the texts are the likelier cause. Listen to a few clips beside their texts, " +
        "and correct those that are wrong. If they are right, the model has never heard such words, and needs many recordings. " +
        "Then start with --force, and for a language that the model lacks with --new-language, too.";

    /// <param name="talker">The model as it was loaded.</param>
    /// <param name="model">Its folder.</param>
    /// <param name="data">The data of the run.</param>
    /// <param name="ids">The model's ids.</param>
    /// <param name="voices">The voices, with the vectors in the sequences.</param>
    /// <param name="options">Completed options.</param>
    /// <exception cref="InvalidDataException">The run cannot work, and is not forced.</exception>
    public static PreflightReport Run(TalkerModule talker, ModelFolder model, TrainingData data, SpecialTokens ids,
        IReadOnlyList<TrainingVoice> voices, TrainingOptions options)
    {
        var config = model.Config.TalkerConfig;
        var guessing = Math.Log(config.CodePredictorConfig.VocabSize);
        var examples = data.Some(MostClips);
        var losses = Measure(talker, examples, ids);
        var byLosses = JudgeLosses(losses, guessing, options.Data).ToList();
        var texts = IsDoubtful(losses[0], guessing) && !byLosses.Exists(d => d.Refuses)
            ? TextFit.Measure(talker, data, MostTexts, ids.CodecEos) : null;
        var doubts = JudgeSettings(options, config, data.TrainingOf).Concat(JudgeRows(talker, data, voices, ids))
            .Concat(byLosses).Concat(JudgeTexts(texts, options)).ToList();
        var refusals = doubts.Where(d => d.Refuses).ToList();
        if (refusals.Count > 0 && !options.Force)
            throw new InvalidDataException(
                $"This run cannot work:\n{string.Join('\n', refusals.Select(d => $"- {d}"))}\nTo run it all the same, pass --force.");
        return new(examples.Count, guessing, losses, doubts, refusals.Count > 0);
    }

    static List<StartingLoss> Measure(TalkerModule talker, IReadOnlyList<TrainingExample> examples, SpecialTokens ids)
    {
        Loss.LossSums Under(FaultSet faults) =>
            Loss.Measure(talker, [.. examples.Select(e => Hypothesis.Combine(faults).Edit(e, ids))], ids.CodecEos, 1)!.Value;
        var correct = Under(FaultSet.None);
        var result = new List<StartingLoss> { new(Hypothesis.Correct.Name, correct.Talker, correct.Predictor) };
        if (examples[0].Heads.Any(h => h.Head + 1 != h.Codebook))
            return result; // this fault is planted already; heads cannot be shifted twice
        // one fault changes the talker, the other one the code predictor, so both are measured in one pass
        var labels = Under(FaultSet.LabelsShiftedTwice | FaultSet.SubLabelsShifted);
        result.Add(new(Hypothesis.Combine(FaultSet.LabelsShiftedTwice).Name, labels.Talker, null));
        result.Add(new(Hypothesis.Combine(FaultSet.SubLabelsShifted).Name, null, labels.Predictor));
        result.Add(new(Hypothesis.Combine(FaultSet.OwnHidden).Name, null, Under(FaultSet.OwnHidden).Predictor));
        return result;
    }

    /// <summary>Doubts that the losses give.</summary>
    public static IEnumerable<PreflightFinding> JudgeLosses(IReadOnlyList<StartingLoss> losses, double guessing, string data)
    {
        var (talker, predictor) = (losses[0].Talker!.Value, losses[0].Predictor!.Value);
        var scale = guessing / ReleasedGuessing;
        var total = TotalLoss.Compute(talker, predictor);
        var byShift = losses.FirstOrDefault(l => l.Under == Hypothesis.Combine(FaultSet.LabelsShiftedTwice).Name)?.Talker - talker;
        // Shifting the labels by a frame makes the loss much worse: codes and model belong together, and the loss comes from words that
        // the model does not know. These can be learned, unless it is far above guessing: then the model may be sure of wrong codes.
        var fitsNothing = total >= 8 * scale && !(byShift >= 2 * scale && talker < 1.25 * guessing);
        var codesFit = byShift >= scale && predictor < 7.6 * scale; // with codes of another codec, shifted labels fit no worse
        if (!double.IsFinite(total))
            yield return new(true, $"{data}: the loss of the untouched model is {N(total)}: its weights are damaged.",
                "Download the model again.");
        if (predictor >= 7.6 * scale)
            yield return new(true,
                $"{data}: the code predictor's loss on the untouched model is {N(predictor)}, and guessing costs {N(guessing)}.",
                CheckCodes);
        if (fitsNothing)
            yield return new(true,
                $"{data}: the first total loss is {N(total)} (talker {N(talker)}, code predictor {N(predictor)}); with this model's " +
                $"codebooks runs that worked began below {N(8 * scale)}, most near {N(3.5 * scale)}.",
                codesFit ? CheckTexts : CheckCodes);
        else if (talker > DoubtfulTalker * scale)
            yield return new(false,
                $"{data}: the talker's loss on the untouched model is {N(talker)}; clean recordings in a language of the model begin " +
                $"between {N(1 * scale)} and {N(3.5 * scale)}.",
                "Listen to a few clips beside their texts; words or a voice that the model does not know need more recordings.");
        if (!(predictor < 7.6 * scale) || fitsNothing)
            yield break; // a model that fits nothing cannot be compared with faults
        foreach (var wrong in losses.Skip(1))
            foreach (var (right, other, what) in new[] { (talker, wrong.Talker, "talker"), (predictor, wrong.Predictor, "code predictor") })
                if (other < right)
                    yield return new(true,
                        $"{data}: the {what} fits these clips better under '{wrong.Under}' ({N(other.Value)}) than as the model will " +
                        $"speak ({N(right)}): it was trained by a script with that fault.",
                        "Begin from the released model; 'qwen3tts doctor' shows what this one was trained with.");
    }

    /// <summary>True if the loss is so high that the texts are compared with those of other clips, too.</summary>
    static bool IsDoubtful(StartingLoss correct, double guessing) => correct.Talker > DoubtfulTalker * guessing / ReleasedGuessing;

    /// <summary>Whether the texts are those of the recordings. A language that the model is to learn looks like wrong texts, so it is only
    /// reported.</summary>
    public static IEnumerable<PreflightFinding> JudgeTexts(TextFit? texts, TrainingOptions options)
    {
        if (texts is null or { IsClear: true })
            yield break;
        yield return new(options.NewLanguage is null,
            $"{options.Data}: the texts fit these recordings no better than the texts of other clips do: they save {N(texts.Saved)} ± " +
            $"{N(2 * texts.Error)} nats a frame. Either the texts are those of other recordings, or the model does not know the language.",
            "Listen to a few clips beside their texts, and correct those that are wrong. For a language that the model does not know, " +
            "give --new-language, and many recordings.");
    }

    /// <summary>Compares the settings with those that are known to work.</summary>
    public static IEnumerable<PreflightFinding> JudgeSettings(TrainingOptions o, TalkerConfig config,
        IReadOnlyList<(string Voice, int Clips)> voices)
    {
        var released = TrainingOptions.IsReleased(config);
        var (unusual, broken) = (released, o.Lora) switch
        {
            (true, null) => (2e-5, 1e-4),
            (true, _) => (1e-4, 1e-3),
            (false, null) => (4e-4, 5e-4),
            _ => (2e-3, 1e-2)
        };
        var (known, what) = (Recipe.LearningRate(released, o.Lora is not null), o.Lora is null ? "Full fine-tuning" : "LoRA");
        var rate = o.LearningRate!.Value;
        if (rate >= broken)
            yield return new(true,
                $"{what} at --lr {G(rate)} destroys what the model knows; {G(broken)} and more ended in noise, or in a model " +
                $"that repeats its clips and loses words.", $"Use --lr {G(known)}.");
        else if (rate > unusual)
            yield return new(false,
                $"--lr {G(rate)} is above all that is known to work for {(o.Lora is null ? "full fine-tuning" : "LoRA")} of a model of " +
                $"this size.", $"Use --lr {G(known)}.");
        else if (rate < known / 10)
            yield return new(false,
                $"--lr {G(rate)} hardly moves the model; low rates on record were found with scripts whose labels were wrong.",
                $"Use --lr {G(known)}.");
        if (o.Batch < 4)
            yield return new(false, $"A step has {o.Batch} clips; runs that worked had 4 to 8.",
                "Use --batch 8, and --micro-batch 1 where memory is short: it gives the same result.");
        foreach (var finding in JudgeEpochs(o, voices, released).Concat(JudgeMethod(o, config)))
            yield return finding;
    }

    /// <summary>Checks how often each voice's clips are used, and whether there are enough.</summary>
    static IEnumerable<PreflightFinding> JudgeEpochs(TrainingOptions o, IReadOnlyList<(string Voice, int Clips)> voices, bool released)
    {
        foreach (var (voice, clips) in voices)
        {
            var of = voices.Count == 1 ? "" : $" of '{voice}'";
            var epochs = (double)o.Steps!.Value * o.Batch / voices.Count / clips;
            if (epochs > 60)
                yield return new(false, $"{o.Steps} steps use each of {clips} clips{of} {N(epochs)} times, and the model learns them by " +
                    $"heart.",
                    $"Use --epochs {(released ? 3 : 20)}, or bring more recordings.");
            if (clips < 20)
                yield return new(false, $"There are {clips} clips{of} to train on; voices that were learned had 60 and more.",
                    "Bring more recordings.");
        }
    }

    /// <summary>Compares what is trained with what is known to work.</summary>
    static IEnumerable<PreflightFinding> JudgeMethod(TrainingOptions o, TalkerConfig config)
    {
        if (o.Lora is { } lora)
        {
            var narrowest = Math.Min(config.HiddenSize, config.HeadDim * config.NumKeyValueHeads);
            if (lora.Rank >= narrowest)
                yield return new(true,
                    $"LoRA of rank {lora.Rank} has more numbers than the matrices it adapts, the narrowest of which is {narrowest} wide.",
                    $"Use --lora {Math.Clamp(narrowest / 4, 1, 16)}, or train without --lora.");
            if (lora.Alpha > 2 * lora.Rank)
                yield return new(false,
                    $"The product of a pair is multiplied by {N(lora.Alpha / lora.Rank)} (alpha {N(lora.Alpha)}, rank {lora.Rank}); runs " +
                    $"with more than 2 broke the voice, or had to be scaled down when speaking.", $"Use --lora-alpha {2 * lora.Rank}.");
            yield break;
        }
        if (!o.Frozen.Contains("text_embedding"))
            yield return new(false,
                "The text embedding is trained. It is a third of the small model, which forgets the words that these clips lack. " +
                "The official voices were made without training it.", "Use --freeze text_embedding.");
        if (o.Frozen.Any(f => f is "talker" or "model" or "layers" or "talker.model" or "talker.model.layers"))
            yield return new(false, "The talker's layers are frozen; runs that froze them did not learn the voice.",
                "Freeze text_embedding and code_predictor at the most.");
    }

    /// <summary>
    /// Checks the rows of the codec embedding that the sequences use. A row that was never trained is near zero, which no other check
    /// finds.
    /// </summary>
    static IEnumerable<PreflightFinding> JudgeRows(TalkerModule talker, TrainingData data, IReadOnlyList<TrainingVoice> voices,
        SpecialTokens ids)
    {
        var width = talker.Config.HiddenSize;
        var rows = TalkerWeights.Named(talker).Single(p => p.Name == Movement.CodecEmbedding).Parameter.ToFloat32Array();
        double Norm(int row) => NormOf(rows.AsSpan(row * width, width));
        var usual = Enumerable.Range(0, talker.Config.CodePredictorConfig.VocabSize).Select(Norm)
            .Order().ElementAt(talker.Config.CodePredictorConfig.VocabSize / 2);
        var least = usual / 20;
        foreach (var voice in voices.Where(v => NormOf(v.Vector) < least))
            yield return new(true,
                $"The vector of '{voice.Name}' has norm {N(NormOf(voice.Vector))}, where a row of a code has {N(usual)}: the model would " +
                $"get no voice.", "Choose a recording with speech by --reference.");
        foreach (var (name, speaker) in ids.Speakers)
            if (Norm(speaker.Row) < least)
                yield return new(true,
                    $"The row {speaker.Row} of the model's speaker '{name}' has norm {N(Norm(speaker.Row))}, where a row of a code has " +
                    $"{N(usual)}: it was never trained, or the name points to a wrong row.",
                    "Correct 'spk_id' in config.json, or begin from the released model.");
        foreach (var language in data.Languages)
            if (Norm(ids.Languages[language]) < least)
                yield return new(true,
                    $"The row {ids.Languages[language]} of the language '{language}' has norm {N(Norm(ids.Languages[language]))}, where " +
                    $"a row of a code has {N(usual)}: it was never trained.", "Use --language auto, or a language that the model speaks.");
    }

    static double NormOf(ReadOnlySpan<float> vector)
    {
        double sum = 0;
        foreach (var v in vector)
            sum += (double)v * v;
        return Math.Sqrt(sum);
    }

    static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
    static string G(double value) => value.ToString("0.##e-0", CultureInfo.InvariantCulture);
}
