// Speaks the demo's texts with each voice, and measures what was spoken: wrong words by a recogniser, and likeness by the long-term
// spectrum. All voices have the same texts, seeds and options, so only the model differs.
using Qwen3Tts.Audio;
using Qwen3Tts.Codec;
using Qwen3Tts.Data;
using Qwen3Tts.Doctor;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Likeness;
using Qwen3Tts.Listening;
using Qwen3Tts.Sequence;
using Qwen3Tts.Statistics;
using Qwen3Tts.Training.Pages;

namespace Qwen3Tts.Training.Commands;

/// <summary>A voice's takes of some texts: all texts with the first seed, then all with the second, and so on.</summary>
sealed record Takes(IReadOnlyList<(Waveform Speech, string Text)> All, int Texts)
{
    public static Takes None { get; } = new([], 0);

    /// <summary>A measure over the texts: for each text the sum of a part and of a whole over its takes.</summary>
    public Estimate? Measure(Func<int, (double Part, double Whole)> take) => All.Count == 0 ? null : Bootstrap.Ratio(
        [.. Enumerable.Range(0, Texts).Select(text => Enumerable.Range(0, All.Count / Texts).Select(n => take(n * Texts + text))
            .Aggregate((a, b) => (a.Part + b.Part, a.Whole + b.Whole)))]);
}

/// <param name="texts">What is said.</param>
/// <param name="heldOut">The held-out recordings, whose texts come first.</param>
/// <param name="recordings">All recordings of the voice.</param>
sealed class DemoVoices(DemoTexts texts, IReadOnlyList<Clip> heldOut, IReadOnlyList<Clip> recordings)
{
    const int TakesPerText = 2; // several, because a single take is a matter of chance

    readonly List<(string Name, string File, Takes New, Takes Old)> _spoken = [];
    Takes _decoded = Takes.None;

    /// <summary>The names in the files of the four voices.</summary>
    public static IReadOnlyList<string> Files { get; } = ["recording", "before", "after", "with-faults"];

    /// <summary>The voice itself: its held-out recordings, and as many others as there are texts.</summary>
    /// <param name="codec">Decodes their codes, to see what the codec alone costs.</param>
    public void AddRecordings(SpeechCodec codec)
    {
        var chosen = heldOut.Concat(recordings.ExceptBy(heldOut.Select(c => c.Audio), c => c.Audio)).Take(texts.New.Count).ToList();
        Takes Said(Func<Clip, Waveform> of) => new([.. chosen.Select(c => (of(c), c.Text))], chosen.Count);
        _spoken.Add(("The recording", Files[0], Said(c => AudioFile.Read(c.Audio)), Takes.None));
        _decoded = Said(c => codec.Decode(c.Codes!));
    }

    /// <summary>Speaks all texts.</summary>
    /// <param name="name">Of the voice, in the table.</param>
    /// <param name="tts">The model.</param>
    /// <param name="voice">Speaker or cloned voice.</param>
    /// <param name="line">Gets the progress.</param>
    /// <param name="stop">Ends it.</param>
    public void Add(string name, Tts tts, SpeechOptions voice, Action<string> line, CancellationToken stop)
    {
        Takes Say(IReadOnlyList<string> said, int takes)
        {
            var all = new List<(Waveform, string)>();
            for (var take = 1; take <= takes; take++)
                foreach (var some in said.Chunk(16))
                {
                    line($"{name}: {all.Count} of {takes * said.Count} texts");
                    all.AddRange(tts.SayAll(some, voice with
                    {
                        Layout = Layout.TextFirst,
                        Language = texts.Language,
                        Sampling = tts.Sampling with { Seed = (ulong)take },
                        MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken,
                    }, cancellation: stop).Select(s => s.Waveform).Zip(some));
                }
            return new(all, said.Count);
        }
        _spoken.Add((name, Files[_spoken.Count], Say(texts.New, TakesPerText), Say(texts.Old, 1)));
    }

    /// <summary>Writes the speech of the held-out texts, and measures all voices.</summary>
    /// <param name="output">The demo's folder.</param>
    /// <param name="ears">For the new texts; null without a recogniser.</param>
    /// <param name="oldEars">For the old sentences.</param>
    /// <param name="stop">Ends the recogniser.</param>
    /// <returns>The voices, and the same figures of the decoded recordings.</returns>
    public (IReadOnlyList<DemoVoice> Voices, DemoVoice Decoded) Measure(string output, SpeechRecogniser? ears, SpeechRecogniser? oldEars,
        CancellationToken stop)
    {
        var likeness = OtherVoices() is { Count: > 0 } others
            ? new VoiceLikeness(recordings.Select(c => AudioFile.Read(c.Audio)), others) : null;
        DemoVoice Judge(string name, Takes said, Takes old, Func<IReadOnlyList<string>?, IReadOnlyList<DemoTake>> keep)
        {
            var heard = ears?.Hear([.. said.All.Select(t => t.Speech)], stop);
            return new(name, keep(heard), heard is null ? null : said.Measure(i => Wrong(said.All[i].Text, heard[i])),
                likeness is null ? null : said.Measure(i => (likeness.Measure(said.All[i].Speech), 1)),
                old.All.Count > 0 && oldEars?.Hear([.. old.All.Select(t => t.Speech)], stop) is { } words
                    ? old.Measure(i => Wrong(old.All[i].Text, words[i])) : null);
        }
        return ([.. _spoken.AsParallel().AsOrdered().Select(voice => Judge(voice.Name, voice.New, voice.Old, heard =>
            [.. heldOut.Select((_, i) => Write(output, i, voice.File, voice.New.All[i].Speech, heard?[i]))]))],
            Judge("The recording, decoded", _decoded, Takes.None, _ => []));
    }

    (double, double) Wrong(string text, string heard) =>
        SpeechRecogniser.Compare(text, heard, texts.Language) is var errors ? (errors.Errors, errors.Words) : default;

    static DemoTake Write(string output, int text, string version, Waveform speech, string? heard)
    {
        var file = SpeechFile(output, text, version);
        WavFile.WriteOutput(file, speech, OutputRecord.At(output));
        var peaks = SpeechCheck.Peaks(speech);
        var largest = Math.Max(1e-9, peaks.DefaultIfEmpty().Max());
        return new($"speech/{Path.GetFileName(file)}", peaks.ConvertAll(p => p / largest), heard);
    }

    /// <summary>Where the speech of a held-out text is written.</summary>
    public static string SpeechFile(string output, int text, string version) =>
        Path.Combine(output, "speech", $"{text + 1}-{version}.wav");

    /// <summary>Recordings of other voices in the repository, for the likeness: files that are named voice_number.</summary>
    static List<List<Waveform>> OtherVoices() => Demo.Find("tests", "Mini", "clips") is not { } clips ? []
        : [.. Directory.GetFiles(clips, "*.wav").Order(StringComparer.Ordinal).GroupBy(f => Path.GetFileName(f).Split('_')[0])
            .Select(voice => voice.Select(AudioFile.Read).ToList())];
}
