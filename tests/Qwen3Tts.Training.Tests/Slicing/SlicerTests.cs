using System.Globalization;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Kernels;
using Qwen3Tts.Speaker;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Slicing;

namespace Qwen3Tts.Tests.Slicing;

public sealed class SlicerTests
{
    const double Noise = 0.0005; // RMS

    internal static readonly Lazy<Joined> Nora = new(() => Joined.Nora(0, 20));

    internal static (string Audio, string Output) Written(Joined joined, string? text = null, string extension = ".srt",
        double noise = Noise)
    {
        var folder = Scratch.New("slice");
        var audio = Path.Combine(folder, "long.wav");
        joined.Write(audio, noise);
        if (text is not null)
            File.WriteAllText(Path.ChangeExtension(audio, extension), text);
        return (audio, Path.Combine(folder, "clips"));
    }

    internal static SliceReport Run(string audio, string output, Func<SliceRequest, SliceRequest>? change = null,
        Action<string>? say = null, CancellationToken stop = default)
    {
        var request = new SliceRequest { Inputs = [audio], Output = output };
        return Slicer.Run(change?.Invoke(request) ?? request, say ?? (_ => { }), stop);
    }

    internal static List<Slice> Clips(SliceReport report) => [.. report.Slices.Where(s => s.File is not null)];

    [Fact]
    public void ClipsHaveWholeSentencesAndTheirTextsAndQuietAtBothEnds()
    {
        var (audio, output) = Written(Nora.Value, Nora.Value.Srt());
        var clips = Clips(Run(audio, output));
        Assert.True(clips.Sum(c => c.Span.Seconds) > 0.6 * Nora.Value.Seconds, $"{clips.Count} clips");
        foreach (var clip in clips)
        {
            var wave = AudioFile.Read(clip.File!);
            Assert.InRange(wave.Seconds, 3, 12);
            var said = Nora.Value.Truth.Where(t => t.Span.Begin < clip.Span.End - 0.1 && t.Span.End > clip.Span.Begin + 0.1).ToList();
            Assert.All(said, t => Assert.True(t.Span.Begin >= clip.Span.Begin && t.Span.End <= clip.Span.End, $"{t} is cut by {clip}"));
            Assert.Equal(Said(clip), clip.Text);
            var levels = ClipLevels.Windows(wave.Samples, wave.SampleRate / 10); // the first and last 0.1 s
            Assert.True(Math.Max(levels[0], levels[^2]) < 0.05 * levels.Max(), $"{clip}: no quiet at an end");
        }
        var (problems, listed) = (new ListProblems(), new List<Clip>());
        listed.AddRange(ClipList.Read(output, problems));
        Assert.Empty(problems.Messages);
        Assert.Equal(clips.Select(c => (c.File!, c.Text)), listed.Select(c => (c.Audio, c.Text)));
        var imported = Import.Run(new() { Input = output, Output = Path.Combine(Scratch.New(), "m.jsonl") }, default);
        Assert.Equal(clips.Count, imported.Rows.Count);
    }

    /// <summary>What is said in a stretch of the recording.</summary>
    static string Said(Slice clip) => string.Join(' ', Nora.Value.Truth
        .Where(t => t.Span.Middle > clip.Span.Begin && t.Span.Middle < clip.Span.End).Select(t => t.Text));

    [Theory]
    [InlineData(".vtt")]
    [InlineData(".lab")]
    [InlineData(".TextGrid")]
    [InlineData(".txt")]
    public void EveryFormatOfTextsGivesTheSame(string extension)
    {
        var truth = Nora.Value.Truth;
        var expected = Written(Nora.Value, Nora.Value.Srt());
        var text = extension switch
        {
            ".vtt" => "WEBVTT\n\nNOTE by hand\n\n" + Nora.Value.Srt().Replace(',', '.'),
            ".lab" => string.Join('\n', truth.Select(t => $"{t.Span.Begin * 1e7:0} {t.Span.End * 1e7:0} {t.Text}")),
            ".TextGrid" => TextGrid(truth),
            _ => string.Join('\n', truth.Select(t => t.Text)),
        };
        var (audio, output) = Written(Nora.Value, text, extension);
        var (right, clips) = (Clips(Run(expected.Audio, expected.Output)).ConvertAll(c => (c.Text, c.Span)), Clips(Run(audio, output)));
        if (extension != ".txt")
            Assert.Equal(right, clips.Select(c => (c.Text, c.Span)));
        else // only what is sure
            Assert.Equal((true, clips.Count), (2 * clips.Count >= right.Count, clips.Count(c => c.Text == Said(c))));
    }

    static string TextGrid(List<Cue> truth)
    {
        static string N(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
        return $"""
            File type = "ooTextFile"
            Object class = "TextGrid"

            xmin = 0
            xmax = 99
            tiers? <exists>
            size = 2
            item []:
                item [1]:
                    class = "IntervalTier"
                    name = "phones"
                    xmin = 0
                    xmax = 99
                    intervals: size = 1
                    intervals [1]:
                        xmin = 0
                        xmax = 99
                        text = "p"
                item [2]:
                    class = "IntervalTier"
                    name = "words"
                    xmin = 0
                    xmax = 99
                    intervals: size = {truth.Count}
            {string.Join('\n', truth.Select((t, i) => $"intervals [{i + 1}]:\nxmin = {N(t.Span.Begin)}\nxmax = {N(t.Span.End)}\n"
                + $"text = \"{t.Text}\""))}
            """;
    }

    /// <summary>A recording that cannot be read, first or last: what was computed before it is kept.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ARunThatFailsBeforeItHasAResultLeavesNoFolder(bool first)
    {
        var (audio, output) = Written(Nora.Value);
        var bad = Path.Combine(Path.GetDirectoryName(audio)!, "bad.wav");
        File.WriteAllText(bad, "no recording");
        Assert.Throws<InvalidDataException>(() => Run(audio, output, r => r with { Inputs = first ? [bad, audio] : [audio, bad] }));
        Assert.Equal(!first, Directory.Exists(output));
    }

    [Fact]
    public void AnInterruptedRunGoesOnToTheSameBytes()
    {
        var (audio, output) = Written(Nora.Value);
        var parts = output + "-2";
        Run(audio, output);
        foreach (var at in new[] { "Looking for", "Writing clips of long.wav: 2" })
        {
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => Run(audio, parts, null, what =>
            {
                if (what.StartsWith(at, StringComparison.Ordinal))
                    stop.Cancel();
            }, stop.Token));
            Assert.False(File.Exists(Path.Combine(parts, Slicer.ListName)));
        }
        var looked = false;
        Run(audio, parts, null, what => looked |= what.StartsWith("Looking for", StringComparison.Ordinal));
        Assert.False(looked); // it was in the journal
        var names = Directory.GetFiles(output).Select(f => Path.GetFileName(f)!).Where(f => !f.StartsWith('.')).Order().ToList();
        Assert.Equal(names, Directory.GetFiles(parts).Select(f => Path.GetFileName(f)!).Where(f => !f.StartsWith('.')).Order());
        Assert.All(names, n => Assert.Equal(File.ReadAllBytes(Path.Combine(output, n)), File.ReadAllBytes(Path.Combine(parts, n))));

        Run(audio, parts, r => r with { Options = new() { Longest = 5 } }); // other options: no clip of the earlier run stays
        var (listed, wavs) = (File.ReadAllLines(Path.Combine(parts, Slicer.ListName)).Length, Directory.GetFiles(parts, "*.wav").Length);
        Assert.Equal(listed, wavs);

        File.AppendAllText(Path.Combine(parts, Slicer.ListName), "\n");
        var error = Assert.Throws<IOException>(() => Run(audio, parts));
        Assert.Contains("its texts would be lost", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A recording that is still being made: it is read twice if speakers are told apart.</summary>
    [Fact]
    public void ARecordingThatChangesWhileItIsCutIsRefused()
    {
        var (audio, output) = Written(Nora.Value);
        var longer = Path.Combine(Scratch.New(), "longer.wav");
        Joined.Nora(0, 24).Write(longer, Noise);
        var error = Assert.Throws<IOException>(() => Run(audio, output, r => r with
        {
            Voices = new(24000, [1], _ =>
            {
                File.Copy(longer, audio, overwrite: true);
                return [1f, 0];
            }),
        }));
        Assert.Contains("long.wav' has changed since", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsLeftOutHasItsReason()
    {
        var joined = new Joined { Rate = 22050 };
        var waves = Joined.Recordings(0, 6).Select(r => r.Wave).ToList();
        static Waveform Changed(Waveform w, Func<float, int, float> change) => new([.. w.Samples.Select(change)], w.SampleRate);
        joined.Add(new(waves[0].Samples[20000..], waves[0].SampleRate), "").Pause(1.5, 1.5);
        joined.Add(waves[1], "").Pause(1.5, 1.5);
        joined.Add(Changed(waves[2], (s, _) => Math.Clamp(s, -0.05f, 0.05f)), "").Pause(1.5, 1.5);
        joined.Add(new([.. Enumerable.Range(0, 60000).Select(i => 0.1f * (MathF.Sin(i * 0.06f) + MathF.Sin(i * 0.0757f)))], 22050), "")
            .Pause(1.5, 1.5);
        joined.Add(new(waves[4].Samples[..30000], waves[4].SampleRate), "");
        var (audio, output) = Written(joined, noise: 0); // noise would hide the flat tops
        var report = Run(audio, output, r => r with { Options = new() { Shortest = 1 } });
        Assert.Equal(["cut off", "clip", "clipped", "no speech", "cut off"], report.Slices.Select(s => s.Kind));
        Assert.All(report.Slices, s => Assert.Equal(s.Kind == Slice.Clip, s.Reason is null));
        var table = File.ReadAllLines(Path.Combine(output, Slicer.TableName));
        Assert.Equal(report.Slices.Count + 1, table.Length);
        Assert.Equal(["too short"], Run(audio, output, r => r with { Options = new() { Shortest = 6 } }).Slices
            .Where(s => s.Kind is not ("cut off" or "no speech")).Select(s => s.Kind).Distinct());
    }

    [Fact]
    public void SpeechInNoiseIsLeftOut()
    {
        var (audio, output) = Written(Nora.Value, noise: 0.02);
        Assert.NotEmpty(Run(audio, output).Slices); // as noise, or because it has no pause that is quiet
        Assert.Empty(File.ReadAllLines(Path.Combine(output, Slicer.ListName)));
    }

    [Fact]
    public void OnlyTheMainSpeakerIsKept()
    {
        var joined = new Joined { Rate = 22050 };
        var main = new List<bool>();
        foreach (var (i, (wave, text)) in Joined.Recordings(0, 30).Index())
        {
            main.Add(i % 3 != 2);
            joined.Pause(0.1, 0.3).Add(main[^1] ? wave : new(wave.Samples, wave.SampleRate * 4 / 5), text); // another, lower voice
        }
        var (audio, output) = Written(joined.Pause(0.5, 0.5), joined.Srt(), noise: 0);
        var encoder = SpeakerEncoder.Load(ModelFolder.Open(Mini.Model), Workers.Shared);
        var report = Run(audio, output, r => r with
        {
            Options = new() { Shortest = 1 },
            Voices = new(encoder.SampleRate, [1], encoder.Embed),
        });
        var kept = Clips(report).SelectMany(c => joined.Truth.Index()
            .Where(t => t.Item.Span.Middle > c.Span.Begin && t.Item.Span.Middle < c.Span.End).Select(t => t.Index)).ToList();
        Assert.Equal(main.Index().Where(m => m.Item).Select(m => m.Index), kept);
        Assert.Contains(report.Slices, s => s.Kind == "other speaker");
    }
}
