using System.Text.Json.Nodes;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Generation;
using Qwen3Tts.Loading;
using Qwen3Tts.Tests.Cli;
using Qwen3Tts.Voices;

namespace Qwen3Tts.Tests.Voices;

/// <summary>Voices in files, and models that get a speaker encoder.</summary>
public sealed class VoiceFileTests
{
    const string Said = "The concert is on Friday at nine.", Text = "Set white at B four now.";
    static readonly Lazy<Tts> Model = new(() => Tts.Load(Mini.Model, new() { Threads = 1 }));

    static string Clip(string name) => Path.Combine(Mini.Folder, "clips", $"{name}.wav");

    static (int Code, string Output, string Error) Voice(params string[] arguments) => CommandTests.Run(["voice", .. arguments]);

    static float[] Speak(Tts tts, Voice voice) =>
        tts.Say(Text, new() { Voice = voice, Sampling = tts.Sampling with { Seed = 7, MaxFrames = 6 } }).Samples;

    static VoiceFile Created(params string[] clips) =>
        Model.Value.CreateVoice(clips[0], [.. clips.Select(c => (c, WavFile.Read(Clip(c))))]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SpeechWithTheFileIsSpeechWithTheRecording(bool inContext)
    {
        var folder = Scratch.New();
        string In(string name) => Path.Combine(folder, name);
        string[] more = inContext ? ["--transcript", Said] : [];
        string[] Say(string voice, string output) =>
            ["say", Text, "--model", Mini.Model, "--voice", voice, "--seed", "7", "--max-seconds", "0.6", "-o", In(output)];
        var (code, _, error) = Voice(["create", "--recording", Clip("rms_1"), "--model", Mini.Model, "-o", In("me.safetensors"), .. more]);
        Assert.Equal((0, ""), (code, error));
        File.Move(In("me.safetensors"), In("me.bin")); // it is known by its content
        Assert.Equal(0, CommandTests.Run([.. Say(Clip("rms_1"), "a.wav"), .. more]).Code);
        Assert.Equal(0, CommandTests.Run(Say(In("me.bin"), "b.wav")).Code);
        Assert.Equal(File.ReadAllBytes(In("a.wav")), File.ReadAllBytes(In("b.wav")));
        var shown = Voice("show", In("me.bin")).Output;
        Assert.Contains("recording rms_1.wav", shown, StringComparison.Ordinal);
        Assert.Contains(inContext ? Said : "the vector alone", shown, StringComparison.Ordinal);
        Assert.Contains("Leave --transcript out",
            CommandTests.Run([.. Say(In("me.bin"), "c.wav"), "--transcript", Said]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileHasEverythingThatWasWritten()
    {
        var path = Path.Combine(Scratch.New(), "new", "me.voice.safetensors");
        var written = Model.Value.CreateVoice("mé", [("rms_1.wav", WavFile.Read(Clip("rms_1")))], Said) with { Language = "English" };
        written.Write(path);
        var read = VoiceFile.Read(path);
        Assert.Equal(written.Voice.Vector, read.Voice.Vector);
        Assert.Equal(written.Voice.Frames, read.Voice.Frames);
        Assert.Equal((written.Voice.Transcript, written.Name, written.Language, written.EncoderSha256, written.CodecSha256, written.Made,
            written.MadeBy),
            (read.Voice.Transcript, read.Name, read.Language, read.EncoderSha256, read.CodecSha256, read.Made, read.MadeBy));
        Assert.Equal(written.Parts, read.Parts);
        Assert.True(VoiceFile.IsVoice(path));
        Assert.False(VoiceFile.IsVoice(Clip("rms_1")));
        Assert.Equal(Speak(Model.Value, written.Voice), Speak(Model.Value, Model.Value.Use(read)));
        SafetensorsWriter.Write(path, [TensorToWrite.FromArray("vector", [2], [1f, 2f])]);
        Assert.Contains("is no voice file", Assert.Throws<InvalidDataException>(() => VoiceFile.Read(path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void AVoiceThatDoesNotFitIsRefused()
    {
        var file = Model.Value.CreateVoice("me", [("rms_1.wav", WavFile.Read(Clip("rms_1")))], Said);
        void Refused(VoiceFile other, string because) => Assert.Contains(because,
            Assert.Throws<ArgumentException>(() => Model.Value.Use(other)).Message, StringComparison.Ordinal);
        Refused(file with { Voice = file.Voice with { Vector = [1, 2] } }, "another size");
        Refused(file with { EncoderSha256 = "00" }, "speaker encoder 00");
        Refused(file with { CodecSha256 = "00" }, "another codec");
        Refused(file with { Voice = file.Voice with { Frames = [[1, 2, 3]] } }, "another codec");
        Assert.Same(file.Voice, Model.Value.Use(file));
        using var custom = Tts.Load(CustomVoice());
        Assert.Contains("has no speaker encoder", custom.Use(file).Warnings[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void AMixIsTheWeightedMean()
    {
        var folder = Scratch.New();
        string In(string name) => Path.Combine(folder, name + VoiceFile.Extension);
        var (a, b) = (Created("rms_1"), Created("slt_1"));
        a.Write(In("a"));
        b.Write(In("b"));
        Assert.Equal((0, ""), Voice("mix", In("a") + ":3", In("b"), "-o", In("c")) is var run ? (run.Code, run.Error) : default);
        var mixed = VoiceFile.Read(In("c"));
        Assert.All(mixed.Voice.Vector.Select((v, i) => (v, i)),
            p => Assert.Equal(0.75 * a.Voice.Vector[p.i] + 0.25 * b.Voice.Vector[p.i], p.v, 1e-5));
        Assert.Equal([0.75, 0.25], mixed.Parts.Select(p => p.Weight));
        Assert.Empty(mixed.Voice.Frames);
        var mean = Created("rms_1", "slt_1");
        Assert.All(mean.Voice.Vector.Select((v, i) => (v, i)),
            p => Assert.Equal((a.Voice.Vector[p.i] + b.Voice.Vector[p.i]) / 2, p.v, 1e-5));
        var list = Voice("list", folder).Output;
        Assert.Equal(3, list.Trim().Split('\n').Length);
        Assert.Contains("above 0", Voice("mix", In("a") + ":-1", In("b"), "-o", In("d")).Error, StringComparison.Ordinal);
        Assert.Contains("Make both with one Base model", Assert.Throws<ArgumentException>(() =>
            VoiceMix.Mix([(a, 1), (b with { EncoderSha256 = "00" }, 1)], "x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherProgramsGetTheVectorAndTheReference()
    {
        var folder = Scratch.New();
        string In(string name) => Path.Combine(folder, name);
        var file = Model.Value.CreateVoice("me", [("rms_1.wav", WavFile.Read(Clip("rms_1")))], Said);
        file.Write(In("me.voice.safetensors"));
        foreach (var name in new[] { "v.npy", "v.json", "v.safetensors", "v.wav" })
            Assert.Equal(0, Voice("export", In("me.voice.safetensors"), "--model", Mini.Model, "-o", In(name)).Code);
        var npy = File.ReadAllBytes(In("v.npy"));
        var header = npy.Length - 4 * file.Voice.Vector.Length;
        Assert.Equal((0, (byte)'\n', header - 10), (header % 64, npy[header - 1], BitConverter.ToUInt16(npy, 8)));
        Assert.Equal(file.Voice.Vector[5], BitConverter.ToSingle(npy, header + 20));
        var json = JsonNode.Parse(File.ReadAllText(In("v.json")))!;
        Assert.Equal(file.Voice.Vector, json["vector"]!.AsArray().Select(n => (float)n!));
        using var tensors = SafetensorsFile.Open(In("v.safetensors"));
        Assert.Equal(file.Voice.Vector, tensors.Float32("vector"));
        Assert.Equal(file.Voice.Frames.Count * 1920, WavFile.Read(In("v.wav")).Samples.Length);
    }

    [Fact]
    public void ADesignedVoiceIsKept()
    {
        var folder = Scratch.New();
        var (design, output) = (CustomVoice("voice_design"), Path.Combine(folder, "old.voice.safetensors"));
        var (code, text, error) = Voice("create", "--design", "Speak slowly.", "--text", "Anna and Peter travel in June.",
            "--design-model", design, "--model", Mini.Model, "--seed", "3", "-o", output);
        Assert.True(code == 0, error);
        Assert.Contains("seed 3", text, StringComparison.Ordinal);
        var file = VoiceFile.Read(output);
        Assert.Equal(("design", "Speak slowly. (seed 3)"), (file.Parts[0].Kind, file.Parts[0].Name));
        Assert.Equal("Anna and Peter travel in June.", file.Voice.Transcript);
    }

    [Theory]
    [InlineData("qwen3tts-train voice recordings", "recordings", "--name", "nora")]
    [InlineData("Name what to do")]
    [InlineData("--recording or from --design", "create", "-o", "x")]
    [InlineData("--design needs --text", "create", "--design", "a", "-o", "x")]
    public void MistakesAreNamed(string named, params string[] arguments)
    {
        var (code, _, error) = Voice(arguments);
        Assert.Equal(1, code);
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Fact]
    public void ADoubtfulReferenceGivesAWarning()
    {
        var clean = WavFile.Read(Clip("rms_1"));
        var options = new CloneOptions { ChecksTranscript = true };
        Assert.Empty(Model.Value.Clone(clean, Said, options).Warnings);
        Assert.Contains("may not be what the recording says",
            Assert.Single(Model.Value.Clone(clean, "Oscar has eleven purple flowers.", options).Warnings), StringComparison.Ordinal);
        var random = new Random(1);
        var noisy = new Waveform([.. clean.Samples.Select(s => s + (float)(random.NextDouble() - 0.5) / 20)], clean.SampleRate);
        Assert.Contains(Model.Value.Clone(noisy).Warnings, w => w.Contains("is noisy", StringComparison.Ordinal));
    }

    [Fact]
    public void SilenceIsFilledUpBehindTheLastSound()
    {
        var clip = WavFile.Read(Clip("rms_1"));
        var before = Model.Value.Clone(clip, Said);
        Assert.Equal(before.Frames, Model.Value.Clone(clip, Said, new() { SilenceAtEnd = 0.1 }).Frames); // there is more already
        var more = Model.Value.Clone(clip, Said, new() { SilenceAtEnd = 1 });
        Assert.InRange(more.Frames.Count - before.Frames.Count, 9, 12);
        Assert.Equal(before.Vector, more.Vector);
        Assert.Throws<ArgumentException>(() => Model.Value.Clone(clip, Said, new() { SilenceAtEnd = double.NaN }));
    }

    [Fact]
    public void AGraftedModelClonesAndKeepsItsSpeakers()
    {
        var output = Path.Combine(Scratch.New(), "grafted");
        var custom = CustomVoice();
        Assert.Equal(0, CommandTests.Run("graft", custom, "--encoder", Mini.Model, "-o", output).Code);
        using var grafted = Tts.Load(output, new() { Threads = 1 });
        var file = Created("rms_1");
        Assert.True(grafted.CanClone);
        Assert.Equal(file.Voice.Vector, grafted.Clone(WavFile.Read(Clip("rms_1"))).Vector);
        Assert.Equal(Speak(Model.Value, file.Voice), Speak(grafted, grafted.Use(file))); // the talker is the same
        using var named = Tts.Load(custom, new() { Threads = 1 });
        Assert.False(named.CanClone);
        float[] Sally(Tts tts) =>
            tts.Say(Text, new() { Speaker = "sally", Sampling = tts.Sampling with { Seed = 7, MaxFrames = 6 } }).Samples;
        Assert.Equal(Sally(named), Sally(grafted));
        var refused = Assert.Throws<InvalidDataException>(() => GraftedModel.Write(ModelFolder.Open(Mini.Model), ModelFolder.Open(custom),
            Path.Combine(Scratch.New(), "x"), _ => { }, default));
        Assert.Contains("without a speaker encoder", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The miniature without its speaker encoder, with the named speaker sally.</summary>
    static string CustomVoice(string type = "custom_voice")
    {
        var folder = Scratch.New(type);
        foreach (var file in Directory.GetFiles(Mini.Model, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetRelativePath(Mini.Model, f) != "model.safetensors"))
        {
            var to = Path.Combine(folder, Path.GetRelativePath(Mini.Model, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        using (var whole = SafetensorsFile.Open(Path.Combine(Mini.Model, "model.safetensors")))
            SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. whole.Tensors.Values
                .Where(t => !TensorNames.IsIn(t.Name, TensorNames.SpeakerEncoder)).Select(t => TensorToWrite.Copy(whole, t))]);
        var path = Path.Combine(folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        config["tts_model_type"] = type;
        config.AsObject().Remove("speaker_encoder_config");
        if (type == "custom_voice")
            config["talker_config"]!["spk_id"]!["sally"] = 700;
        File.WriteAllText(path, config.ToJsonString());
        return folder;
    }
}
