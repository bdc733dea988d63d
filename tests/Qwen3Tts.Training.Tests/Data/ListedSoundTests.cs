using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Slicing;
using static Qwen3Tts.Tests.Slicing.SlicerTests;

namespace Qwen3Tts.Tests.Data;

/// <summary>A list never says of a recording what was said in an earlier one of that name.</summary>
public sealed class ListedSoundTests
{
    [Fact]
    public void AStoppedSliceWithOtherOptionsLeavesNoListOfTheEarlierClips()
    {
        var (audio, output) = Written(Nora.Value, Nora.Value.Srt());
        var list = Path.Combine(output, Slicer.ListName);
        Run(audio, output);
        Stop(new());
        Assert.True(File.Exists(list)); // the same options give the same clips
        Stop(new() { Longest = 5 });
        Assert.False(File.Exists(list));
        var clips = Clips(Run(audio, output, r => r with { Options = new() { Longest = 5 } }));
        Assert.Equal(clips.Count, File.ReadAllLines(list).Length);

        void Stop(SliceOptions options)
        {
            using var stop = new CancellationTokenSource();
            Assert.ThrowsAny<OperationCanceledException>(() => Run(audio, output, r => r with { Options = options }, what =>
            {
                if (what == "Writing clips of long.wav: 3")
                    stop.Cancel();
            }, stop.Token));
        }
    }

    /// <summary>Its first line says so. A kill between the list and the cache is the same.</summary>
    [Fact]
    public void TheCacheOfSliceMayBeRemoved()
    {
        var (audio, output) = Written(Nora.Value, Nora.Value.Srt());
        Run(audio, output);
        File.Delete(Path.Combine(output, SliceCache.FileName));
        Assert.NotEmpty(Clips(Run(audio, output)));
    }

    /// <summary>Other recordings of the same names: the old codes must not be trained on with the new reference.</summary>
    [Fact]
    public void AStoppedPreparationOfOtherRecordingsLeavesNoListOfTheEarlierOnes()
    {
        var list = Path.Combine(Scratch.New(), "codes.jsonl");
        Prepare(Recordings(0.05f), list);
        var before = File.ReadAllBytes(list);
        Assert.ThrowsAny<OperationCanceledException>(() => Prepare(Recordings(0.05f), list, stopped: true));
        Assert.Equal(before, File.ReadAllBytes(list)); // the same recordings again: the list is right
        Assert.ThrowsAny<OperationCanceledException>(() => Prepare(Recordings(0.09f), list, stopped: true));
        Assert.False(File.Exists(list));
        Prepare(Recordings(0.09f), list);
        Assert.Equal(2, CodesFile.Read(list, 16, 64).Count);
    }

    static string Recordings(float pitch)
    {
        var folder = Scratch.New("recordings");
        foreach (var name in new[] { "a", "b" })
        {
            var seconds = name == "a" ? 1 : 1.5;
            WavFile.Write(Path.Combine(folder, name + ".wav"),
                new([.. Enumerable.Range(0, (int)(24000 * seconds)).Select(i => 0.2f * MathF.Sin(i * pitch))], 24000));
            File.WriteAllText(Path.Combine(folder, name + ".txt"), $"This is {name}.");
        }
        return folder;
    }

    static void Prepare(string recordings, string list, bool stopped = false)
    {
        using var stop = new CancellationTokenSource();
        var encoder = new ClipEncoder(24000, 1920, [1],
            wave => [.. Enumerable.Range(0, (wave.Samples.Length + 1919) / 1920).Select(_ => new int[16])],
            wave => [wave.Samples.Length, 1]);
        Preparation.Run(new() { Input = recordings, Output = list }, encoder, new Reports(what =>
        {
            if (stopped && what == "Encoding recordings")
                stop.Cancel();
        }), stop.Token);
        stop.Token.ThrowIfCancellationRequested();
    }

    sealed class Reports(Action<string> at) : IProgress<(string What, int Done, int Of)>
    {
        public void Report((string What, int Done, int Of) value) => at(value.What);
    }
}
