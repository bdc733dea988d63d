// Measures the doctor with the shapes of a released model on ten clips of six seconds: a checkpoint alone under every hypothesis, or a
// checkpoint of a correct training of all weights with its base. The weights are random. They are written to a temporary folder in BF16,
// like released ones, so that reading them takes the same time.
using System.Diagnostics;
using System.Runtime.InteropServices;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Doctor.Report;
using Qwen3Tts.Kernels;
using Qwen3Tts.Talker;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3Tts.Training.Bench;

/// <param name="Positions">Number of positions of all clips.</param>
/// <param name="Seconds">Time from the opened weights to the last loss.</param>
/// <param name="Runs">How often the talker computed a clip.</param>
sealed record DoctorBenchResult(int Positions, double Seconds, int Runs);

static class DoctorBench
{
    public const int Clips = 10;

    const int Frames = 75, TextTokens = 25; // six seconds at 12.5 frames a second, and their text

    /// <param name="model">The shapes.</param>
    /// <param name="withBase">True to measure the base, too.</param>
    /// <param name="tell">Receives what is being done.</param>
    /// <param name="stop">Checked before each tensor that is written and each pass of a clip.</param>
    public static DoctorBenchResult Run(ModelConfig model, bool withBase, Action<string> tell, CancellationToken stop = default)
    {
        var talker = model.TalkerConfig;
        var ids = model.SpecialTokens(newline: 198);
        var shape = new TrainingBenchOptions
        {
            Model = model,
            Frames = Frames,
            TextTokens = TextTokens,
            Language = talker.CodecLanguageId.Keys.First(),
        };
        var voice = new float[talker.HiddenSize]; // the voice of all clips
        var clips = Enumerable.Range(0, Clips).Select(i => TrainingBench.Example(shape, ids, new Random(i), voice)).ToList();
        var folder = Directory.CreateTempSubdirectory("qwen3tts-bench-").FullName;
        try
        {
            tell("writing random weights");
            using var now = Written(Path.Combine(folder, "checkpoint"), talker, 1, stop);
            using var before = withBase ? Written(Path.Combine(folder, "base"), talker, 2, stop) : null;
            Measurement Measure(Weights weights, string what) => new(new TalkerModel(weights, talker, Workers.Shared), ids, clips, run =>
            {
                stop.ThrowIfCancellationRequested();
                tell($"{what}, pass {run}");
            });
            var watch = Stopwatch.StartNew();
            var checkpoint = Measure(now, "checkpoint");
            var origin = before is null ? null
                : new Origin(Measure(before, "base"), [.. KnownFaults.All.Select(f => f.ReadRows(new Moved(talker))).OfType<RowEvidence>()],
                    HeadMovement.Compare(now, before, talker), [.. clips.Select(_ => true)]);
            LossTable.Measure(checkpoint, origin, Diagnostics.Diagnose(checkpoint, origin).Hypothesis);
            return new(clips.Sum(c => c.Positions.Count), watch.Elapsed.TotalSeconds,
                checkpoint.TalkerRuns + (origin?.Measurement.TalkerRuns ?? 0));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>What a correct training with a language in the prompt moves.</summary>
    sealed class Moved(TalkerConfig talker) : IMovedParts
    {
        public bool Think => true;
        public bool NoThink => false;
        public bool ThinkEos => true;
        public int LastHead => talker.NumCodeGroups - 2;
        public bool? HasMoved(string tensor) => true;
    }

    static Weights Written(string folder, TalkerConfig config, int seed, CancellationToken stop)
    {
        Directory.CreateDirectory(folder);
        using var scope = NewDisposeScope();
        using var shapes = new TalkerModule(config,
            Placement.Create(new() { Precision = Precision.Bfloat16 }, new Device(DeviceType.META)));
        var random = new Random(seed);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. TalkerWeights.Named(shapes).Select(p =>
            new TensorToWrite(p.Name, ElementType.BF16, [.. p.Parameter.shape.Select(d => (int)d)], stream =>
                Write(stream, p.Parameter.numel(), p.Parameter.dim() == 1 ? null : random, stop)))]);
        return Weights.Open(folder);
    }

    /// <summary>Random numbers of either sign and magnitude 1/128 to 1/64, or ones.</summary>
    static void Write(Stream stream, long count, Random? random, CancellationToken stop)
    {
        const ushort One = 0x3F80, Exponent = 0x3C00, SignAndMantissa = 0x807F;
        var part = new ushort[Math.Min(count, 1 << 20)];
        for (; count > 0; count -= part.Length)
        {
            stop.ThrowIfCancellationRequested();
            var some = part.AsSpan(0, (int)Math.Min(count, part.Length));
            random?.NextBytes(MemoryMarshal.AsBytes(some));
            foreach (ref var bits in some)
                bits = random is null ? One : (ushort)(bits & SignAndMantissa | Exponent);
            stream.Write(MemoryMarshal.AsBytes(some));
        }
    }
}
