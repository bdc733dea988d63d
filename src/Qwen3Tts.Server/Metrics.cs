// GET /metrics: the meters of the library and of the server in the text format of Prometheus. Labels are models, routes and reasons; texts
// and voices are never among them. Programs that host the server may also give both meters to OpenTelemetry.
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Qwen3Tts.Server;

sealed class Metrics : IDisposable
{
    const string Library = "Qwen3Tts", Own = "Qwen3Tts.Server";
    static readonly double[] UsualBounds = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10, 30, 60];

    readonly Meter _meter = new(Own);
    readonly MeterListener _listener = new();
    readonly Counter<long> _requests, _speeches;
    readonly Histogram<double> _took;
    readonly ConcurrentDictionary<(string Name, string Labels), Series> _series = [];
    readonly ConcurrentDictionary<string, (string Kind, string Help)> _families = [];

    public Metrics()
    {
        _requests = _meter.CreateCounter<long>("qwen3tts.server.requests", "{request}", "Requests, by route and status.");
        _speeches = _meter.CreateCounter<long>("qwen3tts.server.speeches", "{speech}", "Speeches, by the reason why they ended.");
        _took = _meter.CreateHistogram<double>("qwen3tts.server.request.duration", "s", "Time of a request, by route.");
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Library || ReferenceEquals(instrument.Meter, _meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Add(i, v, tags));
        _listener.SetMeasurementEventCallback<int>((i, v, tags, _) => Add(i, v, tags));
        _listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Add(i, v, tags));
        _listener.Start();
    }

    /// <summary>Watches a queue.</summary>
    public void Watch(FairQueue queue)
    {
        _meter.CreateObservableGauge("qwen3tts.server.speaking", () => queue.Speaking, "{request}", "Requests that are spoken.");
        _meter.CreateObservableGauge("qwen3tts.server.waiting", () => queue.Waiting, "{request}", "Requests that wait.");
    }

    public void Request(string route, int status, TimeSpan took)
    {
        _requests.Add(1, new("route", route), new KeyValuePair<string, object?>("status", status));
        _took.Record(took.TotalSeconds, new KeyValuePair<string, object?>("route", route));
    }

    public void Spoke(SpokenEnd end) => _speeches.Add(1, new KeyValuePair<string, object?>("finish_reason", ReplyFormat.Word(end.Reason)));

    void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var kind = instrument switch
        {
            Histogram<double> => "histogram",
            Counter<long> or Counter<int> or Counter<double> => "counter",
            _ => "gauge",
        };
        var name = NameOf(instrument, kind);
        _families.TryAdd(name, (kind, instrument.Description ?? ""));
        var labels = new StringBuilder();
        foreach (var (key, of) in tags)
            labels.Append(labels.Length > 0 ? "," : "").Append(key.Replace('.', '_')).Append("=\"").Append(
                Convert.ToString(of, CultureInfo.InvariantCulture)!.Replace("\\", "\\\\", StringComparison.Ordinal)
                    .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('"');
        _series.GetOrAdd((name, labels.ToString()), _ => new(kind != "histogram" ? []
            : [.. (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? UsualBounds])).Add(value, isSum: kind != "gauge");
    }

    static string NameOf(Instrument instrument, string kind) => instrument.Name.Replace('.', '_')
        + (instrument.Unit == "s" ? "_seconds" : "") + (kind == "counter" ? "_total" : "");

    /// <summary>All series as text.</summary>
    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (var (name, (kind, help)) in _families.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {kind}\n");
            foreach (var ((_, labels), series) in _series.Where(s => s.Key.Name == name).OrderBy(s => s.Key.Labels, StringComparer.Ordinal))
                series.Write(text, name, labels);
        }
        return text.ToString();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meter.Dispose();
    }

    /// <summary>A number, or how many numbers are below each bound.</summary>
    sealed class Series(double[] bounds)
    {
        readonly long[] _counts = new long[bounds.Length];
        readonly Lock _gate = new();
        long _count;
        double _value;

        public void Add(double value, bool isSum)
        {
            lock (_gate)
            {
                _value = isSum ? _value + value : value;
                _count++;
                for (var i = 0; i < bounds.Length; i++)
                    if (value <= bounds[i])
                        _counts[i]++;
            }
        }

        public void Write(StringBuilder to, string name, string labels)
        {
            void Line(string suffix, string more, double value)
            {
                var all = labels.Length > 0 && more.Length > 0 ? $"{labels},{more}" : labels + more;
                to.Append(CultureInfo.InvariantCulture, $"{name}{suffix}{(all.Length > 0 ? $"{{{all}}}" : "")} {value}\n");
            }
            lock (_gate)
            {
                if (bounds.Length == 0)
                {
                    Line("", "", _value);
                    return;
                }
                for (var i = 0; i < bounds.Length; i++)
                    Line("_bucket", string.Create(CultureInfo.InvariantCulture, $"le=\"{bounds[i]}\""), _counts[i]);
                Line("_bucket", "le=\"+Inf\"", _count);
                Line("_sum", "", _value);
                Line("_count", "", _count);
            }
        }
    }
}
