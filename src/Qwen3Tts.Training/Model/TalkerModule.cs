// The talker: text and codes in one sequence of summed embeddings, a decoder, and a head over codebook 0 and the control ids. Its
// checkpoint also holds the code predictor. An absent side adds nothing to the sum, so no mask is needed after the text projection, whose
// biases would otherwise be added to rows without text.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Memory;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Qwen3Tts.Training.Model;

/// <summary><c>talker</c> of a checkpoint: everything that fine-tuning trains.</summary>
sealed class TalkerModule : Module
{
    internal readonly TalkerDecoder model;
    internal readonly TextProjection text_projection;
    internal readonly Linear codec_head;
    internal readonly CodePredictorModule code_predictor;

    public TalkerModule(TalkerConfig config, Placement on) : base(nameof(TalkerModule))
    {
        Config = config;
        On = on;
        model = new(config, on);
        text_projection = new(config.TextHiddenSize, config.HiddenSize, on);
        codec_head = new(config.HiddenSize, config.VocabSize, false, on);
        code_predictor = new(config, on);
        RegisterComponents();
    }

    public TalkerConfig Config { get; }
    public Placement On { get; }

    /// <summary>
    /// Whether the rows of the speakers that config.json names are trained, where sequences use them and codec_embedding is trained.
    /// </summary>
    public bool TrainsSpeakers { get; set; } = true;

    /// <summary>Clears the gradients of rows that are not trained. Call it when all gradients of a step are accumulated.</summary>
    public void ClearUntrainedGradients()
    {
        using var scope = NewDisposeScope();
        if (!TrainsSpeakers && Config.SpkId.Count > 0)
            model.codec_embedding.ClearGradient(tensor(Config.SpkId.Values.Select(row => (long)row).ToArray(), device: On.Device));
    }

    /// <summary>The input vectors: text side + codec side of every position, zero where the batch is padded.</summary>
    public Tensor Embed(TrainingBatch batch) // [B, T, hidden]
    {
        using var scope = NewDisposeScope();
        var rows = zeros(batch.Samples * batch.Length, Config.HiddenSize, dtype: On.Type, device: On.Device);
        var text = model.text_embedding.call(batch.TextIds);
        rows = rows.index_add(0, batch.TextRows, batch.ProjectsText ? text_projection.call(text) : text, Scalars.One);
        rows = rows.index_add(0, batch.TokenRows, model.codec_embedding.call(batch.TokenIds), Scalars.One);
        rows = rows.index_add(0, batch.FrameRows, EmbedFrames(batch.FrameCodes), Scalars.One);
        if (batch.Voices is { } voices)
            rows = rows.index_add(0, batch.VoiceRows, voices.to(On.Type), Scalars.One);
        return rows.view(batch.Samples, batch.Length, Config.HiddenSize).MoveToOuterDisposeScope();
    }

    /// <summary>The sum of a frame's sixteen embeddings.</summary>
    Tensor EmbedFrames(Tensor codes) // [frames, 16] -> [frames, hidden]
    {
        using var scope = NewDisposeScope();
        var sides = code_predictor.model.codec_embedding.Select((table, i) => table.call(codes.select(1, i + 1)));
        return stack([model.codec_embedding.call(codes.select(1, 0)), .. sides], 0).sum(dim: 0).MoveToOuterDisposeScope();
    }

    /// <summary>The code predictor's input: slot 0 is the talker's hidden state, slot i the embedding of code i − 1.</summary>
    public Tensor Slots(Tensor hidden, Tensor codes) // [frames, hidden], [frames, 16] -> [frames, 16, hidden]
    {
        using var scope = NewDisposeScope();
        var sides = code_predictor.model.codec_embedding.SkipLast(1).Select((table, i) => table.call(codes.select(1, i + 1)));
        return stack([hidden, model.codec_embedding.call(codes.select(1, 0)), .. sides], 1).MoveToOuterDisposeScope();
    }

    /// <summary>The code predictor's output.</summary>
    public Tensor PredictFrames(Tensor hidden, Tensor codes) // [frames, hidden], [frames, 16] -> [frames, 16, predictor's hidden]
    {
        using var scope = NewDisposeScope();
        return code_predictor.call(Slots(hidden, codes)).MoveToOuterDisposeScope();
    }
}

/// <summary><c>talker.model</c>.</summary>
sealed class TalkerDecoder : Decoder
{
    internal readonly Embedding text_embedding;
    internal readonly Embedding codec_embedding; // codes, control ids, languages, speakers

    public TalkerDecoder(TalkerConfig config, Placement on) : base(nameof(TalkerDecoder), config, on)
    {
        text_embedding = new(config.TextVocabSize, config.TextHiddenSize, on);
        codec_embedding = new(config.VocabSize, config.HiddenSize, on);
        RegisterComponents();
    }
}

sealed class TextProjection : Module<Tensor, Tensor>
{
    readonly Linear linear_fc1;
    readonly Linear linear_fc2;

    public TextProjection(int textHidden, int hidden, Placement on) : base(nameof(TextProjection))
    {
        linear_fc1 = new(textHidden, textHidden, true, on);
        linear_fc2 = new(textHidden, hidden, true, on);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) // [.., text_hidden] -> [.., hidden]
    {
        using var scope = NewDisposeScope();
        return linear_fc2.call(functional.silu(linear_fc1.call(x))).MoveToOuterDisposeScope();
    }
}
