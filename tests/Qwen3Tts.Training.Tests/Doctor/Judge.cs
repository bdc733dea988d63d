using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;

namespace Qwen3Tts.Tests;

/// <summary>Asks `doctor` what a checkpoint was trained with. The base is measured once for all checkpoints.</summary>
sealed class Judge(string original)
{
    readonly Dictionary<string, Measurement> _base = [];

    /// <param name="checkpoint">The model folder.</param>
    /// <param name="data">The codes.jsonl to measure on.</param>
    /// <param name="withBase">Whether the doctor gets the base.</param>
    public Diagnosis Read(string checkpoint, string data, bool withBase)
    {
        var (now, origin) = Measure(checkpoint, data);
        return Diagnostics.Diagnose(now, withBase ? origin : null);
    }

    /// <summary>The measurements of the doctor; each is computed when it is first read.</summary>
    public (Measurement Now, Origin Origin) Measure(string checkpoint, string data)
    {
        var (model, first) = (ModelFolder.Open(checkpoint), ModelFolder.Open(original));
        var clips = ClipExamples.Load(new() { Checkpoint = checkpoint, Base = original, Data = data }, model, first);
        var examples = clips.Examples;
        if (!_base.TryGetValue(data, out var before))
            _base[data] = before = Measure(first, model, examples);
        using var moved = model.OpenWeights();
        using var unmoved = first.OpenWeights();
        var movement = new Movement(moved, unmoved, model.Config.TalkerConfig);
        return (Measure(model, model, examples),
            new(before, [.. movement.ReadRows()], HeadMovement.Compare(moved, unmoved, model.Config.TalkerConfig),
                movement.MayBeTrainedOn(examples, clips.Data)));
    }

    static Measurement Measure(ModelFolder folder, ModelFolder tokens, IReadOnlyList<TrainingExample> examples)
    {
        using var weights = folder.OpenWeights();
        return new(new TalkerModel(weights, folder.Config.TalkerConfig, Workers.Shared),
            tokens.Config.SpecialTokens(TextTokenizer.Load(tokens.Path).AssistantHead[^1]), examples);
    }
}
