// Compares the engine that trains with the engine that speaks on the same sequences of one checkpoint, number by number. Every kind of
// prompt that the checkpoint allows is continued with frames drawn from a fixed seed, and both engines compute the input and the scores of
// each position. They add in different orders, so they differ as float32 sums do; a larger difference is a fault of this program.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Model;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Bench;

/// <param name="Sequence">The kind of prompt.</param>
/// <param name="Positions">Number of positions of the talker.</param>
/// <param name="Input">Largest absolute difference of the talker's input vectors.</param>
/// <param name="Talker">Largest absolute difference of the talker's scores, over all positions.</param>
/// <param name="Predictor">Largest absolute difference of the code predictor's scores, over all frames.</param>
/// <param name="Largest">Largest score, to compare with.</param>
sealed record EngineDifference(string Sequence, int Positions, double Input, double Talker, double Predictor, double Largest)
{
    /// <summary>Largest difference that another order of float32 sums may cause, relative to the summed numbers.</summary>
    public bool Agrees => Math.Max(Talker, Predictor) <= 1e-4 * Math.Max(1, Largest) && Input <= 1e-4;
}

static class EngineComparison
{
    const int Frames = 12;

    /// <exception cref="InvalidDataException">The checkpoint is not complete.</exception>
    public static List<EngineDifference> Compare(string checkpoint, Action<string> tell, CancellationToken stop)
    {
        var model = ModelFolder.Open(checkpoint);
        var tokenizer = TextTokenizer.Load(model.Path);
        var ids = model.Config.SpecialTokens(tokenizer.AssistantHead[^1]);
        tell("Loading the model for both engines");
        using var weights = model.OpenWeights();
        var speaks = new TalkerModel(weights, model.Config.TalkerConfig, Workers.Shared);
        using var trains = TalkerWeights.Load(model, Placement.Float32OnCpu);
        var result = new List<EngineDifference>();
        foreach (var (name, example) in Sequences(model.Config.TalkerConfig, tokenizer, ids))
        {
            stop.ThrowIfCancellationRequested();
            tell(name);
            result.Add(Compare(name, example, speaks, trains, ids));
        }
        return result;
    }

    static EngineDifference Compare(string name, TrainingExample example, TalkerModel speaks, TalkerModule trains, SpecialTokens ids)
    {
        using var scope = NewDisposeScope();
        using var still = no_grad();
        using var batch = new TrainingBatch([example], ids.CodecEos, CPU);
        var (count, config) = (example.Positions.Count, speaks.Config);
        var input = trains.Embed(batch);
        var hidden = trains.model.call(input).squeeze(0); // [T, hidden]
        // [frames, 16, predictor's hidden]
        var frames = trains.PredictFrames(hidden.index_select(0, batch.PredictorRows), batch.PredictorCodes);

        var rows = new float[count * config.HiddenSize];
        speaks.Input.Write(example.Positions, 0, rows);
        var states = speaks.Advance(example.Positions, speaks.CreateState()).ToArray(); // [T, hidden]
        var scores = new float[count * config.VocabSize];
        speaks.Logits(states, scores, count);
        var (heads, codebook) = (config.NumCodeGroups - 1, speaks.code_predictor.Codebook);
        var predicted = new float[example.Frames.Count * heads * codebook];
        foreach (var (i, frame) in example.Frames.Index())
            speaks.code_predictor.ScoreFrames(states.AsSpan(frame.Position * config.HiddenSize, config.HiddenSize), frame.Frame,
                predicted.AsSpan(i * heads * codebook, heads * codebook));

        return new(name, count, Largest(rows, input), Largest(scores, trains.codec_head.call(hidden)),
            // [frames, 15, codebook]
            Largest(predicted, stack(Enumerable.Range(0, heads).Select(h => trains.code_predictor.Head(h, frames)), 1)),
            Largest(scores.Concat(predicted).Select(s => (double)s)));
    }

    static double Largest(float[] ours, Tensor theirs) => Largest(ours.Zip(theirs.ToFloat32Array(), (a, b) => (double)a - b));

    /// <summary>The largest magnitude; NaN if there is one, so that the comparison fails.</summary>
    public static double Largest(IEnumerable<double> values) => values.Aggregate(0.0, (largest, v) => Math.Max(largest, Math.Abs(v)));

    /// <summary>Both layouts with each kind of voice, language and context that the configuration allows.</summary>
    static IEnumerable<(string Name, TrainingExample Example)> Sequences(TalkerConfig config, TextTokenizer tokenizer, SpecialTokens ids)
    {
        var random = new Random(1);
        int[] Frame() => [.. Enumerable.Range(0, config.NumCodeGroups).Select(_ => random.Next(config.CodePredictorConfig.VocabSize))];
        var text = tokenizer.Encode("The same words are written for the trainer and for the speaker.");
        var vector = Enumerable.Range(0, config.HiddenSize).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
        var (language, speaker) = (ids.Languages.Keys.Order(StringComparer.Ordinal).FirstOrDefault(), ids.Speakers.Keys
            .Order(StringComparer.Ordinal).FirstOrDefault());
        var plain = new Utterance { Text = text, Voice = vector };
        var kinds = new List<(string Name, Utterance Utterance)> { ("a voice's vector, no language", plain),
            ("no voice, an instruction", new() { Text = text, Instruct = tokenizer.Instruct("Speak slowly.") }) };
        if (language is not null)
            kinds.Add(($"a voice's vector, {language}", plain with { Language = language }));
        if (speaker is not null)
            kinds.Add(($"speaker {speaker}", new() { Text = text, Speaker = speaker, Language = language }));
        kinds.Add(("a clone in context",
            plain with
            {
                Language = language,
                ReferenceText = tokenizer.Encode("What the reference says."),
                ReferenceFrames = [.. Enumerable.Range(0, 6).Select(_ => Frame())]
            }));
        foreach (var (name, utterance) in kinds)
            foreach (var layout in new[] { Layout.TextFirst, Layout.Interleaved })
            {
                var sequence = TalkerSequence.Prompt(utterance with { Layout = layout }, ids);
                for (var i = 0; i < Frames; i++)
                    sequence.Append(new CodecStep.Frame(Frame()));
                sequence.AppendEnd();
                yield return ($"{name}, {(layout == Layout.TextFirst ? "text first" : "interleaved")}",
                    TrainingExample.FromSequence(sequence, ids));
            }
    }
}
