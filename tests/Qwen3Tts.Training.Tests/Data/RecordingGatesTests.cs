using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Training.Data;
using static Qwen3Tts.Tests.Data.GatesTests;

namespace Qwen3Tts.Tests.Data;

/// <summary>A recording that one command refuses or doubts is refused or doubted by the others, with the same words.</summary>
public sealed class RecordingGatesTests
{
    const int Rate = 24000;

    public static TheoryData<string> Recorded => ["silent", "constant", "none", "short", "long", "16-bit numbers", "cancelling"];

    static Waveform Sound(string kind) => new(kind switch
    {
        "silent" => new float[Rate],
        "constant" => [.. Enumerable.Repeat(0.25f, Rate)],
        "none" => [],
        _ => [.. Enumerable.Range(0, Rate * (kind == "long" ? 41 : 1) / (kind == "short" ? 10 : 1))
            .Select(i => (kind == "16-bit numbers" ? 9000 : 0.3f) * MathF.Sin(i * 0.05f))],
    }, Rate);

    /// <summary>One second of one tone with another level in each channel.</summary>
    static byte[] TwoChannels(params float[] levels)
    {
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        var bytes = Rate * levels.Length * 2;
        writer.Write([.. "RIFF"u8, .. BitConverter.GetBytes(36 + bytes), .. "WAVEfmt "u8, .. BitConverter.GetBytes(16)]);
        foreach (var (value, size) in new[] { (1, 2), (levels.Length, 2), (Rate, 4), (Rate * levels.Length * 2, 4), (levels.Length * 2, 2),
            (16, 2) })
            writer.Write(BitConverter.GetBytes(value)[..size]);
        writer.Write([.. "data"u8, .. BitConverter.GetBytes(bytes)]);
        for (var i = 0; i < Rate; i++)
            foreach (var level in levels)
                writer.Write((short)(32767 * level * MathF.Sin(i * 0.05f)));
        return file.ToArray();
    }

    /// <summary>All commands report the same doubts, in the same words.</summary>
    [Theory]
    [InlineData("clipped", "is clipped: ")]
    [InlineData("beyond", "goes beyond full scale: ")]
    [InlineData("pause", "has a pause of ")]
    public void DoubtfulRecordings(string kind, string words)
    {
        float Sample(int i) => kind switch
        {
            "clipped" => Math.Clamp(2 * MathF.Sin(i * 0.05f), -1, 1),
            "beyond" => 2 * MathF.Sin(i * 0.05f),
            _ => i is > Rate and < 4 * Rate ? 0 : 0.3f * MathF.Sin(i * 0.05f),
        };
        var file = Path.Combine(Scratch.New("gates"), "doubtful.wav");
        WavFile.Write(file, new([.. Enumerable.Range(0, 5 * Rate).Select(Sample)], Rate), WavFormat.Float32);
        var list = List("Good morning.", file);
        var doubts = new Dictionary<string, IReadOnlyList<string>>
        {
            ["import"] = Import.Run(new() { Input = list, Output = list + ".out", HeldOut = HeldOut.Parse("0") }, default).Doubts,
            ["prepare"] = Prepared(list).Doubts,
            ["doctor"] = ClipExamples.Load(new() { Checkpoint = Mini.Model, Data = list }, ModelFolder.Open(Mini.Model), null).Doubts,
            ["clone"] = Model.Value.Clone(WavFile.Read(file)).Warnings,
        };
        var said = doubts.Select(d => d.Value.Single(m => m.Contains(words, StringComparison.Ordinal)));
        Assert.Single(said.Select(m => m[m.IndexOf(words, StringComparison.Ordinal)..]).Distinct());
    }

    [Fact]
    public void OneCauseOfManyRecordingsIsReportedOnce()
    {
        foreach (var (name, content) in new[] { ("missing", null),
            ("pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"), ("mp3", "ID3\u0003 and so on, longer") })
        {
            var folder = Scratch.New("gates");
            var list = Path.Combine(folder, "l.jsonl");
            File.WriteAllLines(list, Enumerable.Range(0, 30)
                .Select(i => JsonSerializer.Serialize(new { audio = $"{name}{i}.wav", text = "Hello.", ref_audio = Good })));
            for (var i = 0; content is not null && i < 30; i++)
                File.WriteAllText(Path.Combine(folder, $"{name}{i}.wav"), content);
            foreach (var act in new Action[] { () => Imported(list), () => Prepared(list) })
            {
                var message = Assert.Throws<InvalidDataException>(act).Message;
                Assert.DoesNotContain('\n', message);
                Assert.Contains($"{name}0.wav", message, StringComparison.Ordinal);
                Assert.EndsWith("29 more recordings have the same mistake: 2, 3, 4, 5, 6, ….", message, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>The recording after following the remedy of a message.</summary>
    static Waveform Followed(Waveform wave, string message) =>
        Regex.Match(message, @"Divide its samples by (\d+)\.$") is { Success: true } divide
            ? new([.. wave.Samples.Select(s => s / int.Parse(divide.Groups[1].Value, CultureInfo.InvariantCulture))], wave.SampleRate)
        : message.Contains("Cut it between two sentences", StringComparison.Ordinal)
            ? new(wave.Samples[..(20 * wave.SampleRate)], wave.SampleRate)
        : message.EndsWith("pan=mono|c0=c0\" out.wav", StringComparison.Ordinal) ? Sound("one channel")
        : message.EndsWith("take another one.", StringComparison.Ordinal) ? WavFile.Read(Good)
        : throw new InvalidOperationException($"No remedy: {message}");

    [Theory, MemberData(nameof(Recorded))]
    public void BadRecordings(string kind)
    {
        var file = Path.Combine(Scratch.New("gates"), "bad.wav");
        if (kind == "cancelling")
            File.WriteAllBytes(file, TwoChannels(0.3f, -0.3f));
        else
            WavFile.Write(file, Sound(kind), WavFormat.Float32);
        var wave = WavFile.Read(file);
        var (list, words) = (List("Good morning.", file), RecordingChecks.Problem(wave, ClipLevels.Measure(wave))!);
        AllSay(words, ("import", () => Imported(list)), ("prepare", () => Prepared(list)), ("doctor", () => Examined(list)),
            ("clone", () => Model.Value.Clone(wave)));
        var asReference = List("Good morning.", Good).Replace("l.jsonl", "r.jsonl", StringComparison.Ordinal);
        File.WriteAllText(asReference, JsonSerializer.Serialize(new { audio = Good, text = "Good morning.", ref_audio = file }) + "\n");
        AllSay(words, ("import's reference", () => Imported(asReference)), ("prepare's reference", () => Prepared(asReference)),
            ("doctor's reference", () => Examined(asReference)));

        WavFile.Write(file, Followed(wave, words), WavFormat.Float32);
        Imported(list);
        Prepared(list);
        Examined(list);
        Model.Value.Clone(WavFile.Read(file));
    }

    /// <summary>Recordings of bug reports that were refused or misread.</summary>
    [Theory]
    [InlineData("wav-bw64", null)]
    [InlineData("wav-unfinished", null)]
    [InlineData("wav-unpadded", null)]
    [InlineData("wav-float-beyond-1", "Divide its samples by 32768.")]
    public void ReportsOfRecordings(string report, string? refusal)
    {
        var input = refusal is null ? Reports.Path(report, "in") : Reports.Path(report, "in", "train.jsonl");
        if (refusal is not null)
            AllSay(refusal, ("import", () => Imported(input)), ("prepare", () => Prepared(input)));
        else
            Imported(input);
    }
}
