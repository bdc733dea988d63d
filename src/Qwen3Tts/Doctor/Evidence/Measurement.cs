// Losses of one checkpoint on some clips under any hypothesis, with teacher forcing, computed by the inference engine. Hypotheses share
// most of the computation: the talker runs once for each distinct input, and reuses the beginning of an input if an earlier pass had the
// same beginning. The code predictor runs once for each distinct input and choice of hidden state. Other targets need no new pass. So every
// result is computed on first use and kept.
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Doctor.Evidence;

sealed class Measurement(TalkerModel talker, SpecialTokens ids, IReadOnlyList<TrainingExample> clips, Action<int>? progress = null)
    : ILossEvidence
{
    // If there are many frames, the code predictor is measured only on the first frames of each clip. It takes half of the time, and few
    // frames are enough because its loss has fifteen targets in each frame.
    const int ManyFrames = 400, FramesOfAClip = 20;

    readonly int _mostFrames = clips.Sum(c => c.Frames.Count) > ManyFrames ? FramesOfAClip : int.MaxValue;

    readonly List<Pass>[] _passes = [.. clips.Select(_ => new List<Pass>())];
    readonly List<Stem> _stems = [];
    readonly Dictionary<(int Clip, FaultSet Faults), Losses> _known = [];

    public int Clips => clips.Count;

    /// <summary>Number of codes in a codebook; the loss of guessing is its logarithm.</summary>
    public int Codebook => talker.code_predictor.Codebook;

    /// <summary>Number of codes and control ids that the talker chooses from.</summary>
    public int Vocabulary => talker.Config.VocabSize;

    /// <summary>How often the talker has run: once for each clip and distinct input.</summary>
    public int TalkerRuns => _passes.Sum(p => p.Count);

    /// <summary>Whether the shapes of this model's weights allow the hypothesis: text without projection can only enter a talker of the
    /// same width.</summary>
    public bool Allows(FaultSet faults) => talker.Input.CanSkipProjection || !faults.HasFlag(FaultSet.NoTextProjection);

    /// <summary>Whether a fault of the input changes the example of any clip. For example, if no clip names a language, no_language changes
    /// nothing.</summary>
    public bool ShowsDifference(FaultSet input) => clips.Any(clip =>
    {
        var edited = Hypothesis.Edit(input, clip, ids);
        return edited.ProjectsText != clip.ProjectsText || !edited.Positions.SequenceEqual(clip.Positions);
    });

    /// <summary>The losses over all clips.</summary>
    public Losses LossesUnder(FaultSet faults) =>
        Enumerable.Range(0, clips.Count).Aggregate(default(Losses), (sum, clip) => sum + LossesUnder(clip, faults));

    /// <summary>The losses on one clip.</summary>
    public Losses LossesUnder(int clip, FaultSet faults)
    {
        if (!_known.TryGetValue((clip, faults), out var losses))
        {
            var (codes, end) = Talker(clip, faults);
            _known[(clip, faults)] = losses = new(codes, end, Predictor(clip, faults));
        }
        return losses;
    }

    /// <summary>Only the talker's losses, which take less time.</summary>
    public (Cost Codes, Cost End) Talker(int clip, FaultSet faults)
    {
        var example = Hypothesis.Edit(faults, clips[clip], ids);
        var pass = Run(clip, example);
        Cost codes = default, end = default;
        foreach (var (row, code) in example.Talker)
        {
            var nats = new Cost(CrossEntropy.Nats(pass.Scores(row, talker), code), 1);
            (codes, end) = code == ids.CodecEos ? (codes, end + nats) : (codes + nats, end);
        }
        return (codes, end);
    }

    public Cost Codes(int clip, FaultSet faults) => Talker(clip, faults).Codes;
    public Cost End(int clip, FaultSet faults) => Talker(clip, faults).End;

    /// <summary>Only the code predictor's loss.</summary>
    public Cost Predictor(int clip, FaultSet faults)
    {
        var example = Hypothesis.Edit(faults, clips[clip], ids);
        FrameTarget[] frames = [.. example.Frames.Take(_mostFrames)];
        var costs = Run(clip, example).Costs(frames[0].Position, frames, PairCosts.ListNeeded(clips[clip], ids), talker);
        return example.Heads.Aggregate(default(Cost), (sum, h) => sum + new Cost(costs[h], frames.Length));
    }

    /// <summary>How well the change of the talker's head fits the hypothesis. This model is the base.</summary>
    public TalkerFit TalkerFit(int clip, FaultSet faults, HeadMovement moved)
    {
        var example = Hypothesis.Edit(faults, clips[clip], ids);
        var pass = Run(clip, example);
        var targets = example.Talker.Select(
            t => (State: pass.State(t.Position, talker).ToArray(), Errors: Errors(pass.Scores(t.Position, talker), t.Code),
            IsEnd: t.Code == ids.CodecEos)).ToList();
        var (taught, untaught) = (new double[talker.Config.HiddenSize], new double[talker.Config.HiddenSize]);
        foreach (var (state, errors, isEnd) in targets)
            for (var i = 0; i < state.Length; i++)
            {
                var step = -(double)errors[ids.CodecEos] * state[i];
                (taught[i], untaught[i]) = (taught[i] + step, untaught[i] + (isEnd ? 0 : step));
            }
        return new(moved.Talker?.Fit([.. targets.SelectMany(t => t.State)], [.. targets.SelectMany(t => t.Errors)]) ?? 0, taught, untaught);
    }

    /// <summary>The same for the code predictor's heads, as a mean over the heads that changed and that the hypothesis teaches.</summary>
    public double PredictorFit(int clip, FaultSet faults, HeadMovement moved)
    {
        var example = Hypothesis.Edit(faults, clips[clip], ids);
        var pass = Run(clip, example);
        var predictor = talker.code_predictor;
        var heads = example.Heads.Where(h => moved.Predictor[h.Head] is not null)
            .Select(h => (h.Head, h.Codebook, States: new List<float>(), Errors: new List<float>())).ToList();
        pass.Predict(example.Frames[0].Position, [.. example.Frames.Take(_mostFrames)], talker, (codes, rows, scores) =>
        {
            var width = rows.Length / predictor.Groups;
            foreach (var (head, codebook, states, errors) in heads)
            {
                states.AddRange(rows.Slice((head + 1) * width, width));
                errors.AddRange(Errors(scores.Slice(head * Codebook, Codebook), codes[codebook]));
            }
        });
        return heads.Count == 0 ? 0 : heads.Average(h => moved.Predictor[h.Head]!.Fit([.. h.States], [.. h.Errors]));
    }

    /// <summary>softmax(scores) - one-hot(code): the gradient of <see cref="CrossEntropy.Nats"/>.</summary>
    static float[] Errors(ReadOnlySpan<float> scores, int code)
    {
        var errors = scores.ToArray();
        var shift = (float)(CrossEntropy.Nats(scores, code) + scores[code]); // the logarithm of the sum of exponentials
        for (var i = 0; i < errors.Length; i++)
            errors[i] = MathF.Exp(errors[i] - shift);
        errors[code] -= 1;
        return errors;
    }

    /// <summary>The talker's pass over these positions; a pass that was made before is reused.</summary>
    Pass Run(int clip, TrainingExample example)
    {
        if (_passes[clip].Find(p => p.Example.ProjectsText == example.ProjectsText
            && p.Example.Positions.SequenceEqual(example.Positions)) is { } known)
            return known;
        var (stem, rows) = _stems.Select(s => (Stem: s, Rows: s.SharedWith(example))).OrderByDescending(s => s.Rows).FirstOrDefault();
        var state = rows > 0 ? stem.State.Beginning(rows) : talker.CreateState();
        var pass = new Pass(example, [.. rows > 0 ? stem.Hidden.AsSpan(0, rows * talker.Config.HiddenSize) : [],
            .. talker.Advance(example.Positions, state, projectsText: example.ProjectsText)]);
        // The beginnings that later inputs can share: that of each input of the first clip, and that of the first input of each clip.
        if (clip == 0 || _passes[clip].Count == 0)
            _stems.Add(Stem.TakeFrom(pass, state));
        _passes[clip].Add(pass);
        progress?.Invoke(TalkerRuns);
        return pass;
    }

    /// <summary>The beginning of a pass, up to its first frame, with the talker's state after it. Later passes with the same beginning
    /// continue from there.</summary>
    sealed record Stem(bool ProjectsText, Position[] Positions, float[] Hidden, TalkerState State)
    {
        public static Stem TakeFrom(Pass pass, TalkerState state)
        {
            var rows = pass.Example.Frames[0].Position + 1;
            return new(pass.Example.ProjectsText, [.. pass.Example.Positions.Take(rows)], pass.Hidden, state.Beginning(rows));
        }

        /// <summary>How many positions at the beginning of the other example are the same as these.</summary>
        public int SharedWith(TrainingExample other) =>
            ProjectsText == other.ProjectsText ? Positions.Zip(other.Positions).TakeWhile(p => p.First == p.Second).Count() : 0;
    }

    const int FramesTogether = 16; // frames that the code predictor computes in one pass

    delegate void FrameSeen(int[] codes, ReadOnlySpan<float> states, ReadOnlySpan<float> scores);

    /// <summary>One run of the talker, with the scores and costs that were computed from it.</summary>
    sealed class Pass(TrainingExample example, float[] hidden)
    {
        readonly Dictionary<int, float[]> _scores = [];
        readonly Dictionary<int, PairCosts> _costs = [];

        public TrainingExample Example => example;
        public float[] Hidden => hidden; // [positions, hidden]

        /// <summary>The talker's scores [vocabulary] at a position.</summary>
        public float[] Scores(int position, TalkerModel talker)
        {
            if (!_scores.TryGetValue(position, out var scores))
                _scores[position] = scores = talker.Logits(State(position, talker)).ToArray();
            return scores;
        }

        /// <summary>The loss of each of these pairs of head and codebook, summed over the frames. The hidden state of the first frame is at
        /// the position <paramref name="first"/>.</summary>
        public PairCosts Costs(int first, IReadOnlyList<FrameTarget> frames, IReadOnlyCollection<HeadTarget> pairs, TalkerModel talker)
        {
            if (_costs.TryGetValue(first, out var costs))
                return costs;
            var predictor = talker.code_predictor;
            _costs[first] = costs = new(predictor.Groups, pairs);
            Predict(first, frames, talker, (codes, _, scores) =>
            {
                foreach (var pair in costs.Pairs)
                    costs.Add(pair, CrossEntropy.Nats(
                        scores.Slice(pair.Head * predictor.Codebook, predictor.Codebook), codes[pair.Codebook]));
            });
            return costs;
        }

        /// <summary>Runs the code predictor. Passes to <paramref name="see"/>, for each frame, its codes [groups], the states [groups,
        /// hidden] that the heads read, and the scores of the heads [groups - 1, codebook].</summary>
        public void Predict(int first, IReadOnlyList<FrameTarget> frames, TalkerModel talker, FrameSeen see)
        {
            var (predictor, width) = (talker.code_predictor, talker.Config.HiddenSize);
            var size = (predictor.Groups - 1) * predictor.Codebook;
            var scores = new float[Math.Min(FramesTogether, frames.Count) * size];
            for (var from = 0; from < frames.Count; from += FramesTogether)
            {
                int[][] codes = [.. frames.Skip(from).Take(FramesTogether).Select(f => f.Frame)];
                var rows = predictor.ScoreFrames(hidden.AsSpan((first + from) * width, codes.Length * width), [.. codes.SelectMany(c => c)],
                    scores);
                for (var i = 0; i < codes.Length; i++)
                    see(codes[i], rows.Slice(i * rows.Length / codes.Length, rows.Length / codes.Length), scores.AsSpan(i * size, size));
            }
        }

        public ReadOnlySpan<float> State(int position, TalkerModel talker) =>
            hidden.AsSpan(position * talker.Config.HiddenSize, talker.Config.HiddenSize);
    }
}
