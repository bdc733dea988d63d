using System.Diagnostics;
using System.Diagnostics.Metrics;
using Qwen3Tts.Audio;
using Qwen3Tts.Generation;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests;

/// <summary>Meters and activities tell how utterances went, and never what was said. No other test runs beside: all of the process is
/// counted.</summary>
[CollectionDefinition(nameof(MonitoringTests), DisableParallelization = true)]
[Collection(nameof(MonitoringTests))]
public sealed class MonitoringTests : IDisposable
{
    const string Text = "Set white at B four now.";
    const int Frames = 5;

    readonly Tts _tts = Tts.Load(Mini.Model, new() { Threads = 2 });
    readonly SpeechOptions _options;
    readonly MeterListener _meters = new();
    readonly Dictionary<string, List<double>> _values = [];
    readonly List<Activity> _activities = [];
    readonly ActivityListener _listener;

    public MonitoringTests()
    {
        _options = new()
        {
            Voice = _tts.Clone(WavFile.Read(Path.Combine(Mini.Folder, "clips", "rms_1.wav"))),
            Sampling = _tts.Sampling with { MaxFrames = Frames },
        };
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "Qwen3Tts")
                listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<double>((i, value, tags, _) => Note(i, value, tags));
        _meters.SetMeasurementEventCallback<long>((i, value, tags, _) => Note(i, value, tags));
        _meters.SetMeasurementEventCallback<int>((i, value, tags, _) => Note(i, value, tags));
        _meters.Start();
        _listener = new()
        {
            ShouldListenTo = source => source.Name == "Qwen3Tts",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = _activities.Add,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meters.Dispose();
        _tts.Dispose();
    }

    void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (name, tag) in tags)
            Assert.Equal(name == "qwen3tts.model" ? "mini" : "stream", tag is "whole" ? "stream" : tag);
        if (!_values.TryGetValue(instrument.Name, out var values))
            _values[instrument.Name] = values = [];
        values.Add(value);
    }

    (double Waiting, double Active) Now()
    {
        _meters.RecordObservableInstruments();
        return (_values["qwen3tts.utterances.waiting"][^1], _values["qwen3tts.utterances.active"][^1]);
    }

    [Fact]
    public async Task EachUtteranceIsReportedOnce()
    {
        using var request = new Activity("request").Start();
        await _tts.SayAsync(Text, _options);
        await foreach (var chunk in _tts.StreamAsync(Text, _options))
            Assert.Same(request, Activity.Current);
        Assert.Equal(2 * Frames, _values["qwen3tts.frames"].Sum());
        Assert.Equal(2, _values["qwen3tts.time_to_first_audio"].Count);
        Assert.Equal(2, _values["qwen3tts.real_time_factor"].Count(v => v > 0));
        Assert.Equal((0, 0), Now());
        Assert.Equal(2, _activities.Count);
        Assert.Equal(["whole", "stream"], _activities.Select(a => a.GetTagItem("qwen3tts.mode")));
        Assert.All(_activities, a =>
        {
            Assert.Equal(request.SpanId, a.ParentSpanId);
            Assert.Equal("mini", a.GetTagItem("qwen3tts.model"));
            Assert.Equal("interleaved", a.GetTagItem("qwen3tts.layout"));
            Assert.Equal("length", a.GetTagItem("qwen3tts.finish_reason"));
            Assert.Equal(Frames, a.GetTagItem("qwen3tts.frames"));
            Assert.DoesNotContain(a.TagObjects, t => $"{t.Value}".Contains("white", StringComparison.Ordinal));
        });
    }

    [Fact]
    public void AStreamIsActiveFromItsFirstFrameUntilItIsLeft()
    {
        var before = Activity.Current;
        using (var chunks = _tts.Stream(Text, _options).GetEnumerator())
        {
            Assert.Equal((0, 0), Now()); // not begun
            Assert.True(chunks.MoveNext());
            Assert.Equal((0, 1), Now());
            Assert.Same(before, Activity.Current);
        }
        Assert.Equal((0, 0), Now());
        Assert.Equal("cancelled", Assert.Single(_activities).GetTagItem("qwen3tts.finish_reason"));
        Assert.Same(before, Activity.Current);
    }

    [Fact]
    public void AnErrorIsReportedByItsTypeAlone()
    {
        var (tooLong, options) = (string.Join(' ', Enumerable.Repeat(Text, 5000)), _options with { Layout = Layout.TextFirst });
        Assert.Throws<ArgumentException>(() => _tts.Say(tooLong, options));
        Assert.Throws<ArgumentException>(() => _tts.Stream(tooLong, options).ToList());
        Assert.Equal(2, _activities.Count);
        Assert.All(_activities, a =>
        {
            Assert.Equal(ActivityStatusCode.Error, a.Status);
            Assert.Null(a.StatusDescription);
            Assert.Equal(typeof(ArgumentException).FullName, a.GetTagItem("error.type"));
            Assert.Null(a.GetTagItem("qwen3tts.finish_reason"));
        });
        Assert.Equal((0, 0), Now());
        Assert.False(_values.ContainsKey("qwen3tts.time_to_first_audio"));
    }

    [Fact]
    public void WithoutAListenerAFrameAllocatesNothing()
    {
        _listener.Dispose();
        _meters.Dispose();
        var monitor = new SpeechMonitor("mini", Layout.TextFirst);
        monitor.Begin(whole: false);
        monitor.Frame();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            monitor.Frame();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        monitor.End(new(FinishReason.End, 0, 0, 0, new(default, default, default, default)));
    }
}
