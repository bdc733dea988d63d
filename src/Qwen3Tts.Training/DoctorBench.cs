// The doctor's measuring at the size of a released model: every hypothesis on ten clips of six seconds, of a checkpoint alone and beside its
// base. Weights are random, written to a temporary folder in BF16 as released ones are, so that they are read as those are.
using System.Diagnostics;
using System.Runtime.InteropServices;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor;
using Qwen3Tts.Kernels;
using Qwen3Tts.Talker;
using Qwen3Tts.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3Tts.Training;

/// <param name="Clips">How many were measured.</param>
/// <param name="Positions">Of all clips.</param>
/// <param name="Alone">Seconds without the base.</param>
/// <param name="WithBase">Seconds with it.</param>
/// <param name="Runs">How often the talker ran over a clip: without the base, with it.</param>
sealed record DoctorBenchResult(int Clips, int Positions, double Alone, double WithBase, (int Alone, int WithBase) Runs);

static class DoctorBench
{
    const int Clips = 10, Frames = 75, TextTokens = 25; // of six seconds

    public static DoctorBenchResult Run(ModelConfig model, Action<string> tell)
    {
        var talker = model.TalkerConfig;
        var ids = model.SpecialTokens(newline: 198);
        var shape = new TrainingBenchOptions { Model = model, Frames = Frames, TextTokens = TextTokens, Language = talker.CodecLanguageId.Keys.First() };
        var clips = Enumerable.Range(0, Clips).Select(i => TrainingBench.Example(shape, ids, new Random(i))).ToList();
        var folder = Directory.CreateTempSubdirectory("qwen3tts-bench-").FullName;
        try
        {
            tell("writing random weights");
            string[] folders = [Path.Combine(folder, "checkpoint"), Path.Combine(folder, "base")];
            foreach (var (seed, each) in folders.Index())
                Write(Directory.CreateDirectory(each).FullName, talker, seed);
            using var now = Weights.Open(folders[0]);
            using var before = Weights.Open(folders[1]);
            Measurement Measure(Weights weights, string what) => new(new TalkerModel(weights, talker, Workers.Shared), ids, clips, run => tell($"{what}, pass {run}"));
            (double, int) Time(bool withBase)
            {
                var watch = Stopwatch.StartNew();
                var checkpoint = Measure(now, "checkpoint");
                var origin = withBase ? new Origin(Measure(before, "base"), [], HeadMovement.Of(now, before, talker), [.. clips.Select(_ => true)]) : null;
                Reader.Read(checkpoint, origin);
                foreach (var hypothesis in Hypothesis.All)
                {
                    checkpoint.Of(hypothesis.Faults);
                    origin?.Measurement.Of(hypothesis.Faults);
                }
                return (watch.Elapsed.TotalSeconds, checkpoint.TalkerRuns + (origin?.Measurement.TalkerRuns ?? 0));
            }
            var (alone, runs) = Time(false);
            var (withBase, runsWithBase) = Time(true);
            return new(Clips, clips.Sum(c => c.Positions.Count), alone, withBase, (runs, runsWithBase));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    static void Write(string folder, TalkerConfig config, int seed)
    {
        using var scope = NewDisposeScope();
        using var shapes = new TalkerModule(config, new Way { Precision = Precision.Bfloat16 }.On(new Device(DeviceType.META)));
        var random = new Random(seed);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. TalkerWeights.Named(shapes).Select(p =>
            new TensorToWrite(p.Name, ElementType.BF16, [.. p.Parameter.shape.Select(d => (int)d)], stream => Write(stream, p.Parameter.numel(), p.Parameter.dim() == 1 ? null : random)))]);
    }

    /// <summary>Numbers of magnitude 1/128 to 1/64 and either sign, or ones.</summary>
    static void Write(Stream stream, long count, Random? random)
    {
        const ushort One = 0x3F80, Exponent = 0x3C00, SignAndMantissa = 0x807F;
        var part = new ushort[Math.Min(count, 1 << 20)];
        for (; count > 0; count -= part.Length)
        {
            var some = part.AsSpan(0, (int)Math.Min(count, part.Length));
            random?.NextBytes(MemoryMarshal.AsBytes(some));
            foreach (ref var bits in some)
                bits = random is null ? One : (ushort)(bits & SignAndMantissa | Exponent);
            stream.Write(MemoryMarshal.AsBytes(some));
        }
    }
}
