using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Qwen3Tts.Listening;

namespace Qwen3Tts.Tests.Doctor;

public sealed class SpeechRecogniserTests
{
    internal static ExpectedSpeech MiniSpeech => new(Path.Combine(Mini.Folder, "grammar.jsgf"), Path.Combine(Mini.Folder, "german.dict"));

    /// <summary>pocketsphinx for the miniature's language; if it is missing, the test is skipped and the reason is shown.</summary>
    internal static PocketSphinx Ears()
    {
        if (PocketSphinx.Find(MiniSpeech, out var reason) is { } ears)
            return ears;
        Assert.Skip(reason);
        return null!;
    }

    [Fact]
    public void ClipsOfTheMiniatureAreUnderstood()
    {
        var clips = from line in File.ReadLines(Path.Combine(Mini.Folder, "clips", "transcripts.tsv"))
                    let fields = line.Split('\t')
                    select (WavFile.Read(Path.Combine(Mini.Folder, "clips", fields[0] + ".wav")), fields[1]);
        var rate = Ears().Judge([.. clips]);
        Assert.True(rate.Rate <= 0.05,
            $"Raw synthetic speech is understood nearly perfectly (mini's README: 0 to 1 %), but the error rate is {rate}.");
    }

    [Fact]
    public void RecordingsAreUnderstoodAsWellAsTheirDescriptionSays()
    {
        var clips = Directory.GetFiles(Mini.Recordings, "*.wav").Order(StringComparer.Ordinal)
            .Select(wav => (WavFile.Read(wav), File.ReadAllText(Path.ChangeExtension(wav, ".txt"))));
        var rate = Ears().Judge([.. clips]);
        Assert.True(rate.Rate <= 0.057 + 0.03, $"mini's README has 5.7 % for this voice, but the error rate is {rate}.");
    }

    [Fact]
    public void TheSameClipsInAnyOrderGiveTheSameWords()
    {
        var clips = new[] { "rms_1", "slt_1" }.Select(n => WavFile.Read(Path.Combine(Mini.Folder, "clips", n + ".wav"))).ToList();
        var ears = Ears();
        var together = ears.Hear(clips);
        Assert.Equal(together, ears.Hear([clips[1]]).Prepend(ears.Hear([clips[0]])[0]));
        Assert.Equal("", ears.Hear([new(new float[8000], 16000)])[0]);
        Assert.Empty(ears.Hear([]));
    }

    [Fact]
    public void WordsOfAGrammarAreFoundAmongItsSyntax()
    {
        var words = PocketSphinx.Words(
            "#JSGF V1.0 UTF-8 en;\ngrammar g; import <other.rule>;\n// a comment\n<x> = /0.7/ open {tag} | close; /* more */ public <y> " +
            "= <x> [the] (door|window)+;");
        Assert.Equal(["close", "door", "open", "the", "window"], words.Order());
    }

    [Fact]
    public void AWordWithoutPronunciationIsNamed()
    {
        var folder = Scratch.New();
        var (grammar, dictionary) = (Path.Combine(folder, "g.jsgf"), Path.Combine(folder, "d.dict"));
        File.WriteAllText(grammar, "#JSGF V1.0;\ngrammar g;\npublic <u> = hello xyzzy;\n");
        File.WriteAllText(dictionary, "hello HH AH L OW\nhello(2) HH EH L OW\nother AH DH ER\n");
        Assert.Contains("xyzzy", Assert.Throws<InvalidDataException>(() => PocketSphinx.Dictionary(grammar, [dictionary])).Message,
            StringComparison.Ordinal);
        File.AppendAllText(dictionary, "xyzzy Z IH Z IY\n");
        Assert.Equal(3, PocketSphinx.Dictionary(grammar, [dictionary]).Count);
        Told<FileNotFoundException>("Check the path", grammar, folder + "x");
        Told<IOException>("a folder", folder);
        Told<InvalidDataException>("no JSGF grammar", dictionary);

        static void Told<T>(string message, string grammar, params string[] dictionaries)
            where T : Exception => Assert.Contains(message,
                Assert.Throws<T>(() => PocketSphinx.Dictionary(grammar, dictionaries)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PreparedSpeechHasOneLoudnessAndSilenceAround()
    {
        var tone = new Waveform([.. Enumerable.Range(0, 24000).Select(i => 0.1f * MathF.Sin(i * 0.1f))], 24000);
        var prepared = SpeechRecogniser.Prepare(tone);
        Assert.Equal(3200 + 16000 + 4800, prepared.Length);
        Assert.InRange(prepared.Max(s => Math.Abs(s / 32767.0)), 0.595, 0.605);
        Assert.All(prepared[..3200], s => Assert.InRange(Math.Abs(s / 32767.0), 0, 0.002));
        Assert.Contains(prepared[..3200], s => s != 0);
        Assert.Equal(prepared, SpeechRecogniser.Prepare(tone));
    }

    [Fact]
    public void AMissingProgramIsToldWithItsRemedy()
    {
        Assert.Null(ExternalProgram.OnPath("no-such-program-anywhere"));
        var e = Assert.Throws<InvalidOperationException>(() => ExternalProgram.Run(Path.Combine(Scratch.New(), "absent"), []));
        Assert.Contains("could not be started", e.Message, StringComparison.Ordinal);
    }
}
