using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Tests;

/// <summary>From bug reports: input that was spoken without a warning, or that differed from what training reads.</summary>
public sealed class GateReportsTests
{
    static readonly Lazy<Tts> Model = new(() => Tts.Load(Mini.Model, new() { Threads = 1 }));
    static readonly Lazy<Voice> Reference = new(() => Model.Value.Clone(WavFile.Read(Reports.Path("transcript-short", "ref.wav"))));
    static Tts Tts => Model.Value;

    static float[] Speak(string text, SpeechOptions? options = null) =>
        Tts.Say(text, (options ?? new()) with
        {
            Voice = Reference.Value,
            Sampling = Tts.Sampling with { Seed = 7, MaxFrames = 6 }
        }).Samples;

    [Fact]
    public void LinesAreSaidAsTheOneLineThatTheyAre()
    {
        var (lines, line) = (TextFile.Read(Reports.Path("text-lines", "lines.txt")), TextFile.Read(Reports.Path("text-lines", "line.txt")));
        Assert.NotEqual(lines, line);
        Assert.Equal(Speak(line), Speak(lines));
        Assert.Equal(Speak(line.Trim()), Speak($"\uFEFF  {line.Replace(" ", "\r\n\t", StringComparison.Ordinal)}"));
        Assert.Equal(Speak(line, new() { Instruct = "Slowly, please." }), Speak(line, new() { Instruct = "Slowly,\nplease.\n" }));
    }

    [Fact]
    public void AChapterGivesAWarningAndASentenceDoesNot()
    {
        var chapter = TextFile.Read(Reports.Path("text-chapter", "chapter.txt"));
        Assert.Matches(@"^The text has \d+ tokens, about \d+ s of speech, .* Say it sentence by sentence\.$",
            Assert.Single(Tts.Doubts(chapter)));
        Assert.All(chapter.Split('\n', StringSplitOptions.RemoveEmptyEntries), sentence => Assert.Empty(Tts.Doubts(sentence)));
    }

    [Fact]
    public void ATranscriptThatDoesNotFitItsRecordingIsReported()
    {
        var wave = WavFile.Read(Reports.Path("transcript-short", "ref.wav"));
        Assert.Contains(Tts.Clone(wave, "Good").Warnings, w =>
            w.Contains("frames for 1 token", StringComparison.Ordinal) && w.Contains("leave out what is said", StringComparison.Ordinal));
        Assert.Contains(Tts.Clone(wave, TextFile.Read(Reports.Path("text-chapter", "chapter.txt"))).Warnings, w =>
            w.Contains("may lack what the text says", StringComparison.Ordinal));
        Assert.DoesNotContain(Tts.Clone(wave, "Good morning Peter please stop.").Warnings, w =>
            w.Contains("frames for", StringComparison.Ordinal));
    }

    [Fact]
    public void ASilentVoiceIsRefusedAndAQuietOneReported()
    {
        Assert.StartsWith("The recording is silent",
            Assert.Throws<ArgumentException>(() => Tts.Clone(WavFile.Read(Reports.Path("voice-silent", "silence.wav")))).Message);
        Assert.Contains(Tts.Clone(WavFile.Read(Reports.Path("voice-silent", "hiss.wav"))).Warnings, w =>
            w.StartsWith("The recording is very quiet", StringComparison.Ordinal));
    }

    [Fact]
    public void ALanguageIsSpokenByAnyOfItsNames()
    {
        var english = Speak("Good morning.", new() { Language = "english" });
        Assert.All(["en", "en-US", "en_GB", "ENGLISH", "eng"], code =>
            Assert.Equal(english, Speak("Good morning.", new() { Language = code })));
        Assert.NotEqual(english, Speak("Good morning."));
    }

    [Fact]
    public void ASpeakerIsFoundByAnySpellingOfTheName()
    {
        var ids = new Qwen3Tts.Sequence.SpecialTokens
        {
            Role = [],
            TextPad = 0,
            TextBos = 0,
            TextEos = 0,
            CodecPad = 0,
            CodecBos = 0,
            CodecEos = 0,
            Think = 0,
            NoThink = 0,
            ThinkBos = 0,
            ThinkEos = 0,
            CodeGroups = 16,
            Languages = new Dictionary<string, int>(),
            Speakers = new Dictionary<string, Qwen3Tts.Sequence.NamedSpeaker> { [SpeakerName.Key("Zoe\u0308")] = new(5, null) },
        };
        Assert.All(["zo\u00EB", "ZO\u00CB", "Zoe\u0308", "ZOE\u0308"], name => Assert.Equal(5, ids.Speaker(name).Row));
        Assert.All(["", " ", " a", "a/b", "..", "a\u0007", "a\\b", "a\uD800", new string('a', 101)], name =>
        {
            var problem = SpeakerName.Problem(name);
            Assert.NotNull(problem);
            Assert.DoesNotContain(problem, char.IsControl);
        });
        Assert.All(["anna", "Zo\u00EB", "小明", "speaker_1"], name => Assert.Null(SpeakerName.Problem(name)));
    }
}
