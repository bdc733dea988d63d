// What monitoring sees of speech: the meter and the activity source Qwen3Tts. Neither ever has the text or the voice. While nobody listens,
// an utterance costs one small object and a frame costs two comparisons.
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Generation;

/// <summary>Reports one utterance to whoever listens.</summary>
/// <param name="model">Name of the model.</param>
/// <param name="layout">Where the text of the utterance stands.</param>
sealed class SpeechMonitor(string model, Layout layout)
{
    const string Name = "Qwen3Tts";

    static readonly ActivitySource Source = new(Name);
    static readonly Meter Meter = new(Name);
    static readonly Counter<long> FrameCount =
        Meter.CreateCounter<long>("qwen3tts.frames", "{frame}", "Frames generated, of 80 ms each.");
    static readonly Histogram<double> FirstAudio = Meter.CreateHistogram("qwen3tts.time_to_first_audio", "s",
        "Time from the beginning of a speech to its first samples. Speech that is not streamed has them at its end.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10, 30, 60] });
    static readonly Histogram<double> RealTimeFactor = Meter.CreateHistogram("qwen3tts.real_time_factor", "1",
        "Seconds of computing for each second of speech, with the time that a stream waited for its reader or its text.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10] });
    static int _waiting, _active;

    readonly KeyValuePair<string, object?> _model = new("qwen3tts.model", model);
    Activity? _activity;
    bool _whole, _speaks;

    static SpeechMonitor()
    {
        // Observed and not counted up and down, so that the numbers are right for who begins to listen in the middle of a speech.
        Meter.CreateObservableUpDownCounter("qwen3tts.utterances.waiting", () => Volatile.Read(ref _waiting), "{utterance}",
            "Utterances whose first frame is not there yet.");
        Meter.CreateObservableUpDownCounter("qwen3tts.utterances.active", () => Volatile.Read(ref _active), "{utterance}",
            "Utterances that are spoken, from their first frame to their end.");
    }

    /// <summary>The utterance begins.</summary>
    /// <param name="whole">True if all samples are returned at once.</param>
    public void Begin(bool whole)
    {
        _whole = whole;
        Interlocked.Increment(ref _waiting);
        var current = Activity.Current;
        if ((_activity = Source.StartActivity("speak")) is null)
            return;
        Activity.Current = current; // what the reader of a stream does between two chunks is not part of the speech
        _activity.SetTag(_model.Key, _model.Value).SetTag("qwen3tts.layout", layout == Layout.TextFirst ? "text-first" : "interleaved")
            .SetTag("qwen3tts.mode", Mode);
    }

    /// <summary>A frame is there.</summary>
    public void Frame()
    {
        if (!_speaks)
        {
            _speaks = true;
            Interlocked.Increment(ref _active);
            Interlocked.Decrement(ref _waiting);
        }
        FrameCount.Add(1, _model);
    }

    /// <summary>Notes an error; only its type, since messages quote the text. Returns false, for the filter of a catch.</summary>
    public bool Notes(Exception error)
    {
        if (error is not OperationCanceledException)
            _activity?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", error.GetType().FullName);
        return false;
    }

    /// <summary>The utterance ended, was left, or failed.</summary>
    public void End(SpeechSummary speech)
    {
        Interlocked.Decrement(ref _speaks ? ref _active : ref _waiting);
        var mode = new KeyValuePair<string, object?>("qwen3tts.mode", Mode);
        if (speech.Seconds > 0)
        {
            FirstAudio.Record(speech.Times.FirstAudio.TotalSeconds, _model, mode);
            RealTimeFactor.Record(speech.RealTimeFactor, _model, mode);
        }
        if (_activity is null)
            return;
        if (_activity.Status != ActivityStatusCode.Error)
            _activity.SetTag("qwen3tts.finish_reason", speech.FinishReason.ToString().ToLowerInvariant());
        _activity.SetTag("qwen3tts.frames", speech.Frames);
        var current = Activity.Current;
        _activity.Stop(); // makes the activity current that was so at the beginning
        Activity.Current = current;
    }

    string Mode => _whole ? "whole" : "stream";
}
