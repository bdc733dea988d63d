// One recording: its speech, who speaks, what is said, and the clips that it is cut into.
using Qwen3Tts.Audio;

namespace Qwen3Tts.Training.Slicing;

/// <param name="source">The recording.</param>
/// <param name="wave">Its sound.</param>
/// <param name="probabilities">The answers of the voice activity network.</param>
/// <param name="options">How it is cut.</param>
sealed class SlicedRecording(SliceSource source, Waveform wave, float[] probabilities, SliceOptions options)
{
    const int Mixed = -1, Unknown = -2; // instead of a speaker

    readonly SpeechMap _map = new(wave, probabilities);
    readonly SpeechMap _finer = new(wave, probabilities, SpeechMap.ShorterPause); // has more pauses
    IReadOnlyList<Span>? _speech;

    /// <summary>Stretches of speech. One that is too long for a clip is divided at shorter pauses, where it has any.</summary>
    public IReadOnlyList<Span> Speech => _speech ??= Stretches();

    /// <summary>The highest frequency of the speech, in Hz.</summary>
    public double Bandwidth => Likeness.Bandwidth.Measure(wave, _map.IsSpeech);

    /// <summary>The sound of a stretch.</summary>
    public Waveform Part(Span span)
    {
        var from = Math.Clamp((int)Math.Round(span.Begin * wave.SampleRate), 0, wave.Samples.Length);
        var to = Math.Clamp((int)Math.Round(span.End * wave.SampleRate), from, wave.Samples.Length);
        return new(wave.Samples[from..to], wave.SampleRate);
    }

    /// <summary>Cuts the recording: clips with their sound, and all that is left out.</summary>
    /// <param name="transcript">What is said; null if that is not known.</param>
    /// <param name="speakers">The speakers of the windows of each stretch, where 0 is the main one; null takes all for one.</param>
    public IEnumerable<(Slice Slice, Waveform? Sound)> Cut(Transcript? transcript, IReadOnlyList<int[]>? speakers)
    {
        var who = speakers is null ? new int[Speech.Count] : Who(speakers);
        var hasText = Speech.Select(s => transcript?.Cues.Any(c => c.Span.Begin < s.End - 0.1 && c.Span.End > s.Begin + 0.1) ?? true)
            .ToArray();
        Span Pause(int i) => new(Speech[i].End, Speech[i + 1].Begin);
        bool MayCut(int i) => transcript?.IsBorder(Pause(i)) ?? true;
        var groups = SliceCutter.Group(Speech, MayCut,
            i => who[i] != who[i + 1] || hasText[i] != hasText[i + 1] && MayCut(i), options);
        foreach (var (first, last) in groups)
        {
            var span = WithQuiet(first, last);
            var sound = Part(span);
            var text = transcript is null ? "" : transcript.Text(first == 0 ? 0 : transcript.Before(Pause(first - 1)),
                last == Speech.Count - 1 ? transcript.Cues.Count : transcript.Before(Pause(last)));
            var spoken = new Span(Speech[first].Begin, Speech[last].End);
            var distance = Distance(span);
            var problem = OfSpeaker(who[first]) ?? SliceChecks.Problem(sound, spoken, wave.Seconds, distance, options)
                ?? OfText(transcript, text, first, last);
            yield return (new(source.Audio, span, problem?.Reason, problem?.Kind ?? Slice.Clip) { Text = text, Distance = distance },
                problem is null ? sound : null);
        }
        foreach (var other in _map.Other)
            yield return (new(source.Audio, other, "it is loud and no speech: music or noise", "no speech"), null);
    }

    static (string Reason, string Kind)? OfSpeaker(int speaker) => speaker switch
    {
        > 0 => ("another speaker than the main one", "other speaker"),
        Mixed => ("the speaker changes within it, without a pause", "two speakers"),
        _ => null,
    };

    (string Reason, string Kind)? OfText(Transcript? transcript, string text, int first, int last) => transcript is null ? null
        : text.Length == 0 ? ($"{transcript.Origin} has no text for it", "text")
        : Transcript.Problem(text, Enumerable.Range(first, last - first + 1).Sum(i => Speech[i].Seconds)) is { } problem
            ? (problem, "text") : null;

    Span WithQuiet(int first, int last) => new(
        Math.Max(first == 0 ? 0 : Speech[first - 1].End, Speech[first].Begin - options.Quiet),
        Math.Min(last == Speech.Count - 1 ? wave.Seconds : Speech[last + 1].Begin, Speech[last].End + options.Quiet));

    double? Distance(Span span)
    {
        var (speech, noise) = _finer.Levels(span);
        return speech is { } s && noise is { } n ? RecordingChecks.Decibel(s) - RecordingChecks.Decibel(n) : null;
    }

    List<Span> Stretches()
    {
        bool TooLong(Span s) => s.Seconds + 2 * options.Quiet > options.Longest;
        return [.. _map.Speech.SelectMany(s =>
            TooLong(s) ? _finer.Speech.Where(f => f.Begin >= s.Begin - 0.01 && f.End <= s.End + 0.01) : [s])];
    }

    /// <summary>
    /// The speaker of each stretch. One that is too short to have a voice goes with its neighbours if they are one speaker.
    /// </summary>
    static int[] Who(IReadOnlyList<int[]> speakers)
    {
        var who = speakers.Select(s => s.Length == 0 ? Unknown : s.All(v => v == s[0]) ? s[0] : Mixed).ToArray();
        for (var i = 0; i < who.Length; i++)
            if (who[i] == Unknown)
            {
                var before = i == 0 ? Unknown : who[i - 1];
                var after = Array.Find(who[i..], w => w != Unknown) is var w && Array.Exists(who[i..], x => x != Unknown) ? w : before;
                who[i] = before == Unknown || before == after ? after : Mixed;
            }
        return Array.ConvertAll(who, w => w == Unknown ? 0 : w);
    }
}
