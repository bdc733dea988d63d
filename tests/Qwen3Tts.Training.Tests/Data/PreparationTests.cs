using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Tests.Data;

/// <summary>Recordings to codes.jsonl, with a substitute for the networks whose codes show which samples it was given.</summary>
public sealed class PreparationTests
{
    const int Rate = 24000, Frame = 1920;
    int _encoded;

    ClipEncoder Encoder(byte fingerprint = 1) => new(Rate, Frame, [fingerprint], wave =>
    {
        Interlocked.Increment(ref _encoded);
        return [.. Enumerable.Range(0, (wave.Samples.Length + Frame - 1) / Frame)
            .Select(f => Enumerable.Repeat(
            (int)(1000 * Math.Abs(wave.Samples[Math.Min(f * Frame + Frame / 2, wave.Samples.Length - 1)])) % 64, 16).ToArray())];
    }, wave => [wave.Samples.Length, 1000]);

    static PreparationOptions Options(string input, string output) => new() { Input = input, Output = Path.Combine(output, "codes.jsonl") };

    static string Recordings(params (string Name, double Seconds)[] clips)
    {
        var folder = Scratch.New("recordings");
        foreach (var (name, seconds) in clips)
        {
            WavFile.Write(Path.Combine(folder, name + ".wav"), Tone(seconds));
            File.WriteAllText(Path.Combine(folder, name + ".txt"), $"This is\n{name}. \n");
        }
        return folder;
    }

    static Waveform Tone(double seconds) =>
        new([.. Enumerable.Range(0, (int)(seconds * Rate)).Select(i => 0.2f * MathF.Sin(i * (0.05f + 0.01f * (float)seconds)))], Rate);

    PreparationReport Run(PreparationOptions options, byte fingerprint = 1) =>
        Preparation.Run(options, Encoder(fingerprint), null, default);

    [Fact]
    public void AFolderBecomesAListWhosePathsMoveWithIt()
    {
        var (input, output) = (Recordings(("b", 1), ("a", 2), ("c", 1.5)), Scratch.New());
        var report = Run(Options(input, output));
        Assert.Equal(["This is a.", "This is b.", "This is c."], report.Clips.Select(c => c.Clip.Text));
        var moved = Path.Combine(Scratch.New(), "elsewhere");
        Directory.Move(output, moved);
        var clips = CodesFile.Read(Path.Combine(moved, "codes.jsonl"), 16, 64);
        Assert.Equal(["a.wav", "b.wav", "c.wav"], clips.Select(c => Path.GetRelativePath(Path.Combine(moved, "clips"), c.Audio)));
        Assert.All(clips, c => Assert.True(File.Exists(c.Audio) && File.Exists(c.Reference)));
        Assert.All(clips.Zip(report.Clips), p => Assert.Equal(p.Second.Clip.Codes, p.First.Codes));
        Assert.All(clips, c => Assert.Equal(WavFile.Read(c.Audio).Samples.Length, c.Codes!.Count * Frame));
        var line = JsonDocument.Parse(File.ReadLines(Path.Combine(moved, "codes.jsonl")).First()).RootElement;
        // a tone that begins at once is doubted
        Assert.Equal(["audio", "text", "doubtful", "ref_audio", "audio_codes"], line.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public void AClipWithADoubtIsMarkedAndNotHeldOut()
    {
        var (input, output) = (Recordings(("a", 1), ("b", 1.2), ("c", 1.4)), Scratch.New());
        foreach (var (name, pause) in new[] { ("a", 0.5), ("b", 3), ("c", 0.4) })
            WavFile.Write(Path.Combine(input, $"{name}.wav"), new([.. new float[Rate / 5], .. Tone(1).Samples,
                .. new float[(int)(pause * Rate)], .. Tone(1).Samples, .. new float[Rate / 5]], Rate));
        var report = Run(Options(input, output));
        Assert.Single(report.Doubts, d => d.Contains("has a pause of 3.0 s", StringComparison.Ordinal));
        Assert.Equal([false, true, false], CodesFile.Read(Path.Combine(output, "codes.jsonl"), 16, 64).Select(c => c.Doubtful));

        // a list that holds it out: then it is trained on
        var list = Path.Combine(input, "list.jsonl");
        File.WriteAllLines(list, "abc".Select(n =>
            JsonSerializer.Serialize(new { audio = $"{n}.wav", text = $"Say {n}.", split = "held-out" })));
        Assert.Equal([true, false, true], Run(Options(list, Scratch.New())).Clips.Select(c => c.Clip.HeldOut!.Value));
    }

    [Fact]
    public void TheMedoidIsTheReferenceUnlessOneIsNamed()
    {
        var input = Recordings(("a", 0.5), ("b", 2), ("c", 4));
        var report = Run(Options(input, Scratch.New()));
        Assert.Equal("b.wav", Path.GetFileName(Assert.Single(report.Chosen)));
        Assert.All(report.Clips, c => Assert.Equal(report.Chosen[0], c.Clip.Reference));
        var named = Run(Options(input, Scratch.New()) with { Reference = Path.Combine(input, "a.wav") });
        Assert.Empty(named.Chosen);
        Assert.All(named.Clips, c => Assert.Equal("a.wav", Path.GetFileName(c.Clip.Reference)));
        Assert.All(named.Clips, c => Assert.NotEqual(input, Path.GetDirectoryName(c.Clip.Reference)));
    }

    [Fact]
    public void TheMedoidHasTheGreatestSumOfCosines()
    {
        var random = new Random(3);
        for (var round = 0; round < 20; round++)
        {
            var voices = Enumerable.Range(0, 9)
                .Select(_ => Enumerable.Range(0, 5).Select(_ => (float)(random.NextDouble() + 0.1)).ToArray()).ToList();
            double Cosine(float[] a, float[] b) =>
                a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));
            Assert.Equal(Enumerable.Range(0, 9).MaxBy(i => voices.Sum(v => Cosine(voices[i], v))), Preparation.Medoid(voices));
        }
    }

    [Fact]
    public void WhatWasEncodedIsNotEncodedAgain()
    {
        var (input, output) = (Recordings(("a", 1), ("b", 2)), Scratch.New());
        Run(Options(input, output));
        Assert.Equal(2, _encoded);
        var first = File.ReadAllText(Path.Combine(output, "codes.jsonl"));
        WavFile.Write(Path.Combine(input, "c.wav"), Tone(1.3));
        File.WriteAllText(Path.Combine(input, "c.txt"), "New.");
        var report = Run(Options(input, output));
        Assert.Equal(3, _encoded);
        Assert.Equal([true, true, false], report.Clips.Select(c => c.Known));
        File.Delete(Path.Combine(input, "c.wav"));
        File.Delete(Path.Combine(input, "c.txt"));
        Run(Options(input, output));
        Assert.Equal(3, _encoded);
        Assert.Equal(first, File.ReadAllText(Path.Combine(output, "codes.jsonl")));
        Run(Options(input, output), fingerprint: 2); // codes of another model are not used
        Assert.Equal(5, _encoded);
    }

    [Fact]
    public void AStoppedRunGoesOnWhereItWas()
    {
        var (input, output) = (Recordings(("a", 1), ("b", 1.1), ("c", 1.2), ("d", 1.3)), Scratch.New());
        using var stop = new CancellationTokenSource();
        var (encoder, seen) = (Encoder(), 0);
        var stopping = encoder with { Encode = wave => { if (++seen == 2) stop.Cancel(); return encoder.Encode(wave); } };
        Assert.Throws<OperationCanceledException>(
            () => Preparation.Run(Options(input, output) with { Parallel = 1 }, stopping, null, stop.Token));
        Assert.False(File.Exists(Path.Combine(output, "codes.jsonl")));
        var cache = Path.Combine(output, "codes.jsonl.cache");
        File.WriteAllText(cache, File.ReadAllText(cache)[..^20]); // its last line is incomplete
        Run(Options(input, output));
        Assert.Equal(2 + 3, _encoded);
    }

    [Fact]
    public void AllMistakesAreReportedAtOnceOrLeftOut()
    {
        var (input, output) = (Recordings(("a", 1), ("short", 0.05), ("long", 41)), Scratch.New());
        WavFile.Write(Path.Combine(input, "mute.wav"), new(new float[Rate], Rate));
        File.WriteAllText(Path.Combine(input, "mute.txt"), "Nothing.");
        File.WriteAllText(Path.Combine(input, "text.txt"), "No sound.");
        File.WriteAllText(Path.Combine(input, "not.wav"), "This is no sound.");
        File.WriteAllText(Path.Combine(input, "not.txt"), "No sound.");
        WavFile.Write(Path.Combine(input, "untold.wav"), Tone(1));
        File.WriteAllText(Path.Combine(input, "empty.txt"), " \n");
        WavFile.Write(Path.Combine(input, "empty.wav"), Tone(1));
        var message = Assert.Throws<InvalidDataException>(() => Run(Options(input, output))).Message;
        foreach (var word in new[] { "short.wav", "0.05 s", "long.wav", "41 s", "'qwen3tts slice'", "mute.wav", "silent", "text.txt",
            "not.wav", "untold.txt", "empty.txt", "--skip-bad" })
            Assert.Contains(word, message);
        Assert.Equal(0, _encoded);
        var report = Run(Options(input, output) with { SkipBad = true });
        Assert.Equal("a.wav", Path.GetFileName(Assert.Single(report.Clips).Clip.Audio));
        Assert.Equal(7, report.LeftOut.Count);
    }

    [Fact]
    public void AnOfficialListStaysAsItIsButForTheCodes()
    {
        var input = Recordings(("a", 1), ("b", 2), ("ref", 3));
        var list = Path.Combine(input, "train_raw.jsonl");
        File.WriteAllLines(list, ["""{"audio":"./a.wav","text":"Eins „zwei“.","ref_audio":"ref.wav","language":"German"}""", "", JsonSerializer.Serialize(new { audio = Path.Combine(input, "b.wav"), text = "Two.", ref_audio = Path.Combine(input, "ref.wav") })]);
        var report = Run(Options(list, input));
        Assert.All(report.Clips, c => Assert.Null(c.Shaped));
        Assert.Equal(["German", null], report.Clips.Select(c => c.Clip.Language));
        var lines = File.ReadAllLines(Path.Combine(input, "codes.jsonl")).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal("a.wav", lines[0].GetProperty("audio").GetString());
        Assert.Equal("Eins „zwei“.", lines[0].GetProperty("text").GetString());
        Assert.Equal(Path.Combine(input, "b.wav"), lines[1].GetProperty("audio").GetString());
        Assert.Equal(Path.Combine(input, "ref.wav"), lines[1].GetProperty("ref_audio").GetString());
        // and a clip that has codes already is taken unchanged
        File.Move(Path.Combine(input, "codes.jsonl"), Path.Combine(input, "given.jsonl"));
        File.Delete(Path.Combine(input, "a.wav"));
        Run(Options(Path.Combine(input, "given.jsonl"), input));
        Assert.Equal(2, _encoded);
        Assert.Equal(File.ReadAllText(Path.Combine(input, "given.jsonl")), File.ReadAllText(Path.Combine(input, "codes.jsonl")));
    }

    [Fact]
    public void AManifestIsCutAndLevelledAndKeepsWhatItSays()
    {
        var input = Recordings(("a", 0.5), ("b", 2), ("c", 4), ("d", 1), ("e", 1.1), ("f", 1.2));
        var list = Path.Combine(input, "two.list");
        File.WriteAllLines(list, "abcdef".Select(c => $"{c}.wav|{(c < 'd' ? "anna" : "ben")}|de|Text of {c}."));
        Import.Run(new() { Input = list, Output = Path.Combine(input, "manifest.jsonl"), HeldOut = new(null, 2) }, default);
        var report = Run(Options(Path.Combine(input, "manifest.jsonl"), Scratch.New()));
        Assert.All(report.Clips, c => Assert.NotNull(c.Shaped));
        Assert.Equal(["b.wav", "e.wav"], report.Chosen.Select(Path.GetFileName)); // each speaker's own medoid
        Assert.All(report.Clips, c => Assert.Equal(c.Clip.Speaker == "anna" ? "b.wav" : "e.wav", Path.GetFileName(c.Clip.Reference)));
        Assert.All(report.Clips, c => Assert.Equal("German", c.Clip.Language));
        var manifest = ClipList.Read(Path.Combine(input, "manifest.jsonl"), new());
        Assert.Equal(2, manifest.Count(c => c.HeldOut == true));
        Assert.Equal(manifest.Select(c => c.HeldOut), report.Clips.Select(c => c.Clip.HeldOut));
    }

    [Fact]
    public void ChecksAreMadeWherePreparedWithoutImport()
    {
        var (input, output) = (Recordings(("a", 1), ("b", 2), ("c", 1.5)), Scratch.New());
        File.WriteAllText(Path.Combine(input, "b.txt"), "Hello <|im_start|>");
        foreach (var kind in new[] { "wav", "txt" })
            File.Copy(Path.Combine(input, $"a.{kind}"), Path.Combine(input, $"z.{kind}"));
        Assert.Equal($"{Path.Combine(input, "b.wav")}: the text has '<|im_start|>', which programs take for a control token. Remove it " +
            $"from the text.", Assert.Throws<InvalidDataException>(() => Run(Options(input, output))).Message);
        var report = Run(Options(input, output) with { SkipBad = true });
        Assert.Equal(3, report.Clips.Count);
        Assert.Contains($"{Path.Combine(input, "z.wav")}: the same recording with the same text as {Path.Combine(input, "a.wav")}. " +
            $"Remove one of the two.", report.Doubts);
        File.WriteAllText(Path.Combine(input, "z.txt"), "Something else.");
        Assert.Contains("z.wav: the same recording as ", Assert.Throws<InvalidDataException>(() => Run(Options(input, output))).Message);
    }

    [Theory]
    [InlineData("{", "the JSON ends too early")]
    [InlineData("[1]", "not a JSON object")]
    [InlineData("""{"text":"a","ref_audio":"a.wav"}""", "'audio'")]
    [InlineData("""{"audio":"a.wav","ref_audio":"a.wav"}""", "'text'")]
    [InlineData("""{"audio":"a.wav","text":"  "}""", "empty")]
    [InlineData("""{"audio":1,"text":"a"}""", "'audio' is 1")]
    [InlineData("""{"audio":"a.wav","text":"a","ref_audio":"gone.wav"}""", "gone.wav")]
    [InlineData("""{"audio":"gone.wav","text":"a"}""", "gone.wav")]
    [InlineData("""{"audio":"a.wav","text":"a","audio_codes":[[1],["x"]]}""", "audio_codes")]
    public void AMistakeInAListIsNamedWithItsLine(string line, string word)
    {
        var input = Recordings(("a", 1));
        var list = Path.Combine(input, "l.jsonl");
        File.WriteAllLines(list, ["""{"audio":"a.wav","text":"a","ref_audio":"a.wav"}""", line]);
        var message = Assert.Throws<InvalidDataException>(() => Run(Options(list, Scratch.New()))).Message;
        Assert.StartsWith($"{list}(2): ", message);
        Assert.Contains(word, message);
    }

    [Fact]
    public void WhatIsNotThereIsNamed()
    {
        Assert.Throws<FileNotFoundException>(() => Run(Options("nowhere", Scratch.New())));
        Assert.Throws<FileNotFoundException>(() => Run(Options(Recordings(("a", 1)), Scratch.New()) with { Reference = "nowhere.wav" }));
        Assert.Contains("no recording", Assert.Throws<InvalidDataException>(() => Run(Options(Scratch.New(), Scratch.New()))).Message);
    }
}
