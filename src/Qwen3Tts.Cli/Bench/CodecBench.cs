// What the codec costs: decoding in parts of several lengths, and encoding.
using System.Diagnostics;
using Qwen3Tts.Audio;
using Qwen3Tts.Codec;

namespace Qwen3Tts.Cli.Bench;

partial class SpeechBench
{
    void Decode(SpeechCodec codec, int chunk, CancellationToken stop)
    {
        var frames = Enumerable.Range(0, _options.Frames).Select(_ => Enumerable.Range(0, codec.CodesPerFrame)
            .Select(_ => _random.NextBelow(codec.CodebookSize)).ToArray()).ToList();
        var stream = codec.CreateStream();
        var flops = _workers.Multiplications;
        var watch = Stopwatch.StartNew();
        for (var from = 0; from < frames.Count; from += chunk)
        {
            stop.ThrowIfCancellationRequested();
            stream.Push(frames.GetRange(from, Math.Min(chunk, frames.Count - from)));
        }
        var each = watch.Elapsed.TotalMilliseconds / frames.Count;
        _figures.Add(new($"codec, {(chunk == frames.Count ? "whole" : $"by {chunk}")}, a frame", each, "ms",
            2.0 * (_workers.Multiplications - flops) / frames.Count / _limits.FloatGigaflops / 1e6));
    }

    void Encode(SpeechCodec codec)
    {
        var recording = new Waveform([.. Enumerable.Range(0, 10 * codec.SampleRate).Select(i => 0.3f * MathF.Sin(i * 0.05f))],
            codec.SampleRate);
        var first = Stopwatch.StartNew();
        codec.Encode(recording);
        _figures.Add(new("encode 10 s of reference, the first time", first.Elapsed.TotalMilliseconds, "ms"));
        var flops = _workers.Multiplications;
        var watch = Stopwatch.StartNew();
        codec.Encode(recording);
        _figures.Add(new("encode 10 s of reference", watch.Elapsed.TotalMilliseconds, "ms",
            2.0 * (_workers.Multiplications - flops) / _limits.FloatGigaflops / 1e6));
    }
}
