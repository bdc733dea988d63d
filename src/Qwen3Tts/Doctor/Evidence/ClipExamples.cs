// Turns clips into training examples, with the same code that writes them for training: with the checkpoint's tokenizer and ids, and with
// the voice that the checkpoint speaks with. If a clip has no codes, the checkpoint's codec makes them.
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Data;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Speaker;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;

namespace Qwen3Tts.Doctor.Evidence;

/// <summary>How clips were written for a measurement.</summary>
/// <param name="Layout">The layout of all clips.</param>
/// <param name="Instructed">Number of clips with an instruction.</param>
/// <param name="InContext">Number of clips with the reference recording in their prompt.</param>
/// <param name="Source">Where these conditions come from, in words.</param>
sealed record WrittenAs(Layout Layout, int Instructed, int InContext, string Source);

/// <summary>The clips that the losses are measured on.</summary>
/// <param name="Examples">One example for each clip, as a correct trainer writes it.</param>
/// <param name="Texts">The text of each clip.</param>
/// <param name="Frames">Number of frames of all examples together.</param>
/// <param name="Voice">Where the voice comes from, in words.</param>
/// <param name="Written">How the examples are written.</param>
/// <param name="Data">The frames of all clips of the data whose codes are known, including clips that are not measured.</param>
/// <param name="Doubts">What may be wrong with the clips; each sentence has a place and a remedy.</param>
sealed record ClipExamples(
    IReadOnlyList<TrainingExample> Examples, IReadOnlyList<string> Texts, int Frames, string Voice, WrittenAs Written,
    IReadOnlyList<int[]> Data, IReadOnlyList<string> Doubts)
{
    /// <exception cref="InvalidDataException">The data cannot be read, or does not belong to this model.</exception>
    /// <exception cref="ArgumentException">It is unclear whose voice to measure, or the model has no such language or speaker.</exception>
    public static ClipExamples Load(DoctorOptions options, ModelFolder model, ModelFolder? original)
    {
        var problems = new ListProblems();
        var all = ClipList.Read(options.Data!, problems);
        problems.ThrowIfAny();
        var clips = Spread(all, options.Clips);
        var tokenizer = TextTokenizer.Load(model.Path);
        var ids = model.Config.SpecialTokens(tokenizer.AssistantHead[^1]);
        var builder = new ExampleBuilder(tokenizer, ids, model.Config.TalkerConfig.MaxPositionEmbeddings);
        var codec = new Lazy<SpeechCodec>(() => SpeechCodec.Load(model.CodecPath));
        var (trained, doubts) = (TrainedConditions.Read(model), new List<string>());
        var (voice, from) = ChooseVoice(options, model, original, ids, clips);
        var reference = trained.FindReference(ChooseSpeaker(options, ids, original), all, doubts);
        if (reference is not null)
            reference = WithCodes(reference, codec, model, doubts);
        List<Clip> shown = clips.ConvertAll(clip => trained.WithInstruct(Checked(clip), model.Config) with
        {
            Language = LanguageOf(clip, options, trained, ids),
        });
        shown = shown.ConvertAll(clip => WithCodes(clip, codec, model, doubts));
        foreach (var clip in shown)
            if (RecordingChecks.PaceDoubt(clip.Codes!.Count, tokenizer.Encode(clip.Text).Length) is { } doubt)
                doubts.Add($"{clip.Place}: {doubt}");
        var examples = shown.ConvertAll(clip => builder.Build(clip, new()
        {
            Language = clip.Language,
            Voice = voice(clip),
            Reference = reference,
            Layout = trained.Layout,
        }));
        var written = new WrittenAs(trained.Layout, shown.Count(c => !string.IsNullOrWhiteSpace(c.Instruct)),
            reference is null ? 0 : shown.Count(c => c.Text != reference.Text), trained.Source);
        return new(
            examples, [.. clips.Select(c => c.Text)], examples.Sum(e => e.Frames.Count), from, written,
            [.. examples.SelectMany(e => e.Frames).Select(f => f.Frame), .. all.SelectMany(c => c.Codes ?? [])], doubts);
    }

    static Clip Checked(Clip clip) => ClipGate.Error(clip) is { } problem ? throw new InvalidDataException(problem) : clip;

    static string? LanguageOf(Clip clip, DoctorOptions options, TrainedConditions trained, SpecialTokens ids)
    {
        var language = trained.ChooseLanguage(clip.Language, options.Language, ids.Languages.Keys);
        return language is null || LanguageNames.Find(language, ids.Languages.Keys) is not null ? language
            : throw new InvalidDataException($"{clip.Place}: {LanguageNames.Unknown(language, ids.Languages.Keys)}");
    }

    static Clip WithCodes(Clip clip, Lazy<SpeechCodec> codec, ModelFolder model, List<string> doubts)
    {
        clip = clip with { Codes = clip.Codes ?? Encode(clip, codec.Value, doubts) };
        Check(clip, clip.Codes, model.Config.TalkerConfig);
        return clip;
    }

    static IReadOnlyList<int[]> Encode(Clip clip, SpeechCodec codec, List<string> doubts)
    {
        var (wave, levels) = ClipGate.Read(clip.Place, clip.Audio);
        doubts.AddRange(ClipGate.Doubts(clip, levels, trimmed: false));
        return codec.Encode(wave.ToRate(codec.SampleRate));
    }

    static List<Clip> Spread(List<Clip> clips, int most) =>
        clips.Count <= most ? clips : [.. Enumerable.Range(0, most).Select(i => clips[(int)((long)i * clips.Count / most)])];

    static void Check(Clip clip, IReadOnlyList<int[]> frames, TalkerConfig talker)
    {
        if (frames.Count == 0)
            throw new InvalidDataException($"{clip.Place}: it has no frame. Remove the line.");
        if (frames.FirstOrDefault(f => f.Length != talker.NumCodeGroups || f
            .Any(c => c < 0 || c >= talker.CodePredictorConfig.VocabSize)) is { } odd)
            throw new InvalidDataException(
                $"{clip.Place}: the frame [{string.Join(", ", odd)}] does not fit this model, whose frames are {talker.NumCodeGroups} " +
                $"codes below {talker.CodePredictorConfig.VocabSize}. Give data that was prepared with this model's codec.");
    }

    /// <summary>The voice of each clip, and where it comes from in words. If there is a speaker, the voice is the speaker's row, because
    /// the model speaks with it; otherwise it is the vector of the clip's reference recording.</summary>
    static (Func<Clip, float[]?>, string) ChooseVoice(DoctorOptions options, ModelFolder model, ModelFolder? original, SpecialTokens ids,
        List<Clip> clips)
    {
        if (ChooseSpeaker(options, ids, original) is { } speaker)
        {
            using var weights = model.OpenWeights();
            var (row, width) = (ids.Speaker(speaker).Row, model.Config.TalkerConfig.HiddenSize);
            var vector = weights.FileOf(Movement.CodecEmbedding).Float32(Movement.CodecEmbedding)[(row * width)..((row + 1) * width)];
            return (_ => vector, $"row {row}, the speaker '{speaker}'");
        }
        if (model.Config.TtsModelType == "voice_design")
            return (_ => null, "none");
        var source = model.Config.SpeakerEncoderConfig is not null && model.Config.CanClone ? model : original is { Config.CanClone: true }
            ? original
            : throw new ArgumentException(
                "The checkpoint has neither a speaker nor a speaker encoder, so there is no voice to measure with. "
                + options.Words.GiveBase);
        var encoder = SpeakerEncoder.Load(source, Workers.Shared);
        var known = new Dictionary<string, float[]>();
        return (clip =>
        {
            var path = clip.Reference ?? clips[0].Audio;
            return known.TryGetValue(path, out var vector) ? vector
                : known[path] = encoder.Embed(ClipGate.Read(clip.Place, path).Wave.ToRate(encoder.SampleRate));
        }, clips[0].Reference is null ? "the speaker encoder's vector of the first clip"
            : "the speaker encoder's vectors of the references");
    }

    /// <summary>The speaker that the user named; if none, the one that the base does not have; if there is none such, the only
    /// speaker.</summary>
    public static string? ChooseSpeaker(DoctorOptions options, SpecialTokens ids, ModelFolder? original)
    {
        if (options.Speaker is { } asked)
            return asked;
        var before = original?.Config.TalkerConfig.SpkId.Keys.Select(Files.SpeakerName.Key).ToHashSet() ?? [];
        var added = ids.Speakers.Keys.Where(k => !before.Contains(k)).ToList();
        var all = ids.Speakers.Keys.ToList();
        return added.Count == 1 ? added[0] : all.Count == 1 ? all[0] : all.Count == 0 ? null
            : throw new ArgumentException(
                $"The checkpoint has {all.Count} speakers: {string.Join(", ", all)}. {options.Words.NameSpeaker}");
    }
}
