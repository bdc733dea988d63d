using Qwen3Tts.Checkpoint;
using Qwen3Tts.Talker;
using Qwen3Tts.Training.Bench;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Step;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>Compares plans with measured peaks, for a model that is large against the process's other memory.</summary>
[Collection(nameof(LeakTests))] // no other test may take the machine's memory
public sealed class PeakMemoryTests
{
    static readonly (Precision Precision, bool Recompute, int Frames, int MicroBatches, bool Lora)[] Methods =
    [
        (Precision.Float32, false, int.MaxValue, 1, false),
        (Precision.Float32, true, 64, 2, false),
        (Precision.Mixed, false, int.MaxValue, 1, true),
        (Precision.Mixed, false, 64, 2, false),
        (Precision.Bfloat16, true, int.MaxValue, 1, false),
        (Precision.Bfloat16Moments, true, 64, 1, false),
        (Precision.Bfloat16Moments, true, 64, 2, true),
    ];

    [Fact]
    public void TheMeasuredPeakIsThePlan()
    {
        SkipUnlessMeasured();
        OwnProcess.Run(() => Assert.All(Methods, m => Compare(new()
        {
            Precision = m.Precision,
            Checkpointing = new(m.Recompute, m.Frames),
            Lora = m.Lora ? new() : null,
        }, m.MicroBatches)));
    }

    static void SkipUnlessMeasured() =>
        Assert.SkipUnless(PeakMemory.Supported, "The peak of a process can be measured anew on Linux only.");

    static void Compare(TrainingMethod way, int microBatches)
    {
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
    [Fact]
    public void ArraysThatWereFreedBeforeDoNotCount()
    {
        SkipUnlessMeasured();
        OwnProcess.Run(MeasureAfterGarbage);
    }

    static void MeasureAfterGarbage()
    {
        ones(1).Dispose(); // loads libtorch
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
