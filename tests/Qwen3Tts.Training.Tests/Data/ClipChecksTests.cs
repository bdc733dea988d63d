using System.Xml.Linq;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Pages;

namespace Qwen3Tts.Tests.Data;

public sealed class ClipChecksTests
{
    const int Rate = 24000;
    static readonly Clip Any = new("l.jsonl(3)", "a.wav", true, "Good morning.");

    /// <summary>A tone with a rising and falling envelope, and silence at both ends.</summary>
    static Waveform Speech(double seconds, float amplitude = 0.3f, double silence = 0.1)
    {
        var samples = new float[(int)(seconds * Rate)];
        var edge = (int)(silence * Rate);
        for (var i = edge; i < samples.Length - edge; i++)
            samples[i] = amplitude * MathF.Sin(i * 0.11f) * (0.6f + 0.4f * MathF.Sin(i * 0.0013f));
        return new(samples, Rate);
    }

    static string OnlyDoubt(Waveform wave, bool trimmed = true) => Assert.Single(ClipGate.Doubts(Any, ClipLevels.Measure(wave), trimmed));

    [Fact]
    public void AGoodRecordingIsNotDoubted() => Assert.Empty(ClipGate.Doubts(Any, ClipLevels.Measure(Speech(3)), trimmed: false));

    [Fact]
    public void ALongOne() => Assert.Equal(
        "l.jsonl(3): 'a.wav' is 31 s long; more than 30 s need much memory. Cut it between two sentences.", OnlyDoubt(Speech(31)));

    [Fact]
    public void AShortOne() => Assert.Equal("l.jsonl(3): 'a.wav' has 0.20 s of speech. Record a whole sentence, or remove it.",
        OnlyDoubt(Speech(0.4)));

    [Theory]
    [InlineData(1f)]
    [InlineData(0.3f)]
    public void AClippedRecordingEvenIfItsLevelWasLoweredLater(float gain)
    {
        var wave = Speech(2, 1.3f);
        for (var i = 0; i < wave.Samples.Length; i++)
            wave.Samples[i] = gain * Math.Clamp(wave.Samples[i], -0.99f, 0.99f);
        Assert.Matches($"^l\\.jsonl\\(3\\): 'a\\.wav' is clipped: [0-9.]+ % of its samples lie in flat tops at " +
            $"{(gain == 1 ? "-0\\.1" : "-10\\.5")} dBFS\\. Record it with less gain\\.$", OnlyDoubt(wave));
    }

    [Fact]
    public void AQuietOne() => Assert.StartsWith("l.jsonl(3): 'a.wav' is very quiet: its speech has -5", OnlyDoubt(Speech(2, 0.003f)));

    [Fact]
    public void SilenceInsideAndAround()
    {
        var pause = Speech(6);
        Array.Clear(pause.Samples, 2 * Rate, 5 * Rate / 2);
        Assert.Equal("l.jsonl(3): 'a.wav' has a pause of 2.5 s. Shorten it, or cut the recording in two there.",
            OnlyDoubt(pause, trimmed: false));
        var around = Speech(6, silence: 1.5);
        Assert.Equal("l.jsonl(3): 'a.wav' is silent for 3.0 of 6.0 s. Cut the silence off; 'qwen3tts-train prepare --trim true' does.",
            OnlyDoubt(around, trimmed: false));
        Assert.Empty(ClipGate.Doubts(Any, ClipLevels.Measure(around), trimmed: true));
    }

    [Fact]
    public void OneThatIsCutInAWord()
    {
        var whole = Speech(4);
        Assert.Equal("l.jsonl(3): 'a.wav' begins in the middle of a sound. Cut it with some silence before the first word.",
            OnlyDoubt(new(whole.Samples[Rate..], Rate)));
        Assert.Equal("l.jsonl(3): 'a.wav' ends in the middle of a sound. Cut it with some silence after the last word: the end of speech " +
            "is learned from it.", OnlyDoubt(new(whole.Samples[..(2 * Rate)], Rate)));
    }

    [Fact]
    public void CharactersThatAreNoTokens()
    {
        var tokenizer = TextTokenizer.Load(RealVocabulary.Folder());
        Assert.Empty(ClipChecks.CheckText(Any with { Text = "Schöne Grüße, 你好, ça va?" }, tokenizer));
        Assert.Equal("l.jsonl(3): the model reads '𓀀' (U+13000) as pieces of bytes, not as characters. Write what is said in other ones.",
            Assert.Single(ClipChecks.CheckText(Any with { Text = "A 𓀀 and a 𓀀." }, tokenizer)));
    }

    [Fact]
    public void ATextThatDoesNotCoverItsRecording()
    {
        var random = new Random(1);
        var clips = Enumerable.Range(1, 30).Select(n => (Any with { Place = $"l({n})" }, Frames: 40 + random.Next(-8, 8), Tokens: 10))
            .ToList();
        Assert.Empty(ClipChecks.CheckPace(clips));
        clips[4] = clips[4] with { Frames = 95 };
        clips[9] = clips[9] with { Frames = 16 };
        var doubts = ClipChecks.CheckPace(clips).ToList();
        Assert.Equal(2, doubts.Count);
        Assert.StartsWith("l(5): 95 frames for 10 tokens, 9.5 each, where the others have ", doubts[0]);
        Assert.EndsWith(" Its text may leave out what is said; complete it, or cut the recording.", doubts[0]);
        Assert.StartsWith("l(10): 16 frames", doubts[1]);
        Assert.EndsWith(" The recording may lack what the text says; shorten the text, or record it again.", doubts[1]);
    }

    /// <summary>Sixty clips of one voice and a few of other voices, measured with the model's own speaker encoder.</summary>
    [Fact]
    public void ClipsOfAnotherSpeakerStandOut()
    {
        var encoder = ModelEncoder.Load(ModelFolder.Open(Mini.Model));
        (Clip, float[]) Embed(string file)
        {
            var wave = new ClipShape().Apply(WavFile.Read(file).ToRate(encoder.SampleRate), encoder.FrameSamples).Wave;
            return (Any with { Place = file, Audio = file }, encoder.Voice!(wave));
        }
        var own = Directory.GetFiles(Mini.Recordings, "*.wav").Order(StringComparer.Ordinal).Select(Embed).ToList();
        var others = Directory.GetFiles(Path.Combine(Mini.Folder, "clips"), "*.wav").Order(StringComparer.Ordinal).Select(Embed).ToList();
        Assert.Empty(ClipChecks.CheckVoices(own));
        var mixed = own.Concat(others).ToList();
        Assert.Equal(others.Select(o => o.Item1.Place), ClipChecks.CheckVoices(mixed)
            .Select(d => d[..d.IndexOf(": ", StringComparison.Ordinal)]));
        var (_, deviations) = ClipChecks.Distances([.. mixed.Select(c => c.Item2)]);
        Assert.True(deviations[own.Count..].Min() > 1.5 * ClipChecks.OtherVoice
            && deviations[..own.Count].Max() < ClipChecks.OtherVoice / 1.5, string.Join(' ', deviations.Select(d => $"{d:0.0}")));
    }

    /// <summary>Speakers are measured separately. A clip without a voice, or of a speaker with too few clips, has no distance.</summary>
    [Fact]
    public void VoiceDistancesAreEachSpeakersOwn()
    {
        var random = new Random(1);
        float[] Near(params float[] voice) => [.. voice.Select(v => v + 0.01f * random.NextSingle())];
        List<(string?, float[]?)> clips = [.. Enumerable.Range(0, 9).Select(_ => ((string?)"anna", (float[]?)Near(1, 0, 0))),
            .. Enumerable.Range(0, 8).Select(_ => ((string?)"otto", (float[]?)Near(0, 1, 0)))];
        clips.AddRange([("otto", Near(1, 0, 0)), ("otto", null), ("rare", Near(0, 0, 1))]);
        var distances = ClipChecks.Distances(clips);
        Assert.All(distances[..17], d => Assert.InRange(d!.Value, -10, ClipChecks.OtherVoice));
        Assert.True(distances[17] > ClipChecks.OtherVoice);
        Assert.Equal([null, null], distances[18..]);
    }

    [Fact]
    public void ThePageNeedsNothingBesideItAndIsWellFormed()
    {
        var rows = Enumerable.Range(1, 12)
            .Select(n => new DataRow(Any with { Text = $"<b> & {n}", Codes = [.. Enumerable.Repeat(new int[16], 10 * n)] },
            ClipLevels.Measure(Speech(1 + n)), 3 + n)
            { VoiceDistance = n }).ToList();
        var leftOut = new ListProblems();
        leftOut.Add("a.jsonl(1)", "<|im_end|> & so on.");
        var page = DataPage.Write("codes & <more>.jsonl", new(rows, leftOut, ["b.jsonl(2): \"quoted\"."]), ".");
        var xml = XDocument.Parse(page);
        Assert.Equal(6, xml.Descendants("svg").Count());
        Assert.Contains(xml.Descendants("p"), p => p.Value == "a.jsonl(1): <|im_end|> & so on.");
        Assert.DoesNotContain(xml.Descendants().Attributes(), a => a.Name == "src" || a.Name == "href");
        Assert.DoesNotContain("url(", page, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme:dark", page, StringComparison.Ordinal);
    }
}
