// What several utterances at once cost.
using System.Diagnostics;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Cli.Bench;

partial class SpeechBench
{
    // Frames a second of eight utterances at once, against those of one.
    void SpeakTogether(TalkerModel talker, CancellationToken stop)
    {
        const int together = 8;
        double Rate(int utterances)
        {
            var sequences = Enumerable.Range(0, utterances).Select(_ => Prompt(talker.Config)).ToArray();
            var states = sequences.Select(s => talker.CreateState()).ToArray();
            foreach (var (s, state) in sequences.Zip(states))
                talker.Advance(s.Positions, state);
            IReadOnlyList<Position>[] positions = [.. sequences.Select(s => s.Positions)];
            var scores = new float[utterances * talker.Config.VocabSize];
            var frames = Math.Min(_options.Frames, 20);
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < frames; i++)
            {
                stop.ThrowIfCancellationRequested();
                int[][] codes = [.. sequences.Select(_ => Codes(talker.Config).Codes)];
                foreach (var (s, c) in sequences.Zip(codes))
                    s.Append(new CodecStep.Frame(c));
                var hidden = talker.AdvanceEach(positions, states);
                talker.Logits(hidden, scores, utterances);
                for (var group = 1; group < codes[0].Length; group++)
                {
                    int[] last = [.. codes.Select(c => c[group - 1])];
                    _ = group == 1 ? talker.code_predictor.Begin(hidden, last) : talker.code_predictor.Next(group - 1, last);
                }
            }
            var rate = utterances * frames / watch.Elapsed.TotalSeconds;
            foreach (var state in states)
                talker.Return(state);
            return rate;
        }
        Rate(together); // grows the buffers
        _figures.Add(new($"batch of {together}, frames a second against one", Rate(together) / Rate(1), ""));
    }
}
