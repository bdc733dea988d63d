using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Speaker;

namespace Qwen3Tts.Tests;

/// <summary>Mel spectrogram and x-vector, compared with the official speaker encoder stage by stage.</summary>
public sealed class SpeakerTests
{
    const double Tolerance = 1e-5; // difference relative to the stage's largest value

    /// <summary>Checkpoints whose x-vectors are in the goldens, with the cases.</summary>
    public static TheoryData<string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var model in Golden.Checkpoints.Where(c => File.Exists(Golden.File("speaker", $"{c}.safetensors"))))
            {
                using var golden = SafetensorsFile.Open(Golden.File("speaker", $"{model}.safetensors"));
                foreach (var name in golden.Tensors.Keys.Where(n => n.EndsWith(".x_vector", StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal))
                    data.Add(model, name[..^".x_vector".Length]);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void EveryStageIsTheOfficialOne(string model, string name)
    {
        using var golden = SafetensorsFile.Open(Golden.File("speaker", $"{model}.safetensors"));
        using var waves = SafetensorsFile.Open(Golden.File("speaker", "mel.safetensors"));
        var samples = waves.Float32(waves.Tensors.ContainsKey($"{name}.at_24000") ? $"{name}.at_24000" : $"{name}.wav");
        var stages = new Dictionary<string, float[]>();
        var voice = SpeakerEncoder.Load(Golden.Checkpoint(model)).Embed(new Waveform(samples, 24000),
            (stage, rows) => stages[stage] = rows.ToArray());
        foreach (var stage in stages.Keys.Where(s => golden.Tensors.ContainsKey($"{name}.{s}")))
            Check("stages (of the largest)", stages[stage], golden.Transposed($"{name}.{stage}"), $"{model}, {name}, {stage}");
        Check("x-vector (of the largest)", voice, golden.Float32($"{name}.x_vector"), $"{model}, {name}");
    }

    public static TheoryData<string> MelCases
    {
        get
        {
            using var golden = SafetensorsFile.Open(Golden.File("speaker", "mel.safetensors"));
            return [.. golden.Tensors.Keys.Where(n => n.EndsWith(".mel", StringComparison.Ordinal)).Select(n => n[..^4])];
        }
    }

    [Theory, MemberData(nameof(MelCases))]
    public void TheMelIsTheOfficialOne(string name)
    {
        using var golden = SafetensorsFile.Open(Golden.File("speaker", "mel.safetensors"));
        var mel = new MelSpectrogram(24000, golden.Entry($"{name}.mel").Shape[0]).Compute(golden.Float32($"{name}.wav"));
        Parity.Check("speaker", "log mel", Parity.Difference(mel, golden.Transposed($"{name}.mel")), 2e-4, name);
    }

    [Fact]
    public void FiltersAndWindowAreThoseOfLibrosaAndTorch()
    {
        using var golden = SafetensorsFile.Open(Golden.File("speaker", "mel_basis.safetensors"));
        var bands = golden.Entry("mel_basis").Shape[0];
        Parity.Check("speaker", "mel filters, window",
            Parity.Difference(new MelSpectrogram(24000, bands).Basis, golden.Float32("mel_basis")), 1e-7);
        Parity.Check("speaker", "mel filters, window", Parity.Difference(MelSpectrogram.Hann, golden.Float32("hann")), 1e-7);
    }

    [Fact]
    public void ReferencesOfClonesGetTheOfficialVectors()
    {
        using var golden = SafetensorsFile.Open(Golden.File("prompts", "references.safetensors"));
        var cases = Golden.Json("prompts", "references.json").EnumerateObject().Where(r => r.Value.GetProperty("rate").GetInt32() == 24000)
            .Select(r => r.Name).ToList();
        Assert.NotEmpty(cases);
        foreach (var model in Golden.Checkpoints.Where(m => golden.Tensors.ContainsKey($"{cases[0]}.{m}.x_vector")))
        {
            var encoder = SpeakerEncoder.Load(Golden.Checkpoint(model));
            foreach (var name in cases)
                Check("x-vector (of the largest)", encoder.Embed(new Waveform(golden.Float32($"{name}.wav"), 24000)),
                    golden.Float32($"{name}.{model}.x_vector"), $"{model}, {name}");
        }
    }

    [Fact]
    public void ThreadsChangeNoBit()
    {
        using var one = new Workers(1);
        using var three = new Workers(3);
        var random = new Random(8);
        var wave = new Waveform([.. Enumerable.Range(0, 30000).Select(_ => random.NextSingle() - 0.5f)], 24000);
        var model = ModelFolder.Open(BaseModel);
        Assert.Equal(SpeakerEncoder.Load(model, one).Embed(wave), SpeakerEncoder.Load(model, three).Embed(wave));
    }

    public static TheoryData<string> Models => [.. Golden.Json("speaker", "speaker.json").EnumerateObject().Select(m => m.Name)];

    [Theory, MemberData(nameof(Models))]
    public void ARecordingThatTheOfficialEncoderCannotTakeIsNamed(string model)
    {
        var encoder = SpeakerEncoder.Load(Golden.Checkpoint(model));
        foreach (var length in Golden.Json("speaker", "speaker.json").GetProperty(model).GetProperty("too_short").EnumerateObject())
        {
            var samples = int.Parse(length.Name, System.Globalization.CultureInfo.InvariantCulture);
            if (length.Value.GetString() == "works")
                Assert.Equal(encoder.Dimension, encoder.Embed(new Waveform(new float[samples], 24000)).Length);
            else
                Assert.Contains($"{samples} samples",
                    Assert.Throws<ArgumentException>(() => encoder.Embed(new Waveform(new float[samples], 24000))).Message);
        }
        var least = encoder.LeastSamples;
        Assert.Equal(encoder.Dimension, encoder.Embed(new Waveform(new float[least], 24000)).Length);
        Assert.Contains($"at least {least}",
            Assert.Throws<ArgumentException>(() => encoder.Embed(new Waveform(new float[least - 1], 24000))).Message);
    }

    [Fact]
    public void TheReleasedSizesNeedSamplesForFiveRowsOfMel()
    {
        var folder = Scratch.New();
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [TensorToWrite.FromArray("none", [1], [0f])]);
        using var weights = Weights.Open(folder); // only the shapes matter, so missing tensors are zeros
        using var workers = new Workers(1);
        Assert.Equal(1280, new SpeakerEncoder(weights, new SpeakerEncoderConfig(1024, 24000), workers).LeastSamples);
    }

    [Fact]
    public void AnotherRateIsNamed() =>
        Assert.Contains("ToRate(24000)",
            Assert.Throws<ArgumentException>(() => SpeakerEncoder.Load(BaseModel).Embed(new Waveform(new float[48000], 16000))).Message);

    [Fact]
    public void AModelWithoutSpeakerEncoderIsNamed()
    {
        var model = Golden.Checkpoints.First(c => ModelFolder.Open(Golden.Checkpoint(c)).Config.SpeakerEncoderConfig is null);
        Assert.Contains("Base", Assert.Throws<InvalidDataException>(() => SpeakerEncoder.Load(Golden.Checkpoint(model))).Message);
    }

    /// <summary>The official script writes such a folder: the encoder's configuration is there, and its tensors are not.</summary>
    [Fact]
    public void AFineTunedModelHasNoSpeakerEncoder()
    {
        var folder = Scratch.New("tuned");
        foreach (var file in Directory.GetFiles(BaseModel, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(folder, Path.GetRelativePath(BaseModel, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        var config = Path.Combine(folder, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"base\"", "\"custom_voice\"", StringComparison.Ordinal));
        Assert.Contains("Take a Base model", Assert.Throws<InvalidDataException>(() => SpeakerEncoder.Load(folder)).Message,
            StringComparison.Ordinal);
    }

    static string BaseModel => Golden.Checkpoint(Golden.Checkpoints.First(c => ModelFolder.Open(Golden.Checkpoint(c)).Config.CanClone));

    static void Check(string mode, float[] actual, float[] expected, string what) =>
        Parity.Check("speaker", mode, Parity.Difference(actual, expected) / Parity.Largest(expected), Tolerance, what);
}
