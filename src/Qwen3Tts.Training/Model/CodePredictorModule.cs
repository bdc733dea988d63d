// The code predictor: a short decoder over the sixteen slots of one frame. Slot i predicts code i through lm_head[i − 1]; slot 0, the
// talker's hidden state, predicts nothing. Its embedding tables and its input have the width of the talker. If its own width differs
// (1.7B), a projection is between them.
using Qwen3Tts.Checkpoint;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Model;

/// <summary><c>talker.code_predictor</c>.</summary>
sealed class CodePredictorModule : Module<Tensor, Tensor>
{
    internal readonly CodePredictorDecoder model;
    internal readonly ModuleList<Linear> lm_head;
    internal readonly Linear? small_to_mtp_projection; // null if the widths are equal: then the checkpoint has none

    public CodePredictorModule(TalkerConfig talker, Placement on) : base(nameof(CodePredictorModule))
    {
        var config = talker.CodePredictorConfig;
        model = new(talker, on);
        lm_head = [.. Enumerable.Range(1, config.NumCodeGroups - 1)
            .Select(_ => new Linear(config.HiddenSize, config.VocabSize, false, on))];
        if (config.HiddenSize != talker.HiddenSize)
            small_to_mtp_projection = new(talker.HiddenSize, config.HiddenSize, true, on);
        RegisterComponents();
    }

    public override Tensor forward(Tensor slots) // [frames, 16, talker's hidden] -> [frames, 16, hidden]
    {
        using var scope = NewDisposeScope();
        return model.call(ProjectSlots(slots)).MoveToOuterDisposeScope();
    }

    /// <summary>The slots, projected to the width of the layers.</summary>
    // [frames, 16, talker's hidden] -> [frames, 16, hidden]
    public Tensor ProjectSlots(Tensor slots) => small_to_mtp_projection?.call(slots) ?? slots;

    /// <summary>Logits of one head, read from its own slot.</summary>
    // [frames, 16, hidden] -> [frames, codes]
    public Tensor Head(int head, Tensor states) => lm_head[head].call(states.select(1, head + 1));
}

/// <summary><c>talker.code_predictor.model</c>.</summary>
sealed class CodePredictorDecoder : Decoder
{
    internal readonly ModuleList<Embedding> codec_embedding; // codes 1..15

    public CodePredictorDecoder(TalkerConfig talker, Placement on) : base(nameof(CodePredictorDecoder), talker.CodePredictorConfig, on)
    {
        var config = talker.CodePredictorConfig;
        codec_embedding = [.. Enumerable.Range(1, config.NumCodeGroups - 1)
            .Select(_ => new Embedding(config.VocabSize, talker.HiddenSize, on))];
        RegisterComponents();
    }
}
