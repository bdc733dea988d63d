using System.Globalization;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Tests.Data;

/// <summary>New sentences from thirty announcements of trains, with a substitute for the codec.</summary>
public sealed class SpliceTests(SpliceTests.Prepared prepared) : IClassFixture<SpliceTests.Prepared>
{
    const int Rate = 24000, Frame = 1920, Count = 24;
    const string NotSpliced = "The bus to Boston leaves at nine thirty.";

    /// <summary>The recordings, prepared once for all tests.</summary>
    public sealed class Prepared
    {
        internal PreparationReport Report { get; }
        internal List<Clip> Clips { get; }
        internal string Recordings { get; } = Scratch.New("recordings");

        public Prepared()
        {
            foreach (var file in Directory.GetFiles(Mini.Station).Order(StringComparer.Ordinal).Take(2 * 30))
                File.Copy(file, Path.Combine(Recordings, Path.GetFileName(file)));
            (Report, Clips) = Prepare(Recordings);
        }
    }

    static (PreparationReport, List<Clip>) Prepare(string recordings, int heldOut = 4)
    {
        var encoder = new ClipEncoder(Rate, Frame, [1], wave => [.. Enumerable.Range(0, wave.Samples.Length / Frame)
            .Select(f => Enumerable.Repeat((int)(1000 * Math.Abs(wave.Samples[f * Frame + 7])) % 64, 16).ToArray())], wave => [1, 1]);
        var options = new PreparationOptions
        {
            Input = recordings,
            Output = Path.Combine(Scratch.New(), "codes.jsonl"),
            HeldOut = heldOut,
            Splice = Count,
            NotSpliced = [NotSpliced],
        };
        return (Preparation.Run(options, encoder, null, default), CodesFile.Read(options.Output, 16, 64));
    }

    static string[] Words(Clip clip) => clip.Text.ToLowerInvariant().TrimEnd('.').Split(' ');

    List<Clip> Spliced => [.. prepared.Clips.Where(c => Path.GetFileName(Path.GetDirectoryName(c.Audio)) == "spliced")];

    [Fact]
    public void SentencesAreNewAndEachPairOfWordsIsOfARecordingThatIsTrainedOn()
    {
        var recordings = prepared.Clips.Except(Spliced).ToList();
        Assert.Equal((Count, 30, 4), (Spliced.Count, recordings.Count, prepared.Clips.Count(c => c.HeldOut == true)));
        Assert.All(Spliced, c => Assert.False(c.HeldOut));
        Assert.Equal(30 + Count, prepared.Clips.Select(c => c.Text).Append(NotSpliced).Distinct().Count() - 1);
        var pairs = recordings.Where(c => c.HeldOut != true).Select(Words).SelectMany(w => w.Zip(w.Skip(1))).ToHashSet();
        Assert.All(Spliced, c => Assert.Subset(pairs, Words(c).Zip(Words(c).Skip(1)).ToHashSet()));
        Assert.All(Spliced, c => Assert.True(char.IsUpper(c.Text[0]) && c.Text[^1] == '.', c.Text));
    }

    [Fact]
    public void SpeechIsAsLongAsItsPartsAndHasCodes()
    {
        // The rate of speech is that of the recordings: nothing is missing and nothing is heard twice.
        static double PerLetter(Clip clip) => (double)clip.Codes!.Count * Frame / Rate / clip.Text.Length;
        var usual = prepared.Clips.Except(Spliced).Select(PerLetter).ToList();
        Assert.All(Spliced, c => Assert.InRange(PerLetter(c), 0.75 * usual.Min(), 1.25 * usual.Max()));
        Assert.All(Spliced, c => Assert.Equal(WavFile.Read(c.Audio).Samples.Length, c.Codes!.Count * Frame));
        Assert.Single(prepared.Clips.Select(c => c.Reference).Distinct());
    }

    [Fact]
    public void TheSameRecordingsGiveTheSameSentences()
    {
        var (_, again) = Prepare(prepared.Recordings);
        Assert.Equal(prepared.Clips.Select(c => c.Text), again.Select(c => c.Text));
        Assert.All(prepared.Clips.Zip(again), c => Assert.Equal(File.ReadAllBytes(c.First.Audio), File.ReadAllBytes(c.Second.Audio)));
    }

    /// <summary>Borders as pocketsphinx sees them, which reports them 15 ms early on the average of 723 borders.</summary>
    [Fact]
    public void WordsOfRecordingsAreFoundWhereARecogniserFindsThem()
    {
        var clips = prepared.Clips.Take(30).ToList();
        var times = WordTimes.Find([.. clips.Select(c => (AudioFile.Read(c.Audio), (IReadOnlyList<string>)Words(c)))], default);
        foreach (var (clip, starts) in new[] { (0, "0.09 0.39 0.51 0.96 1.31 1.43 1.70"), (1, "0.10 0.34 0.46 0.80 1.15 1.26 1.42"),
            (3, "0.59 0.70 0.99 1.29 1.44 1.52 2.08") })
            foreach (var (found, heard) in times[clip]!.Skip(1).Zip(starts.Split(' ')))
                Assert.InRange(found.From - double.Parse(heard, CultureInfo.InvariantCulture), -0.07, 0.1);
    }

    [Fact]
    public void RecordingsWithoutCommonWordsAreRefused()
    {
        var folder = Scratch.New("recordings");
        foreach (var (file, text) in Directory.GetFiles(Mini.Station, "*.flac").Order(StringComparer.Ordinal)
            .Zip(["The train leaves.", "Passengers go here."]))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            File.WriteAllText(Path.Combine(folder, Path.ChangeExtension(Path.GetFileName(file), ".txt")), text);
        }
        var error = Assert.Throws<InvalidDataException>(() => Prepare(folder, heldOut: 0));
        Assert.Contains("no words in common", error.Message, StringComparison.Ordinal);
    }
}
