namespace Qwen3Tts.Talker;

static class CrossEntropy
{
    /// <summary>-log softmax(scores)[code].</summary>
    public static double Nats(ReadOnlySpan<float> scores, int code)
    {
        var (largest, sum) = (scores[0], 0.0);
        foreach (var s in scores)
            largest = Math.Max(largest, s);
        foreach (var s in scores)
            sum += Math.Exp(s - largest);
        return Math.Log(sum) + largest - scores[code];
    }
}
