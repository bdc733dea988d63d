// From scores to a code, in the official order: repetition penalty, no end of speech before two frames, suppressed ids; then temperature,
// top-k, top-p and the draw. Greedy sampling uses only the first three. The code predictor uses only the last four. The penalty applies to
// generated first codes only, because the prompt consists of vectors and has no codes. Probabilities are double, so that the last bit of an
// exponential, which may differ between platforms, does not decide a draw.
using Qwen3Tts.Statistics;

namespace Qwen3Tts.Generation;

/// <summary>Draws the codes of one utterance.</summary>
sealed class Sampler
{
    const int FewestFrames = 2;

    readonly SamplingOptions _options;
    readonly Pcg32 _random;
    readonly int _codebook, _end;
    readonly bool[] _spoken; // [vocabulary], first codes that were generated
    readonly int[] _ids; // [vocabulary], ids of the candidates
    readonly float[] _scores; // [vocabulary], scores of the candidates
    readonly double[] _probabilities;
    readonly float[] _heap;
    int _frames;

    /// <param name="options">Sampling options of both networks.</param>
    /// <param name="vocabulary">Number of rows of the talker's head.</param>
    /// <param name="codebook">Number of codes; larger ids are control ids, languages and speakers.</param>
    /// <param name="end">The control id that may be drawn: the end of speech.</param>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public Sampler(SamplingOptions options, int vocabulary, int codebook, int end)
    {
        options.Check();
        (_options, _random, _codebook, _end) = (options, new(options.Seed), codebook, end);
        (_spoken, _ids, _scores, _probabilities, _heap) = (new bool[vocabulary], new int[vocabulary], new float[vocabulary],
            new double[vocabulary], new float[vocabulary]);
    }

    /// <summary>
    /// Chooses a frame's first code, or the end of speech. in: the talker's scores [vocabulary] · out: the code · overwrites: the scores.
    /// </summary>
    public int First(Span<float> scores)
    {
        var code = _options.Greedy ? Best(KeepFirst(scores)) : Draw(KeepFirst(scores));
        Remember(code);
        return code;
    }

    /// <summary>
    /// Chooses one of a frame's other codes. in: the code predictor's scores [codebook] · out: the code · overwrites: the scores.
    /// </summary>
    public int Other(Span<float> scores) => _options.PredictorGreedy ? Best(KeepOther(scores)) : Draw(KeepOther(scores));

    /// <summary>Records a first code that was generated, for the repetition penalty.</summary>
    public void Remember(int code)
    {
        _spoken[code] = true;
        _frames++;
    }

    /// <summary>
    /// Finds the candidates for a first code. in: the talker's scores [vocabulary] · out: the number of candidates in
    /// <see cref="Candidates"/> · overwrites: the scores.
    /// </summary>
    public int KeepFirst(Span<float> scores)
    {
        var penalty = (float)_options.RepetitionPenalty;
        if (penalty != 1)
            for (var i = 0; i < scores.Length; i++)
                if (_spoken[i])
                    scores[i] = scores[i] < 0 ? scores[i] * penalty : scores[i] / penalty;
        var end = scores[_end];
        scores[_codebook..].Fill(float.NegativeInfinity); // control ids, languages and speakers are never drawn
        if (_frames >= FewestFrames)
            scores[_end] = end;
        return _options.Greedy ? Keep(scores) : Keep(scores, _options.Temperature, _options.TopK, _options.TopP);
    }

    /// <summary>
    /// Finds the candidates for another code. in: the code predictor's scores · out: the number of candidates in <see cref="Candidates"/> ·
    /// overwrites: the scores.
    /// </summary>
    public int KeepOther(Span<float> scores) =>
        _options.PredictorGreedy ? Keep(scores)
            : Keep(scores, _options.PredictorTemperature, _options.PredictorTopK, _options.PredictorTopP);

    /// <summary>Ids and scores of the last candidates.</summary>
    public (int[] Ids, float[] Scores) Candidates => (_ids, _scores);

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

    // Codes are removed from the least probable one on, while the removed ones together have at most probability 1 - topP. The most
    // probable code always stays.
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
        return _ids[last]; // because of rounding, the sum may end below the drawn number
    }

    // The unnormalised probabilities of the candidates; returns their sum.
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

    // A heap of the k largest scores so far, with the smallest of them on top.
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
