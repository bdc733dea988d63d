// The checkpoint speaks some sentences with its own sampling options. The speech is judged by numbers that a broken fine-tune changes:
// whether it ends, how long it is, how much of it is silence or repeated frames, and which words a speech recogniser hears. Its likeness to
// the recordings of the data is information and no judgement: no verdict and no finding depends on it.
using System.Text.Json.Serialization;
using Qwen3Tts.Audio;
using Qwen3Tts.Doctor.Report;
using Qwen3Tts.Generation;
using Qwen3Tts.Likeness;
using Qwen3Tts.Listening;

namespace Qwen3Tts.Doctor;

/// <summary>One sentence that was spoken.</summary>
/// <param name="Text">The text that the model was asked to say.</param>
/// <param name="Frames">How many frames were generated.</param>
/// <param name="Seconds">Length of the speech.</param>
/// <param name="Ended">Whether the speech ended by itself, and not at the length limit.</param>
/// <param name="LengthRatio">Number of frames, divided by the number that the data has for a text of the same length; null without
/// data.</param>
/// <param name="Silence">Share of windows of 10 ms that are at most a hundredth as loud as the loudest window.</param>
/// <param name="Repeated">Share of frames that are equal to the frame before in all codes.</param>
/// <param name="Peaks">The largest amplitude in each of many stretches of equal length, to draw the waveform.</param>
sealed record Take(
    string Text, int Frames, double Seconds, bool Ended, double? LengthRatio, double Silence, double Repeated, IReadOnlyList<double> Peaks)
{
    /// <summary>The speech itself, for the page. The JSON does not contain it.</summary>
    [JsonIgnore]
    public Waveform? Sound { get; init; }
}

/// <param name="Takes">All spoken sentences.</param>
/// <param name="Runaway">Share of takes that did not end.</param>
/// <param name="WordErrors">Share of words heard wrongly; null without a recogniser.</param>
/// <param name="Recogniser">The name of the recogniser, or the reason why there is none.</param>
sealed record SpeechReport(IReadOnlyList<Take> Takes, double Runaway, double? WordErrors, string Recogniser)
{
    public double Silence => Takes.Average(t => t.Silence);
    public double Repeated => Takes.Average(t => t.Repeated);
    public double? LengthRatio =>
        Takes.All(t => t.LengthRatio is null) ? null : Takes.Select(t => t.LengthRatio!.Value).Order().ElementAt(Takes.Count / 2);

    /// <summary>The speech beside the recordings of the data; null without data.</summary>
    public SpeechLikeness? Likeness { get; init; }
}

/// <summary>Figures of the takes and of the recordings. docs/likeness.md says what each figure is, and what it is not.</summary>
/// <param name="Clips">Number of recordings.</param>
/// <param name="Spoken">The figures of the takes.</param>
/// <param name="Recordings">The same of the recordings; the distances are null, because they are distances from these.</param>
sealed record SpeechLikeness(int Clips, SpeechFigures Spoken, SpeechFigures Recordings)
{
    /// <summary>The same in words.</summary>
    public string Sentence
    {
        get
        {
            static string Both(double? spoken, double? recording, string unit) => $"{Html.Number(spoken)}{unit} ({Html.Number(recording)})";
            return $"Beside {Clips} recordings of the data, whose figures are in brackets: distance of the spectrum "
                + $"{Html.Number(Spoken.Spectrum)}, pitch {Both(Spoken.PitchMedian, Recordings.PitchMedian, " Hz")}, range "
                + $"{Both(Spoken.PitchRange, Recordings.PitchRange, " semitones")}, letters a second "
                + $"{Both(Spoken.Pace, Recordings.Pace, "")}, pauses {Html.Percent(Spoken.Pauses)} ({Html.Percent(Recordings.Pauses)}), "
                + $"distortion {Html.Number(Spoken.Distortion)} dB.";
        }
    }
}

/// <summary>Speaks with the checkpoint.</summary>
/// <param name="Sampling">The checkpoint's own sampling options.</param>
/// <param name="Stream">Speaks a text with the given options.</param>
sealed record SpeechSource(SamplingOptions Sampling, Func<string, SpeechOptions, SpeechStream> Stream);

static class SpeechCheck
{
    const int Stretches = 240;

    /// <summary>The most recordings that speech is compared with: more of them hardly move the mean.</summary>
    public const int MostRecordings = 40;

    static readonly string[] Sentences = ["Meet Anna on Monday at seven thirty.", "Robert has nine yellow pencils.",
        "Good morning Lucy please close the window.", "Set white at B four now."];

    /// <param name="source">Speaks with the checkpoint.</param>
    /// <param name="options">How many takes, and what the recogniser may expect.</param>
    /// <param name="speech">Voice, language and layout.</param>
    /// <param name="texts">The texts of the data; if there are none, fixed sentences are spoken.</param>
    /// <param name="framesPerCharacter">Frames for each character in the data; null without data.</param>
    /// <param name="progress">Receives a message before each take.</param>
    /// <param name="stop">Checked after each piece of audio.</param>
    public static SpeechReport Speak(SpeechSource source, DoctorOptions options, SpeechOptions speech, IReadOnlyList<string> texts,
        double? framesPerCharacter, Action<string> progress, CancellationToken stop)
    {
        var sentences = texts.Count > 0 ? texts : Sentences;
        var (takes, sounds) = (new List<Take>(), new List<(Waveform, string)>());
        for (var i = 0; i < options.Takes; i++)
        {
            var text = sentences[i % sentences.Count];
            progress($"speaking, take {i + 1} of {options.Takes}");
            var stream = source.Stream(text,
                speech with
                {
                    Sampling = source.Sampling with { Seed = options.Seed + (ulong)i },
                    MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken
                });
            var samples = new List<float>();
            foreach (var chunk in stream)
            {
                stop.ThrowIfCancellationRequested();
                samples.AddRange(chunk);
            }
            var wave = new Waveform([.. samples], stream.SampleRate);
            takes.Add(new(text, stream.Frames.Count, wave.Seconds, stream.Ended, framesPerCharacter is { } pace
                ? stream.Frames.Count / (pace * text.Length) : null, Silence(wave), Repeated(stream.Frames), Peaks(wave))
            {
                Sound = wave,
            });
            sounds.Add((wave, text));
        }
        var recogniser = SpeechRecogniser.Find(options.Expected, out var reason);
        return new(takes, takes.Count(t => !t.Ended) / (double)takes.Count, recogniser?.Judge(sounds, speech.Language, stop).Rate,
            recogniser?.Name ?? reason);
    }

    /// <summary>Measures the takes beside recordings of the voice.</summary>
    /// <param name="takes">What was spoken: take i has text i, counted round.</param>
    /// <param name="recordings">The recordings of the first texts, as the codec gives them back: it then makes no difference.</param>
    /// <param name="texts">The texts of the data.</param>
    public static SpeechLikeness Compare(IReadOnlyList<Take> takes, IReadOnlyList<Waveform> recordings, IReadOnlyList<string> texts)
    {
        var own = recordings.Where(SpeechFigures.IsMeasurable).ToList();
        var voice = own.Count < LongTermSpectrum.Fewest ? null : new LongTermSpectrum(own);
        return new(recordings.Count, SpeechFigures.Measure(takes.Index().Where(t => t.Item.Sound is not null)
                .Select(t => new MeasuredSpeech(t.Item.Sound!, t.Item.Text, recordings.ElementAtOrDefault(t.Index % texts.Count), voice))),
            SpeechFigures.Measure(recordings.Zip(texts, (wave, text) => new MeasuredSpeech(wave, text))));
    }

    /// <summary>A finding for each number that is not in the range of normal speech.</summary>
    public static IEnumerable<Finding> Findings(SpeechReport r)
    {
        if (r.Runaway > 0)
            yield return new("runaway", Severity.Warning, $"{r.Runaway:p0} of {r.Takes.Count} takes did not end by themselves.",
                "Speak with other seeds; if this does not help, the end of speech was not taught or was unlearned.");
        if (r.LengthRatio is { } ratio && ratio is < 0.75 or > 1.5)
            yield return new("wrong_length", Severity.Warning,
                $"Speech is {ratio:0.00} times as long as that of the data for as much text.",
                ratio < 1 ? "Labels that are shifted twice make speech faster and cut its end."
                : "Look at silence and repeated frames: the speech may stand still.");
        if (r.Silence > 0.5)
            yield return new("silence", Severity.Warning, $"{r.Silence:p0} of the speech is silence.",
                "Trim the silence around the recordings that it is trained on.");
        if (r.Repeated > 0.25)
            yield return new("stands_still", Severity.Warning, $"{r.Repeated:p0} of the frames repeat the frame before.",
                "Sample with the settings of generation_config.json; greedy speech repeats frames.");
        if (r.WordErrors is > 0.5)
            yield return new("words_lost", Severity.Warning, $"{r.Recogniser} hears {r.WordErrors:p0} of the words wrongly.",
                "See the findings about the training, above.");
    }

    /// <summary>Share of windows of 10 ms that are at most a hundredth as loud as the loudest window.</summary>
    internal static double Silence(Waveform wave)
    {
        var window = Math.Max(1, wave.SampleRate / 100);
        var loudness = wave.Samples.Chunk(window).Select(w => Math.Sqrt(w.Sum(s => (double)s * s) / w.Length)).ToList();
        return loudness.Count == 0 ? 1 : loudness.Count(l => l <= loudness.Max() / 100) / (double)loudness.Count;
    }

    static double Repeated(IReadOnlyList<int[]> frames) =>
        frames.Count < 2 ? 0 : Enumerable.Range(1,
            frames.Count - 1).Count(i => frames[i].SequenceEqual(frames[i - 1])) / (frames.Count - 1.0);

    internal static List<double> Peaks(Waveform wave) =>
        wave.Samples.Length == 0 ? []
            : [.. wave.Samples.Chunk((wave.Samples.Length + Stretches - 1) / Stretches).Select(c => Math.Round(c.Max(Math.Abs), 3))];
}
