// From scores to a code, in the official order: repetition penalty, at least two frames, suppressed ids, then temperature, top-k, top-p and
// the draw. Greedy keeps the first three. The code predictor knows the last four only. The penalty sees generated first codes alone: the
// prompt is vectors, so there are no others. Probabilities are in double, so that the last bit of an exponential, which may differ between
// platforms, decides nothing.
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Generation;

/// <summary>Draws the codes of one utterance.</summary>
sealed class Sampler
{
    const int FewestFrames = 2;

    readonly SamplingOptions _options;
    readonly Pcg32 _random;
    readonly int _codebook, _end;
    readonly bool[] _spoken; // [vocabulary], first codes so far
    readonly int[] _ids; // [vocabulary], what may be drawn: ids and …
    readonly float[] _scores; // … their scores
    readonly double[] _probabilities;
    readonly float[] _heap;
    int _frames;

    /// <param name="options">Settings of both networks.</param>
    /// <param name="vocabulary">Rows of the talker's head.</param>
    /// <param name="codebook">Codes; ids from here on are control ids, languages and speakers.</param>
    /// <param name="end">The one of them that may be drawn: the end of speech.</param>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public Sampler(SamplingOptions options, int vocabulary, int codebook, int end)
    {
        options.Check();
        (_options, _random, _codebook, _end) = (options, new(options.Seed), codebook, end);
        (_spoken, _ids, _scores, _probabilities, _heap) = (new bool[vocabulary], new int[vocabulary], new float[vocabulary],
            new double[vocabulary], new float[vocabulary]);
    }

    /// <summary>A frame's first code, or the end of speech, from the talker's scores [vocabulary], which it changes.</summary>
    public int First(Span<float> scores)
    {
        var code = _options.Greedy ? Best(KeepFirst(scores)) : Draw(KeepFirst(scores));
        Remember(code);
        return code;
    }

    /// <summary>One of a frame's other codes, from the code predictor's scores [codebook], which it changes.</summary>
    public int Other(Span<float> scores) => _options.PredictorGreedy ? Best(KeepOther(scores)) : Draw(KeepOther(scores));

    /// <summary>A first code that was spoken.</summary>
    public void Remember(int code)
    {
        _spoken[code] = true;
        _frames++;
    }

    /// <summary>What may be drawn from the talker's scores: how many there are in <see cref="Kept"/>.</summary>
    public int KeepFirst(Span<float> scores)
    {
        var penalty = (float)_options.RepetitionPenalty;
        if (penalty != 1)
            for (var i = 0; i < scores.Length; i++)
                if (_spoken[i])
                    scores[i] = scores[i] < 0 ? scores[i] * penalty : scores[i] / penalty;
        var end = scores[_end];
        scores[_codebook..].Fill(float.NegativeInfinity); // control ids, languages and speakers are never spoken
        if (_frames >= FewestFrames)
            scores[_end] = end;
        return _options.Greedy ? Keep(scores) : Keep(scores, _options.Temperature, _options.TopK, _options.TopP);
    }

    /// <summary>What may be drawn from the code predictor's scores.</summary>
    public int KeepOther(Span<float> scores) =>
        _options.PredictorGreedy ? Keep(scores)
            : Keep(scores, _options.PredictorTemperature, _options.PredictorTopK, _options.PredictorTopP);

    /// <summary>Ids and scores that were kept last.</summary>
    public (int[] Ids, float[] Scores) Kept => (_ids, _scores);

    int Keep(Span<float> scores, double temperature, int topK, double topP)
    {
        if (temperature != 1)
            foreach (ref var s in scores)
                s /= (float)temperature;
        var count = Keep(scores, topK > 0 && topK < scores.Length ? KthLargest(scores, topK) : float.NegativeInfinity);
        return topP < 1 ? KeepProbable(count, topP) : count;
    }

    int Keep(ReadOnlySpan<float> scores, float least = float.NegativeInfinity)
    {
        var count = 0;
        for (var i = 0; i < scores.Length; i++)
            if (scores[i] >= least && float.IsFinite(scores[i]))
                (_ids[count], _scores[count++]) = (i, scores[i]);
        return count > 0 ? count : throw new InvalidDataException(
            "The model's scores hold no finite number. Its weights are damaged, or were trained until they overflowed.");
    }

    // From the least probable up, codes go while they and those below them reach no more than 1 - topP. The most probable one always stays.
    int KeepProbable(int count, double topP)
    {
        Array.Sort(_scores, _ids, 0, count);
        var total = Exponentiate(count);
        var (dropped, sum) = (0, 0.0);
        while (dropped < count - 1 && (float)((sum += _probabilities[dropped]) / total) <= (float)(1 - topP))
            dropped++;
        _ids.AsSpan(dropped, count - dropped).CopyTo(_ids);
        _scores.AsSpan(dropped, count - dropped).CopyTo(_scores);
        return count - dropped;
    }

    int Best(int count) => _ids[_scores.AsSpan(0, count).IndexOf(Largest(count))];

    int Draw(int count)
    {
        var remaining = _random.NextUnit() * Exponentiate(count);
        var last = 0;
        for (var i = 0; i < count && remaining >= 0; i++)
            if (_probabilities[i] > 0)
                (remaining, last) = (remaining - _probabilities[i], i);
        return _ids[last]; // rounding may leave a rest behind the last one
    }

    // Probabilities of what was kept, but for the factor that is returned: their sum.
    double Exponentiate(int count)
    {
        var (largest, sum) = (Largest(count), 0.0);
        for (var i = 0; i < count; i++)
            sum += _probabilities[i] = Math.Exp((double)_scores[i] - largest);
        return sum;
    }

    float Largest(int count)
    {
        var largest = _scores[0];
        foreach (var s in _scores.AsSpan(1, count - 1))
            largest = Math.Max(largest, s);
        return largest;
    }

    // A heap of the k largest so far, the least of them on top.
    float KthLargest(ReadOnlySpan<float> scores, int k)
    {
        var heap = _heap.AsSpan(0, k);
        scores[..k].CopyTo(heap);
        for (var i = k / 2 - 1; i >= 0; i--)
            Sink(heap, i);
        foreach (var s in scores[k..])
            if (s > heap[0])
            {
                heap[0] = s;
                Sink(heap, 0);
            }
        return heap[0];
    }

    static void Sink(Span<float> heap, int at)
    {
        for (var child = 2 * at + 1; child < heap.Length; child = 2 * at + 1)
        {
            if (child + 1 < heap.Length && heap[child + 1] < heap[child])
                child++;
            if (heap[at] <= heap[child])
                return;
            (heap[at], heap[child]) = (heap[child], heap[at]);
            at = child;
        }
    }
}
