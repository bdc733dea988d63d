using System.Diagnostics;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Talker;
using Qwen3Tts.Training.Bench;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>Runs the measurements of <see cref="MeasuredPeaks"/> in a process of their own, as a training has one. After hundreds of tests
/// in one process, what they left behind takes and gives back memory at any time.</summary>
[Collection(nameof(LeakTests))] // no other test may take the machine's memory
public sealed class PeakMemoryTests
{
    [Fact]
    public void MeasuredPeaksAreThePlans()
    {
        Assert.SkipUnless(PeakMemory.Supported, "The peak of a process can be measured anew on Linux only.");
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(MeasuredPeaks).Assembly.Location, "-explicit", "only", "-class",
            typeof(MeasuredPeaks).FullName!, "-showLiveOutput", "-noColor"])
        { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(process.ExitCode == 0, output);
        Assert.Contains("Total: 8, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
    }
}

/// <summary>Compares plans with measured peaks, for a model that is large against the process's other memory.</summary>
public sealed class MeasuredPeaks
{
    [Theory(Explicit = true)]
    [InlineData(nameof(Precision.Float32), false, int.MaxValue, 1, false)]
    [InlineData(nameof(Precision.Float32), true, 64, 2, false)]
    [InlineData(nameof(Precision.Mixed), false, int.MaxValue, 1, true)]
    [InlineData(nameof(Precision.Mixed), false, 64, 2, false)]
    [InlineData(nameof(Precision.Bfloat16), true, int.MaxValue, 1, false)]
    [InlineData(nameof(Precision.Bfloat16Moments), true, 64, 1, false)]
    [InlineData(nameof(Precision.Bfloat16Moments), true, 64, 2, true)]
    public void TheMeasuredPeakIsThePlan(string precision, bool recompute, int frames, int microBatches, bool lora)
    {
        var way = new TrainingMethod
        {
            Precision = Enum.Parse<Precision>(precision),
            Checkpointing = new(recompute, frames),
            Lora = lora ? new() : null,
        };
        var options = new TrainingBenchOptions { Model = Middling, Frames = 80 };
        var ids = Middling.SpecialTokens(newline: 7);
        var examples = Enumerable.Range(0, 2 * microBatches).Select(i => TrainingBench.Example(options, ids, new Random(i))).ToList();
        var plan = MemoryPlan.Compute(Middling.TalkerConfig, Freezing.ListTensors(Middling.TalkerConfig, way), way,
            new(2, examples.Max(e => e.Positions.Count), options.Frames), microBatches > 1, onCpu: true);
        // A process loads and compiles code in its first steps, which only adds memory, so a value above the plan is measured again. The
        // plan does not include the growth of the runtime's own heap: some ten megabytes.
        const long Runtime = 24 << 20;
        var (least, most) = (0.9 * plan.Peak - Runtime, 1.1 * plan.Peak + Runtime);
        var measured = PeakMemory.Measure(Step);
        for (var again = 0; again < 2 && measured > most; again++)
            measured = Math.Min(measured, PeakMemory.Measure(Step));
        TestContext.Current.TestOutputHelper?.WriteLine($"{measured / 1e6:0} MB, planned {plan.Peak / 1e6:0} MB");
        Assert.InRange(measured, least, most);

        void Step()
        {
            using var scope = NewDisposeScope();
            using var talker = TrainingBench.Random(Middling.TalkerConfig, Placement.Create(way, CPU));
            Freezing.Apply(talker, way);
            using var optimizer = TrainingStep.CreateOptimizer(talker, way, new());
            var batches = examples.Chunk(2).Select(e => new TrainingBatch(e, ids.CodecEos, CPU)).ToList();
            TrainingStep.Run(talker, batches, optimizer, 1e-4, 1, way.Checkpointing);
            batches.ForEach(b => b.Dispose());
        }
    }

    /// <summary>The runtime gives freed arrays back to the system late. What it gives back during the work would lower the peak.</summary>
    [Fact(Explicit = true)]
    public void ArraysThatWereFreedBeforeDoNotCount()
    {
        ones(1).Dispose(); // loads libtorch, where no test did before
        LeaveGarbage();
        var peak = PeakMemory.Measure(() =>
        {
            for (var i = 0; i < 5; i++)
            {
                Thread.Sleep(200); // the runtime gives back on a clock of its own, and tells nobody
                GC.Collect();
            }
            using var numbers = ones(25_000_000); // 100 MB
        });
        Assert.InRange(peak, 95e6, 130e6);

        static void LeaveGarbage()
        {
            var arrays = new List<byte[]>();
            for (var i = 0; i < 5000; i++)
                arrays.Add([.. Enumerable.Repeat((byte)1, 60_000)]);
            GC.KeepAlive(arrays);
        }
    }

    static ModelConfig Middling
    {
        get
        {
            var m = ReleasedShapes.Model("0.6B");
            return m with
            {
                ImStartTokenId = 1,
                ImEndTokenId = 2,
                AssistantTokenId = 3,
                TtsPadTokenId = 4,
                TtsBosTokenId = 5,
                TtsEosTokenId = 6,
                TalkerConfig = m.TalkerConfig with
                {
                    TextVocabSize = 20_000,
                    TextHiddenSize = 512,
                    HiddenSize = 512,
                    IntermediateSize = 1536,
                    NumHiddenLayers = 6,
                    NumAttentionHeads = 8,
                    NumKeyValueHeads = 4,
                    HeadDim = 64,
                    CodePredictorConfig = m.TalkerConfig.CodePredictorConfig with
                    {
                        HiddenSize = 384,
                        IntermediateSize = 1000,
                        NumHiddenLayers = 3,
                        NumAttentionHeads = 6,
                        NumKeyValueHeads = 3,
                        HeadDim = 64,
                    },
                },
            };
        }
    }
}
