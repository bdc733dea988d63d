// Several examples as tensors of indices. Rows are numbered through the batch (sample × length + position). Embeddings are added to rows,
// and the loss reads rows by the examples' own pairs, so nothing is masked and nothing is shifted. Samples are padded on the right.
using Qwen3Tts.Sequence;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Model;

/// <summary>Number of predictions in a sum of losses.</summary>
readonly record struct TargetCounts(long Talker, long Predictor)
{
    public static TargetCounts operator +(TargetCounts a, TargetCounts b) => new(a.Talker + b.Talker, a.Predictor + b.Predictor);
}

/// <summary>A batch on its device. All rows index [Samples × Length].</summary>
sealed class TrainingBatch : IDisposable
{
    readonly List<Tensor> _owned = [];

    /// <param name="examples">One or more examples, all made under one hypothesis.</param>
    /// <param name="endOfSpeech">The code of the end of speech, so that its part of the loss can be reported.</param>
    /// <param name="device">The device of the tensors.</param>
    public TrainingBatch(IReadOnlyList<TrainingExample> examples, int endOfSpeech, Device device)
    {
        using var scope = NewDisposeScope();
        Samples = examples.Count;
        Length = examples.Max(e => e.Positions.Count);
        Heads = examples[0].Heads;
        ProjectsText = examples[0].ProjectsText;
        Tensor Own(Tensor t)
        {
            _owned.Add(t.DetachFromDisposeScope());
            return t;
        }
        Tensor Indices(IEnumerable<int> values) =>
            Own(tensor(values.Select(v => (long)v).ToArray(), dtype: ScalarType.Int64, device: device));
        Tensor Frames(IReadOnlyList<int[]> frames) =>
            Own(Indices(frames.SelectMany(f => f)).view(frames.Count, examples[0].Frames[0].Frame.Length));

        var rows = examples.SelectMany((e, b) => e.Positions.Select((p, t) => (Row: b * Length + t, p.Text, p.Codec))).ToList();
        var texts = rows.Where(r => r.Text is not null).ToList();
        (TextRows, TextIds) = (Indices(texts.Select(r => r.Row)), Indices(texts.Select(r => r.Text!.Value)));
        var tokens = rows.Where(r => r.Codec is CodecStep.Token).ToList();
        (TokenRows, TokenIds) = (Indices(tokens.Select(r => r.Row)), Indices(tokens.Select(r => ((CodecStep.Token)r.Codec!).Id)));
        var frames = rows.Where(r => r.Codec is CodecStep.Frame).ToList();
        (FrameRows, FrameCodes) = (Indices(frames.Select(r => r.Row)), Frames([.. frames.Select(r => ((CodecStep.Frame)r.Codec!).Codes)]));
        var voices = rows.Where(r => r.Codec is CodecStep.Voice).ToList();
        VoiceRows = Indices(voices.Select(r => r.Row));
        if (voices.Count > 0)
            Voices = Own(stack(voices.Select(r => tensor(((CodecStep.Voice)r.Codec!).Vector, device: device)), 0));

        var targets = examples.SelectMany((e, b) => e.Talker.Select(t => (Row: b * Length + t.Position, t.Code))).ToList();
        (TargetRows, TargetCodes) = (Indices(targets.Select(t => t.Row)), Indices(targets.Select(t => t.Code)));
        EndTargets = Indices(Enumerable.Range(0, targets.Count).Where(i => targets[i].Code == endOfSpeech));
        var predicted = examples.SelectMany((e, b) => e.Frames.Select(f => (Row: b * Length + f.Position, f.Frame))).ToList();
        (PredictorRows, PredictorCodes) = (Indices(predicted.Select(f => f.Row)), Frames([.. predicted.Select(f => f.Frame)]));
        Counts = new(targets.Count, (long)predicted.Count * Heads.Count);
    }

    public int Samples { get; }
    public int Length { get; }

    /// <summary>Text ids, and the rows that their embeddings are added to.</summary>
    public Tensor TextRows { get; } // [n]
    public Tensor TextIds { get; } // [n]
    public bool ProjectsText { get; }

    /// <summary>The codec sides by kind, each with its rows.</summary>
    public Tensor TokenRows { get; } // [n]
    public Tensor TokenIds { get; } // [n]
    public Tensor FrameRows { get; } // [n]
    public Tensor FrameCodes { get; } // [n, 16]
    public Tensor VoiceRows { get; } // [n]
    public Tensor? Voices { get; } // [n, hidden], null where no sample has one

    /// <summary>Rows whose hidden state predicts a code of codebook 0 or the end of speech, and these codes.</summary>
    public Tensor TargetRows { get; } // [targets]
    public Tensor TargetCodes { get; } // [targets]
    public Tensor EndTargets { get; } // [ends], which of the targets are the end of speech

    /// <summary>Rows whose hidden state is the code predictor's slot 0, and the codes of these frames.</summary>
    public Tensor PredictorRows { get; } // [frames]
    public Tensor PredictorCodes { get; } // [frames, 16]
    public IReadOnlyList<HeadTarget> Heads { get; }

    public TargetCounts Counts { get; }

    public void Dispose() => _owned.ForEach(t => t.Dispose());
}
