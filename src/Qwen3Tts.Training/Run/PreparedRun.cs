// Everything that the result of a run depends on, read and checked before the run's folder is changed.
using System.Security.Cryptography;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Files;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Options;
using TorchSharp;

namespace Qwen3Tts.Training.Run;

/// <param name="Options">The options with every default filled in, and with what was chosen for the memory.</param>
/// <param name="Model">The folder of the model that is fine-tuned.</param>
/// <param name="Clips">All clips of the data.</param>
/// <param name="Data">The clips as sequences.</param>
/// <param name="Voices">The voices, with the vectors in their sequences.</param>
/// <param name="Language">The new language; null if there is none.</param>
/// <param name="Ids">The model's ids, including that of the new language.</param>
/// <param name="Device">The device to train on.</param>
/// <param name="Plan">The memory plan.</param>
/// <param name="DroppedInstructions">Number of lines whose instruction is ignored, because models of this size take none.</param>
sealed record PreparedRun(
    TrainingOptions Options, ModelFolder Model, IReadOnlyList<Clip> Clips, TrainingData Data, IReadOnlyList<TrainingVoice> Voices,
    NewLanguage? Language, SpecialTokens Ids, torch.Device Device, RunPlan Plan, int DroppedInstructions)
{
    /// <exception cref="InvalidDataException">The data cannot be read, or is not what training needs.</exception>
    /// <exception cref="ArgumentException">An option is out of range, a name is taken, or nothing fits into memory.</exception>
    public static PreparedRun Load(TrainingOptions options, string run, Existing existing)
    {
        var model = ModelFolder.Open(options.Model);
        var talker = model.Config.TalkerConfig;
        var clips = CodesFile.Read(options.Data, talker.NumCodeGroups, talker.CodePredictorConfig.VocabSize);
        if (existing == Existing.Resume)
            options = options.AsBegun(RunFolder.Begun(run, options));
        options = options with
        {
            HeldOut = HeldOut.Select(clips, options.HeldOut).Count(held => held),
            DataSha256 = Convert.ToHexStringLower(SHA256.HashData(WholeFile.Read(options.Data))),
        };
        options = options.Completed(model.Config, clips.Count, clips.Any(c => c.Language is not null));
        var dropped = model.Config.IgnoresInstruct ? clips.Count(c => !string.IsNullOrEmpty(c.Instruct)) : 0;
        if (dropped > 0)
            clips = clips.ConvertAll(c => c with { Instruct = null });
        var voices = TrainingVoices.Load(model, options, clips);
        var language = options.NewLanguage is null ? null : NewLanguage.Choose(talker, options, voices.Count);
        var tokenizer = TextTokenizer.Load(model.Path);
        var ids = model.Config.SpecialTokens(tokenizer.AssistantHead[^1]);
        ids = language is null ? ids : language.AddTo(ids);
        var data = new TrainingData(clips, tokenizer, ids, voices, options, talker.MaxPositionEmbeddings);
        language?.CheckIsUsed(data);
        var device = Devices.Choose(options.Device);
        var plan = RunPlan.Make(options, talker, data.Longest, device);
        return new(plan.Options, model, clips, data, voices, language, ids, device, plan, dropped);
    }

    /// <summary>All files that are read.</summary>
    public IEnumerable<string?> Inputs =>
    [
        Options.Data, Options.Reference, Options.Grammar, Options.OwnModels?.Speaker, Options.OwnModels?.Mos,
        .. Options.Dictionaries ?? [], .. OutputFile.Whole(Model.Path),
        .. Clips.SelectMany(c => new[] { c.Audio, c.Reference }),
    ];
}
