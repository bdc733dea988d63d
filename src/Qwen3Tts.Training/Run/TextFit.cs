// Whether the texts are those of the recordings. A model that knows at least some of the words predicts a recording better from its own
// text than from the texts of other recordings. If all texts are exchanged, there is no difference.
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Step;

namespace Qwen3Tts.Training.Run;

/// <summary>What the clips' own texts save, in nats a frame, compared with the texts of other clips.</summary>
/// <param name="Saved">The mean over the clips.</param>
/// <param name="Error">Its standard error.</param>
sealed record TextFit(double Saved, double Error)
{
    const int Others = 3; // other texts for each clip

    /// <summary>Whether the texts save something beyond the noise.</summary>
    public bool IsClear => Saved > 2 * Error;

    /// <summary>Measures the untouched model; null if fewer than two clips have texts to compare.</summary>
    /// <param name="talker">The untouched model.</param>
    /// <param name="data">The data of the run.</param>
    /// <param name="clips">The most clips to measure.</param>
    /// <param name="endOfSpeech">The model's id.</param>
    public static TextFit? Measure(TalkerModule talker, TrainingData data, int clips, int endOfSpeech)
    {
        double[] Losses(IEnumerable<TrainingExample> examples) =>
            [.. Loss.MeasureEach(talker, examples, endOfSpeech).Select(l => l.TalkerWithoutEnd)];
        var examples = data.Some(clips);
        var (own, others) = (Losses(examples), examples.ConvertAll(_ => new List<double>()));
        foreach (var away in Enumerable.Range(1, examples.Count - 1).Take(Others))
        {
            var changed = data.Some(clips, textOf: away).Index().Where(e => !e.Item.Positions.SequenceEqual(examples[e.Index].Positions))
                .ToList(); // where two clips say the same, nothing changes
            foreach (var (example, loss) in changed.Zip(Losses(changed.Select(e => e.Item))))
                others[example.Index].Add(loss);
        }
        var saved = own.Zip(others).Where(c => c.Second.Count > 0).Select(c => c.Second.Average() - c.First).ToList();
        return saved.Count < 2 ? null : new(saved.Average(), Difference.StandardError(saved));
    }
}
