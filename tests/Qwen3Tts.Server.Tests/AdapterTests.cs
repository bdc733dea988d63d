using Qwen3Tts.Checkpoint;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Tests.Server;

/// <summary>Adapters beside a loaded model: each speech is that of its adapter alone, and near to that of merged weights.</summary>
public sealed class AdapterTests
{
    static SpeechOptions With(VoiceAdapter? adapter, string? speaker = null) => new()
    {
        Adapter = adapter,
        Speaker = speaker,
        Voice = speaker is null ? Served.Cloned : null,
        Sampling = Served.Model.Sampling with { Seed = 7, MaxFrames = 8 },
    };

    static string Written(int seed, double strength)
    {
        var folder = Scratch.New("adapter");
        Served.WriteAdapter(folder, "nora", seed, strength);
        return folder;
    }

    [Fact]
    public void SpeechesOfOneBatchHaveTheBitsThatTheyHaveAlone()
    {
        VoiceAdapter?[] adapters = [null, Served.Model.LoadAdapter(Written(1, 0.05)), Served.Model.LoadAdapter(Written(2, 0.05))];
        float[] Say(int i) => Served.Model.Say(Served.Text, With(adapters[i % 3])).Samples;
        var alone = Enumerable.Range(0, 3).Select(Say).ToList();
        var together = Enumerable.Range(0, 6).Select(_ => Array.Empty<float>()).ToArray();
        var threads = Enumerable.Range(0, 6).Select(i => new Thread(() => together[i] = Say(i))).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        for (var i = 0; i < 6; i++)
            Assert.Equal(alone[i % 3], together[i]);
        Assert.NotEqual(alone[0], alone[1]);
        Assert.NotEqual(alone[1], alone[2]);
        Assert.InRange(adapters[1]!.Bytes, 1, new FileInfo(Path.Combine(Mini.Model, "model.safetensors")).Length / 4);
    }

    [Fact]
    public void AnAdapterThatChangesNothingGivesTheBitsOfTheBase()
    {
        var nothing = Served.Model.LoadAdapter(Written(1, 0));
        Assert.Equal(Served.Model.Say(Served.Text, With(null)).Samples, Served.Model.Say(Served.Text, With(nothing)).Samples);
    }

    /// <summary>In float32, where merged weights are not rounded, greedy speech has the codes of merged weights.</summary>
    [Fact]
    public void ItSpeaksAsMergedWeightsDo()
    {
        var (folder, model) = (Written(3, 0.2), InFloat32());
        using var merged = Tts.Load(model, new() { Adapter = folder, Threads = 1 });
        using var plain = Tts.Load(model, new() { Threads = 1 });
        var beside = plain.LoadAdapter(folder);
        IReadOnlyList<int[]> Frames(Tts tts, VoiceAdapter? adapter)
        {
            var speech = tts.Stream(Served.Text, With(adapter, "nora") with
            {
                Sampling = new() { Greedy = true, PredictorGreedy = true, MaxFrames = 4 },
            });
            foreach (var _ in speech)
            {
            }
            return speech.Frames;
        }
        var expected = Frames(merged, null);
        Assert.Equal(expected, Frames(plain, beside));
        Assert.NotEqual(expected, Frames(plain, plain.LoadAdapter(Written(4, 0.2))));
    }

    static string InFloat32()
    {
        var folder = Scratch.New("float32");
        foreach (var file in Directory.GetFiles(Mini.Model, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(folder, Path.GetRelativePath(Mini.Model, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        using var stored = SafetensorsFile.Open(Path.Combine(Mini.Model, "model.safetensors"));
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"),
            [.. stored.Tensors.Values.Select(t => TensorToWrite.FromArray(t.Name, t.Shape, stored.Float32(t.Name)))]);
        return folder;
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        using var other = Tts.Load(Mini.Model, new() { Threads = 1 });
        var elsewhere = other.LoadAdapter(Written(1, 0.05));
        Assert.Contains("another model", Assert.Throws<ArgumentException>(() => Served.Model.Say("a", With(elsewhere))).Message,
            StringComparison.Ordinal);
        var folder = Scratch.New("head");
        File.WriteAllText(Path.Combine(folder, Adapter.ConfigName), """{"peft_type": "LORA"}""");
        using (var weights = ModelFolder.Open(Mini.Model).OpenWeights())
        {
            var shape = weights.Entries.Single(e => e.Name == TensorNames.CodecHead).Shape;
            const string Name = Adapter.Prefix + "talker.codec_head";
            SafetensorsWriter.Write(Path.Combine(folder, Adapter.TensorsName),
                [TensorToWrite.FromArray(Name + Adapter.Down, [1, shape[1]], new float[shape[1]]),
                    TensorToWrite.FromArray(Name + Adapter.Up, [shape[0], 1], new float[shape[0]])]);
        }
        Assert.Contains("no linear layer", Assert.Throws<InvalidDataException>(() => Served.Model.LoadAdapter(folder)).Message,
            StringComparison.Ordinal);
        using var merged = Tts.Load(Mini.Model, new() { Threads = 1, Adapter = Written(1, 0.05) });
        Assert.Throws<NotSupportedException>(() => merged.LoadAdapter(folder));
    }
}
