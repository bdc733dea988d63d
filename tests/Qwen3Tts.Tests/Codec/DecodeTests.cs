using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Tests;

/// <summary>Codes to waveform: compared with the official decoder stage by stage, and streamed with whole.</summary>
public sealed class DecodeTests
{
    const double Tolerance = 5e-5; // difference of samples
    const double StageTolerance = 2e-5; // difference relative to the stage's largest value

    public static TheoryData<string> Cases => CodecGoldens.Cases("decode", ".wav");

    [Theory, MemberData(nameof(Cases))]
    public void EveryStageIsTheOfficialOne(string name)
    {
        using var golden = CodecGoldens.File("decode");
        var stages = new Dictionary<string, List<float>>();
        var samples = CodecGoldens.Codec.CreateStream().Push(golden.Codes($"{name}.codes"), CodecGoldens.Into(stages));
        var expectedStages = golden.Tensors.Keys.Where(n => n.StartsWith($"{name}.", StringComparison.Ordinal))
            .Select(n => n[(name.Length + 1)..]).Except(["codes", "wav"]).ToList();
        Assert.NotEmpty(expectedStages);
        foreach (var stage in expectedStages)
        {
            var expected = stage.StartsWith("pre_transformer", StringComparison.Ordinal) ? golden.Float32($"{name}.{stage}")
                : golden.Transposed($"{name}.{stage}");
            Parity.Check("codec", "decode, stages (of the largest)",
                Parity.Difference([.. stages[stage]], expected) / Parity.Largest(expected), StageTolerance, $"{name}, {stage}");
        }
        Parity.Check("codec", "decode, samples", Parity.Difference(samples, golden.Float32($"{name}.wav")), Tolerance, name);
    }

    [Fact]
    public void EveryEntryOfEveryCodebookIsTheOfficialOne()
    {
        using var golden = CodecGoldens.File("decode");
        var stages = new Dictionary<string, List<float>>();
        CodecGoldens.Codec.CreateStream().Push(golden.Codes("every_entry.codes"), CodecGoldens.Into(stages));
        var expected = golden.Transposed("every_entry.quantized");
        Parity.Check("codec", "decode, every codebook entry (of the largest)",
            Parity.Difference([.. stages["quantized"]], expected) / Parity.Largest(expected), StageTolerance);
    }

    [Fact]
    public void WholeDecodingIsTheOfficialDecoderAndItsChunksCanBeReproduced()
    {
        const int chunk = 300, context = 25;
        using var golden = CodecGoldens.File("decode_chunked");
        var codes = golden.Codes("codes");
        var codec = CodecGoldens.Codec;
        var whole = codec.Decode(codes).Samples;
        var expected = golden.Float32("whole_from_frame_297");
        Parity.Check("codec", "decode, samples", Parity.Difference(whole[^expected.Length..], expected), Tolerance, "whole");
        var chunked = new List<float>();
        for (var start = 0; start < codes.Length; start += chunk)
        {
            var before = Math.Min(start, context);
            chunked.AddRange(codec.Decode(
                codes[(start - before)..Math.Min(start + chunk, codes.Length)]).Samples[(before * codec.SamplesPerFrame)..]);
        }
        expected = golden.Float32("chunked_from_frame_297");
        Parity.Check("codec", "decode in the official chunks of 300, samples",
            Parity.Difference([.. chunked[^expected.Length..]], expected), Tolerance);
    }

    public static TheoryData<string> BatchCases => CodecGoldens.Cases("decode_batch", ".wav");

    [Theory, MemberData(nameof(BatchCases))]
    public void EachOfABatchIsDecodedAlone(string name)
    {
        using var golden = CodecGoldens.File("decode_batch");
        Parity.Check("codec", "decode, samples",
            Parity.Difference(CodecGoldens.Codec.Decode(golden.Codes($"{name}.codes")).Samples, golden.Float32($"{name}.wav")), Tolerance,
            $"batch {name}");
    }

    [Fact]
    public void TheMiniatureDecodesLikeTheOfficialPackage()
    {
        using var golden = SafetensorsFile.Open(Path.Combine(Mini.Folder, "golden", "mini.safetensors"));
        var codec = SpeechCodec.Load(Path.Combine(Mini.Model, "speech_tokenizer"));
        foreach (var name in golden.Tensors.Keys.Where(n => n.EndsWith(".wav", StringComparison.Ordinal)).Select(n => n[..^4]))
        {
            var codes = golden.Codes($"{name}.codes");
            // in-context ones are cut
            if (codes.Length * codec.SamplesPerFrame is var samples && samples == golden.Entry($"{name}.wav").Elements)
                Parity.Check("codec", "decode, samples", Parity.Difference(codec.Decode(codes).Samples, golden.Float32($"{name}.wav")),
                    Tolerance, $"miniature, {name}");
        }
    }

    [Fact]
    public void AStreamGivesTheWholeBitForBitHoweverItIsCut()
    {
        var codec = CodecGoldens.Codec;
        var random = new Random(11);
        var codes = RandomFrames(codec, random, 90);
        var whole = codec.Decode(codes).Samples;
        Assert.True(Parity.Largest(whole) > 0.1);
        for (var round = 0; round < 12; round++)
        {
            var (stream, other) = (codec.CreateStream(), codec.CreateStream());
            var streamed = new List<float>();
            var largest = round switch { 0 => 1, 1 => 90, _ => random.Next(2, 40) };
            for (var from = 0; from < codes.Length;)
            {
                var count = round < 2 ? largest : random.Next(0, Math.Min(largest, codes.Length - from) + 1);
                streamed.AddRange(stream.Push(codes[from..(from + count)]));
                other.Push(RandomFrames(codec, random, 1)); // a second stream does not change the first one
                from += count;
            }
            Assert.Equal(whole, streamed);
        }
    }

    /// <summary>
    /// The miniature's codec is stored in BF16. Each weight gets a random part that rounding takes away, as a trained float32 codec has it.
    /// </summary>
    [Fact]
    public void WeightsInBf16AddLittleNoise()
    {
        var folder = Scratch.New("codec");
        WriteUnrounded(folder);
        var (codec, rounded) = (SpeechCodec.Load(folder), SpeechCodec.Load(folder, Workers.Shared, bfloat16: true));
        foreach (var clip in Directory.GetFiles(Path.Combine(Mini.Folder, "clips"), "*.wav"))
        {
            var codes = codec.Encode(WavFile.Read(clip).ToRate(codec.SampleRate));
            Assert.Equal(codes, rounded.Encode(WavFile.Read(clip).ToRate(codec.SampleRate))); // only the decoder is rounded
            var (exact, other) = (codec.Decode(codes).Samples, rounded.Decode(codes).Samples);
            var noise = exact.Zip(other, (a, b) => (double)(a - b) * (a - b)).Sum() / exact.Sum(a => (double)a * a);
            Assert.InRange(10 * Math.Log10(noise), -100, -50); // -58.2 to -55.5 dB when it was written
            var stream = rounded.CreateStream();
            Assert.Equal(other, codes.SelectMany(frame => stream.Push([frame])));
        }
    }

    /// <summary>The miniature's codec with weights of the decoder that BF16 rounds to those of the miniature.</summary>
    internal static void WriteUnrounded(string folder)
    {
        var from = Path.Combine(Mini.Model, "speech_tokenizer");
        using var stored = Weights.Open(from);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. stored.Entries.Select(e =>
            IsRounded(e) ? TensorToWrite.FromArray(e.Name, e.Shape, Unround(stored.FileOf(e.Name).Float32(e.Name)))
                : TensorToWrite.Copy(stored.FileOf(e.Name), e))]);
        File.Copy(Path.Combine(from, "config.json"), Path.Combine(folder, "config.json"), overwrite: true);

        static bool IsRounded(TensorEntry e) => e.Name.StartsWith("decoder.", StringComparison.Ordinal) && e.Shape.Length > 1
            && e.Name.EndsWith(".weight", StringComparison.Ordinal) && !e.Name.Contains("dwconv", StringComparison.Ordinal)
            && !e.Name.Contains("quantizer", StringComparison.Ordinal);
    }

    static float[] Unround(float[] weights)
    {
        var random = new Random(weights.Length);
        for (var i = 0; i < weights.Length; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(weights[i]);
            weights[i] = BitConverter.UInt32BitsToSingle((uint)(bits + random.Next(-0x7FFF, 0x8000)));
        }
        return weights;
    }

    [Fact]
    public void ThreadsChangeNoBit()
    {
        using var one = new Workers(1);
        using var three = new Workers(3);
        var codes = RandomFrames(CodecGoldens.Codec, new(4), 33);
        Assert.Equal(SpeechCodec.Load(CodecGoldens.Folder, one).Decode(codes).Samples,
            SpeechCodec.Load(CodecGoldens.Folder, three).Decode(codes).Samples);
    }

    [Fact]
    public void ASecondOfAStreamCostsTheSameMemoryLateAsEarly()
    {
        var codec = CodecGoldens.Codec;
        var stream = codec.CreateStream();
        var codes = RandomFrames(codec, new(5), 10);
        for (var i = 0; i < 30; i++)
            stream.Push(codes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
            stream.Push(codes);
        var samples = 20L * codes.Length * codec.SamplesPerFrame * sizeof(float);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, samples, samples + 400_000);
    }

    [Fact]
    public void NoFramesAreNoSamples() => Assert.Empty(CodecGoldens.Codec.Decode([]).Samples);

    [Fact]
    public void FramesThatAreNoneAreNamedAndLeaveTheStreamAsItWas()
    {
        var codec = CodecGoldens.Codec;
        var codes = RandomFrames(codec, new(6), 3);
        var stream = codec.CreateStream();
        var begin = stream.Push(codes[..1]);
        int[] tooLarge = [.. codes[1]];
        tooLarge[7] = codec.CodebookSize;
        Assert.Contains($"Frame 1 has the code {codec.CodebookSize} in codebook 7",
            Assert.Throws<ArgumentException>(() => stream.Push([codes[1], tooLarge])).Message);
        tooLarge[7] = -1;
        Assert.Throws<ArgumentException>(() => stream.Push([tooLarge]));
        Assert.Contains($"has {codec.CodesPerFrame - 1} codes",
            Assert.Throws<ArgumentException>(() => stream.Push([codes[1][1..]])).Message);
        float[] all = [.. begin, .. stream.Push(codes[1..])];
        Assert.Equal(codec.Decode(codes).Samples, all);
    }

    static int[][] RandomFrames(SpeechCodec codec, Random random, int count) =>
        [.. Enumerable.Range(0, count)
            .Select(_ => Enumerable.Range(0, codec.CodesPerFrame).Select(_ => random.Next(codec.CodebookSize)).ToArray())];
}
