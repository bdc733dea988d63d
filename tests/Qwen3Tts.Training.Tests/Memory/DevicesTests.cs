using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Step;
using TorchSharp;
using static TorchSharp.torch;

namespace Qwen3Tts.Tests;

/// <summary>
/// Placement without a GPU. On the meta device tensors have type, shape and device, but no numbers. An operation on tensors of two devices
/// is an error there, as on a GPU. This libtorch can neither gather rows nor compute attention on the meta device, so the devices of all
/// tensors at the start of a step are checked; types are checked by a real step on the CPU.
/// </summary>
public sealed class DevicesTests
{
    static readonly Device Meta = new(DeviceType.META);

    [Theory]
    [InlineData(nameof(Precision.Float32), false)]
    [InlineData(nameof(Precision.Mixed), false)]
    [InlineData(nameof(Precision.Bfloat16Moments), true)]
    public void AllTensorsAreOnTheRequestedDevice(string precision, bool lora)
    {
        using var scope = NewDisposeScope();
        var way = new TrainingMethod { Precision = Enum.Parse<Precision>(precision), Lora = lora ? new() { Rank = 2 } : null };
        foreach (var name in TrainingGolden.Cases)
        {
            var config = TrainingGolden.Folder(TrainingGolden.Model(name)).Config.TalkerConfig;
            using var talker = new TalkerModule(config, Placement.Create(way, Meta));
            Freezing.Apply(talker, way);
            using var batch = new TrainingBatch(TrainingGolden.Examples(name), config.CodecEosTokenId, Meta);
            Assert.All(typeof(TrainingBatch).GetProperties().Select(p => p.GetValue(batch)).OfType<Tensor>(), t =>
                Assert.Equal(DeviceType.META, t.device_type));
            Assert.Empty(talker.buffers());
            void Lies(Tensor tensor) => Assert.Equal((DeviceType.META, way.WeightType), (tensor.device_type, tensor.dtype));
            Assert.All(talker.parameters(), Lies);
            Tensor Rows(params long[] shape) => empty(shape, dtype: way.WeightType, device: Meta);
            Lies(talker.text_projection.call(Rows(5, config.TextHiddenSize)));
            Lies(talker.codec_head.call(Rows(5, config.HiddenSize)));
            var rotary = Rotary.Create(7, config, way.WeightType, Meta);
            Lies(rotary.Cos);
            Lies(rotary.Rotate(Rows(2, config.NumAttentionHeads, 7, config.HeadDim)));
        }
    }

    [Theory]
    [InlineData(nameof(Precision.Float32))]
    [InlineData(nameof(Precision.Mixed))]
    [InlineData(nameof(Precision.Bfloat16))]
    [InlineData(nameof(Precision.Bfloat16Moments))]
    public void EverythingHasTheTypeThatWasAskedFor(string precision)
    {
        using var scope = NewDisposeScope();
        var way = new TrainingMethod { Precision = Enum.Parse<Precision>(precision) };
        var name = TrainingGolden.Cases.First();
        using var talker = TalkerWeights.Load(TrainingGolden.Folder(TrainingGolden.Model(name)), Placement.Create(way, CPU));
        Freezing.Apply(talker, way);
        using var optimizer = TrainingStep.CreateOptimizer(talker, way, new());
        using var batch = TrainingGolden.Batch(name);
        Assert.Equal(way.WeightType, talker.Embed(batch).dtype);
        var loss = Loss.Compute(talker, batch);
        // cross-entropy is never computed in BF16
        Assert.Equal((ScalarType.Float32, ScalarType.Float32), (loss.Talker.dtype, loss.Predictor.dtype));
        TrainingStep.Accumulate(talker, [batch]);
        Assert.All(Freezing.ListTrained(talker), p =>
            Assert.Equal((way.WeightType, way.WeightType), (p.Parameter.dtype, p.Parameter.grad!.dtype)));
        foreach (var (kept, tensor) in optimizer.StoredTensors)
            // the lower half of a master
            Assert.Equal(kept.Contains('/') ? way.MomentType : way.HasMasters ? ScalarType.Int16 : way.WeightType, tensor.dtype);
    }

    [Fact]
    public void ADeviceThatIsNotThereIsRefused()
    {
        Assert.Contains("tpu", Assert.Throws<ArgumentException>(() => Devices.Choose("tpu")).Message);
        Assert.Equal(DeviceType.CPU, Devices.Choose("CPU").type);
        Assert.Equal(cuda.is_available() ? DeviceType.CUDA : DeviceType.CPU, Devices.Choose(null).type);
        if (!cuda.is_available())
            Assert.Contains("-p:Cuda=12.8", Assert.Throws<ArgumentException>(() => Devices.Choose("cuda")).Message);
    }

    [Fact]
    public void AGpuIsNotAskedForFloat32() =>
        Assert.Equal([Precision.Mixed, Precision.Bfloat16, Precision.Bfloat16Moments], Devices.Precisions(new(DeviceType.CUDA)));
}
