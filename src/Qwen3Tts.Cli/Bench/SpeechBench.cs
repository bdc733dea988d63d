// What speaking costs here, part by part, as multiples of what the machine allows. The parts are called as the generator calls them, with
// codes drawn beforehand, so that no end of speech ends the run early.
using System.Diagnostics;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Kernels;
using Qwen3Tts.Loading;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;

namespace Qwen3Tts.Cli.Bench;

/// <summary>One figure: what was measured, and what the machine would need at least.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">In <paramref name="Unit"/>.</param>
/// <param name="Unit">ms, s, MB or none.</param>
/// <param name="Floor">In the same unit; null where there is none.</param>
sealed record Figure(string Name, double Value, string Unit, double? Floor = null)
{
    public double? Multiple => Value / Floor;
}

/// <param name="Size">One of <see cref="ReleasedShapes.Names"/>.</param>
/// <param name="Type">Int8 or Int4; null is BF16.</param>
/// <param name="Positions">Of the prompt.</param>
/// <param name="Frames">Spoken.</param>
/// <param name="Map">Weights are used where they lie in the files.</param>
sealed record SpeechBenchOptions(string Size, WeightType? Type, int Positions, int Frames, bool Map);

sealed partial class SpeechBench : IDisposable
{
    const int NewlineId = 198;
    const int FramesOfFirstUtterance = 12;

    readonly SpeechBenchOptions _options;
    readonly Workers _workers;
    readonly Action<string> _tell;
    readonly string _folder = Directory.CreateTempSubdirectory("qwen3tts-bench-").FullName;
    readonly List<Figure> _figures = [];
    readonly Statistics.Pcg32 _random = new(seed: 2);
    Yardsticks _limits = new(1, 1, 1);

    public SpeechBench(SpeechBenchOptions options, Workers workers, Action<string> tell) =>
        (_options, _workers, _tell) = (options, workers, tell);

    public Yardsticks Limits => _limits;

    public IReadOnlyList<Figure> Run(CancellationToken stop)
    {
        RandomModel.Write(_folder, _options.Size, _tell);
        var watch = Stopwatch.StartNew();
        var model = ModelFolder.Open(_folder);
        var (talker, _) = ModelNetworks.Load(model, _workers, _options.Type, _options.Map);
        var codec = SpeechCodec.Load(model.CodecPath, _workers, _options.Map, bfloat16: talker.IsQuantized);
        var loaded = watch.Elapsed.TotalSeconds;
        _tell("speaking the first utterance");
        var first = Speak(talker, codec, FramesOfFirstUtterance, stop);
        _figures.Add(new("load", loaded, "s"));
        _figures.Add(new("load to the first frame", loaded + first.Prefill + first.FirstFrame, "s"));
        AddMemory(); // before the gigabyte that measures the machine
        _tell("measuring the machine");
        _limits = Yardsticks.Measure(_workers);
        var again = Speak(talker, codec, FramesOfFirstUtterance, stop);
        _figures.Add(new("first utterance against the second", first.Total / again.Total, "", 1));
        _tell("speaking");
        var warm = talker.CreateState(); // as after an utterance of this length
        warm.Cache.Reserve(_options.Positions + _options.Frames + 1);
        talker.Return(warm);
        Report(Speak(talker, codec, _options.Frames, stop), codec.FramesPerSecond);
        SpeakTogether(talker, stop);
        foreach (var chunk in new[] { 1, 2, 4, 8, _options.Frames })
            Decode(codec, chunk, stop);
        Encode(codec);
        return _figures;
    }

    // What the process has for itself, and what it shares with the system's cache of files.
    void AddMemory()
    {
        _figures.Add(new("peak memory", Process.GetCurrentProcess().PeakWorkingSet64 / 1048576.0, "MB"));
        const string status = "/proc/self/status";
        if (!File.Exists(status))
        {
            _figures.Add(new("resident memory", Environment.WorkingSet / 1048576.0, "MB"));
            return;
        }
        double Megabytes(string key) => File.ReadLines(status).Where(l => l.StartsWith(key, StringComparison.Ordinal))
            .Select(l => long.Parse(l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1]) / 1024.0).Sum();
        _figures.Add(new("resident memory", Megabytes("VmRSS:"), "MB"));
        _figures.Add(new("of it mapped files", Megabytes("RssFile:"), "MB"));
    }

    void Report(Timing t, double framesPerSecond)
    {
        var frames = _options.Frames;
        _figures.Add(new("prefill", t.Prefill * 1e3, "ms", t.PrefillFlops / _limits.FloatGigaflops / 1e6));
        var (talker, predictor) = (FrameFloor(t.TalkerBytes, t.TalkerMultiplications), FrameFloor(t.PredictorBytes,
            t.PredictorMultiplications));
        _figures.Add(new("talker, a frame", t.Talker * 1e3 / frames, "ms", talker));
        _figures.Add(new("code predictor, a frame", t.Predictor * 1e3 / frames, "ms", predictor));
        _figures.Add(new("language model, a frame", (t.Talker + t.Predictor) * 1e3 / frames, "ms", talker + predictor));
        _figures.Add(new("streamed first audio", (t.Prefill + t.FirstFrame + t.FirstDecode) * 1e3, "ms"));
        _figures.Add(new("allocated, a frame", t.Allocated / (double)frames, "bytes"));
        _figures.Add(new("real-time factor", t.Total / (frames / framesPerSecond), ""));
    }

    // In ms: the time to read the weights; for whole numbers the time to multiply, where that is longer.
    double FrameFloor(double bytes, double multiplications) => Math.Max(bytes / _limits.ReadGigabytes,
        _options.Type is null ? 0 : 2 * multiplications / _limits.Int8Gigaops) / _options.Frames / 1e6;

    Timing Speak(TalkerModel talker, SpeechCodec codec, int frames, CancellationToken stop)
    {
        var config = talker.Config;
        var sequence = Prompt(config);
        var all = Enumerable.Range(0, frames + 1).Select(_ => Codes(config)).ToList();
        var state = talker.CreateState();
        var t = new Timing();
        var watch = Stopwatch.StartNew();
        var multiplications = _workers.Multiplications;
        var hidden = talker.Advance(sequence.Positions, state)[^config.HiddenSize..].ToArray();
        talker.Logits(hidden);
        t.Prefill = watch.Elapsed.TotalSeconds;
        t.PrefillFlops = 2.0 * (_workers.Multiplications - multiplications);
        watch.Restart();
        Complete(talker, hidden, all[0].Codes);
        t.FirstFrame = watch.Elapsed.TotalSeconds;
        watch.Restart();
        codec.Decode([all[0].Codes]);
        t.FirstDecode = watch.Elapsed.TotalSeconds;
        var allocated = GC.GetTotalAllocatedBytes();
        for (var i = 0; i < frames; i++)
        {
            stop.ThrowIfCancellationRequested();
            sequence.Append(all[i]);
            SpeakFrame(talker, sequence, state, hidden, all[i + 1].Codes, t);
        }
        t.Allocated = GC.GetTotalAllocatedBytes() - allocated;
        talker.Return(state);
        watch.Restart();
        codec.Decode([.. all.Take(frames).Select(f => f.Codes)]);
        t.Total = watch.Elapsed.TotalSeconds + t.Prefill + t.Talker + t.Predictor;
        return t;
    }

    void SpeakFrame(TalkerModel talker, TalkerSequence sequence, TalkerState state, float[] hidden, int[] codes, Timing t)
    {
        var (began, bytes, multiplications) = (Stopwatch.GetTimestamp(), _workers.WeightBytes, _workers.Multiplications);
        talker.Advance(sequence.Positions, state).CopyTo(hidden);
        talker.Logits(hidden);
        t.Talker += Stopwatch.GetElapsedTime(began).TotalSeconds;
        t.TalkerBytes += _workers.WeightBytes - bytes;
        t.TalkerMultiplications += _workers.Multiplications - multiplications;
        (began, bytes, multiplications) = (Stopwatch.GetTimestamp(), _workers.WeightBytes, _workers.Multiplications);
        Complete(talker, hidden, codes);
        t.Predictor += Stopwatch.GetElapsedTime(began).TotalSeconds;
        t.PredictorBytes += _workers.WeightBytes - bytes;
        t.PredictorMultiplications += _workers.Multiplications - multiplications;
    }

    static void Complete(TalkerModel talker, ReadOnlySpan<float> hidden, int[] codes)
    {
        var predictor = talker.code_predictor;
        predictor.Begin(hidden, [codes[0]]);
        for (var i = 2; i < codes.Length; i++)
            predictor.Next(i - 1, [codes[i - 1]]);
    }

    TalkerSequence Prompt(TalkerConfig config)
    {
        var ids = ReleasedShapes.Model(_options.Size).SpecialTokens(NewlineId);
        TalkerSequence Of(int text) => TalkerSequence.Prompt(new()
        {
            Text = [.. Enumerable.Range(0, text).Select(_ => _random.NextBelow(config.TextVocabSize))],
            Voice = [.. Enumerable.Range(0, config.HiddenSize).Select(_ => (float)_random.NextUnit() - 0.5f)],
            Language = ids.Languages.Keys.First(),
        }, ids);
        return Of(Math.Max(1, _options.Positions - Of(1).Positions.Count + 1));
    }

    CodecStep.Frame Codes(TalkerConfig config) => new([.. Enumerable.Range(0, config.NumCodeGroups)
        .Select(_ => _random.NextBelow(config.CodePredictorConfig.VocabSize))]);

    public void Dispose() => Directory.Delete(_folder, true);

    sealed class Timing
    {
        public double Prefill, PrefillFlops, FirstFrame, FirstDecode, Total;
        public double Talker, TalkerBytes, TalkerMultiplications, Predictor, PredictorBytes, PredictorMultiplications;
        public long Allocated;
    }
}
