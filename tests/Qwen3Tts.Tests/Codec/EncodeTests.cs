using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests;

/// <summary>Waveform to codes, compared with the official encoder stage by stage.</summary>
public sealed class EncodeTests
{
    const double Tolerance = 1e-5; // difference relative to the stage's largest value

    static readonly string[] Stages = ["first_conv", "seanet", "transformer", "downsample", "semantic_in", "acoustic_in"];

    public static TheoryData<string> Cases => CodecGoldens.Cases("encode", ".wav");

    [Theory, MemberData(nameof(Cases))]
    public void EveryStageIsTheOfficialOne(string name)
    {
        using var golden = CodecGoldens.File("encode");
        var stages = new Dictionary<string, List<float>>();
        var codes = CodecGoldens.Codec.Encode(Wave(golden.Float32($"{name}.wav")), CodecGoldens.Into(stages));
        foreach (var stage in Stages.Where(s => golden.Tensors.ContainsKey($"{name}.{s}")))
        {
            var expected = stage == "transformer" ? golden.Float32($"{name}.{stage}") : golden.Transposed($"{name}.{stage}");
            Parity.Check("codec", "encode, stages (of the largest)",
                Parity.Difference([.. stages[stage]], expected) / Parity.Largest(expected), Tolerance, $"{name}, {stage}");
        }
        CodecGoldens.CheckCodes("encode, codes", golden.Codes($"{name}.codes"), codes, golden.Float32($"{name}.margin"), name);
    }

    [Theory, MemberData(nameof(Cases))]
    public void TheQuantizersBeyondTheUsedOnesAreReadRightToo(string name)
    {
        using var golden = CodecGoldens.File("encode");
        using var weights = Weights.Open(CodecGoldens.Folder);
        using var workers = new Workers(1);
        var config = CodecConfig.Read(Path.Combine(CodecGoldens.Folder, "config.json")).EncoderConfig;
        var encoder = new FrameEncoder(weights, config, config.NumQuantizers);
        var stages = new Dictionary<string, List<float>>();
        var codes = encoder.Encode(golden.Float32($"{name}.wav"), encoder.CreateState(), workers, CodecGoldens.Into(stages));
        var expected = golden.Codes($"{name}.codes_all_quantizers");
        CodecGoldens.CheckCodes("encode, all quantizers", expected, codes, CodecGoldens.Margins(expected, stages), name);
    }

    public static TheoryData<string> BatchCases => CodecGoldens.Cases("encode_batch", ".alone");

    [Theory, MemberData(nameof(BatchCases))]
    public void EachOfABatchGetsTheCodesItGetsAlone(string name)
    {
        using var golden = CodecGoldens.File("encode_batch");
        Check(golden.Float32($"{name}.wav"), golden.Codes($"{name}.alone"), $"batch {name}");
    }

    [Fact]
    public void StereoIsAveragedBeforeItIsEncoded()
    {
        using var golden = CodecGoldens.File("encode_batch");
        var channels = golden.Entry("stereo.wav").Shape[1];
        Check([.. golden.Float32("stereo.wav").Chunk(channels).Select(s => s.Sum() / channels)], golden.Codes("stereo.codes"), "stereo");
    }

    public static TheoryData<string> References =>
        [.. Golden.Json("prompts", "references.json").EnumerateObject()
        .Where(r => r.Value.GetProperty("rate").GetInt32() == CodecGoldens.Codec.SampleRate).Select(r => r.Name)];

    [Theory, MemberData(nameof(References))]
    public void ReferencesOfClonesGetTheOfficialCodes(string name)
    {
        using var golden = SafetensorsFile.Open(Golden.File("prompts", "references.safetensors"));
        Check(golden.Float32($"{name}.wav"), golden.Codes($"{name}.codes"), name);
    }

    [Fact]
    public void APieceMoreThanTheNetworkTakesAtOnceChangesNoEarlierFrame()
    {
        var (codec, random) = (CodecGoldens.Codec, new Random(3));
        float[] samples = [.. Enumerable.Range(0, 50 * codec.SamplesPerFrame + 77)
            .Select(i => 0.3f * MathF.Sin(i * 0.02f) + 0.1f * random.NextSingle())];
        var whole = codec.Encode(Wave(samples));
        Assert.Equal(51, whole.Length);
        Assert.Contains(whole, f => !f.SequenceEqual(whole[0]));
        foreach (var frames in new[] { 1, 16, 17, 40 })
            Assert.Equal(whole[..frames], codec.Encode(Wave(samples[..(frames * codec.SamplesPerFrame)])));
    }

    [Fact]
    public void ThreadsChangeNoCodeAndNoBitOfAStage()
    {
        using var golden = CodecGoldens.File("encode");
        using var one = new Workers(1);
        using var three = new Workers(3);
        var samples = Wave(golden.Float32(golden.Tensors.Values.Where(t => t.Name.EndsWith(".wav", StringComparison.Ordinal))
            .MaxBy(t => t.Elements)!.Name));
        var (a, b) = (new Dictionary<string, List<float>>(), new Dictionary<string, List<float>>());
        Assert.Equal(SpeechCodec.Load(CodecGoldens.Folder, one).Encode(samples, CodecGoldens.Into(a)),
            SpeechCodec.Load(CodecGoldens.Folder, three).Encode(samples, CodecGoldens.Into(b)));
        Assert.All(Stages, s => Assert.Equal(a[s], b[s]));
    }

    [Fact]
    public void EmptyAudioAndAWrongRateAreNamed()
    {
        var codec = CodecGoldens.Codec;
        Assert.Contains("0 samples", Assert.Throws<ArgumentException>(() => codec.Encode(Wave([]))).Message);
        var e = Assert.Throws<ArgumentException>(() => codec.Encode(new Waveform(new float[100], 44100)));
        Assert.Contains("44100", e.Message);
        Assert.Contains($"ToRate({codec.SampleRate})", e.Message);
    }

    static void Check(float[] samples, int[][] expected, string what)
    {
        var stages = new Dictionary<string, List<float>>();
        var codes = CodecGoldens.Codec.Encode(Wave(samples), CodecGoldens.Into(stages));
        CodecGoldens.CheckCodes("encode, codes", expected, codes, CodecGoldens.Margins(expected, stages), what);
    }

    static Waveform Wave(float[] samples) => new(samples, CodecGoldens.Codec.SampleRate);
}
