using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Generation;
using Qwen3Tts.Kernels;
using Qwen3Tts.Loading;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Tests.Checkpoint;
using Qwen3Tts.Text;

namespace Qwen3Tts.Tests.Loading;

/// <summary>A model with its linear layers as whole numbers, made while loading or written before.</summary>
public sealed class QuantizedModelTests
{
    const string Sentence = "Set white at B four now.";

    [Theory]
    [InlineData(WeightPrecision.Int8)]
    [InlineData(WeightPrecision.Int4)]
    public void AWrittenModelSpeaksAsOneThatIsQuantisedWhileItLoads(WeightPrecision precision)
    {
        var folder = Scratch.New("quantized");
        var output = Path.Combine(folder, "model");
        QuantizedModel.Write(ModelFolder.Open(Mini.Model), output,
            precision == WeightPrecision.Int4 ? WeightType.Int4 : WeightType.Int8, _ => { }, default);
        var written = Speak(output, WeightPrecision.Stored);
        Assert.Equal(Speak(Mini.Model, precision), written);
        Assert.Equal(written, Speak(output, WeightPrecision.Int8)); // there is nothing left to quantise
        Assert.NotEqual(Speak(Mini.Model, WeightPrecision.Stored), written);
        Assert.InRange(Length(output), 0.4 * Length(Mini.Model), 0.8 * Length(Mini.Model)); // embeddings and the speaker encoder stay

        var again = Assert.Throws<InvalidDataException>(() =>
            QuantizedModel.Write(ModelFolder.Open(output), Path.Combine(folder, "again"), WeightType.Int8, _ => { }, default));
        Assert.Contains("quantised already", again.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder, "again")));
    }

    /// <summary>The noise of the rounding is measured in <see cref="DecodeTests"/>.</summary>
    [Fact]
    public void OnlyAQuantisedModelRoundsTheDecoderOfItsCodec()
    {
        var model = SmallCheckpoints.Copy(Mini.Model);
        DecodeTests.WriteUnrounded(Path.Combine(model, "speech_tokenizer"));
        Assert.Equal(Speak(Mini.Model, WeightPrecision.Int8), Speak(model, WeightPrecision.Int8));
        Assert.NotEqual(Speak(Mini.Model, WeightPrecision.Stored), Speak(model, WeightPrecision.Stored));
    }

    [Fact]
    public void WeightsThatAreMappedSpeakTheSame() =>
        Assert.Equal(Speak(Mini.Model, WeightPrecision.Stored), Speak(Mini.Model, WeightPrecision.Stored, mapWeights: true));

    [Fact]
    public void WhoNeedsTheOriginalWeightsIsToldSo()
    {
        var output = Path.Combine(Scratch.New("quantized"), "model");
        QuantizedModel.Write(ModelFolder.Open(Mini.Model), output, WeightType.Int8, _ => { }, default);
        using var weights = ModelFolder.Open(output).OpenWeights();
        var name = TensorNames.CodecHead;
        var error = Assert.Throws<InvalidDataException>(() => weights.FileOf(name).Float32(name));
        Assert.Contains("Use the model that this one was quantised from", error.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// Losses of six recordings, with teacher forcing: 3.469 nats of the talker and 4.741 of the code predictor in BF16. The tolerances are
    /// three times what was measured: -0.005 and -0.0007 in int8, 0.039 and 0.0014 in int4, whose code predictor is int8.
    /// </summary>
    [Theory]
    [InlineData(WeightPrecision.Int8, 0.016, 0.0021)]
    [InlineData(WeightPrecision.Int4, 0.117, 0.0042)]
    public void LossesStayCloseToThoseOfBf16(WeightPrecision precision, double talker, double predictor)
    {
        var (stored, quantized) = (Measure(null), Measure(precision == WeightPrecision.Int4 ? WeightType.Int4 : WeightType.Int8));
        Assert.InRange(Math.Abs(quantized.Talker - stored.Talker), 0, talker);
        Assert.InRange(Math.Abs(quantized.Predictor - stored.Predictor), 0, predictor);
    }

    static (double Talker, double Predictor) Measure(WeightType? type)
    {
        var model = ModelFolder.Open(Mini.Model);
        var (talker, encoder) = ModelNetworks.Load(model, Workers.Shared, type);
        var codec = Qwen3Tts.Codec.SpeechCodec.Load(model.CodecPath);
        var tokenizer = TextTokenizer.Load(model.Path);
        var ids = model.Config.SpecialTokens(tokenizer.AssistantHead[^1]);
        var examples = File.ReadLines(Path.Combine(Mini.Folder, "clips", "transcripts.tsv")).Select(l => l.Split('\t')).Select(row =>
        {
            var recording = WavFile.Read(Path.Combine(Mini.Folder, "clips", $"{row[0]}.wav"));
            var sequence = TalkerSequence.Prompt(new()
            {
                Text = tokenizer.Encode(row[1]),
                Voice = encoder!.Embed(recording.ToRate(encoder.SampleRate)),
                Language = "english",
            }, ids);
            foreach (var frame in codec.Encode(recording.ToRate(codec.SampleRate)))
                sequence.Append(new CodecStep.Frame(frame));
            sequence.AppendEnd();
            return TrainingExample.FromSequence(sequence, ids);
        }).ToList();
        var losses = new Measurement(talker, ids, examples).LossesUnder(FaultSet.None);
        return (losses.Talker, losses.Predictor.Mean);
    }

    static float[] Speak(string folder, WeightPrecision precision, bool mapWeights = false)
    {
        using var tts = Tts.Load(folder, new() { Precision = precision, MapWeights = mapWeights });
        var voice = tts.Clone(WavFile.Read(Path.Combine(Mini.Folder, "clips", "rms_1.wav")));
        return tts.Say(Sentence, new SpeechOptions { Voice = voice, Sampling = tts.Sampling with { Seed = 1 } }).Samples;
    }

    static double Length(string folder) => new FileInfo(Path.Combine(folder, "model.safetensors")).Length;
}
