// Which examples make which step. A pure function of seed and position: nothing has to be remembered to go on where a run stopped. Several
// voices take turns, each with an order of its own, so that a small one is trained on as often as a large one.
using Qwen3Tts.Data;
using Qwen3Tts.Sequence;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Batching;

/// <summary>The clips of a run as the sequences they are trained as.</summary>
sealed class TrainingData
{
    readonly IReadOnlyList<Clip> _clips;
    readonly ExampleBuilder _builder;
    readonly SpecialTokens _ids;
    readonly IReadOnlyList<TrainingVoice> _voices;
    readonly TrainingOptions _options;
    readonly int[] _voiceOf; // of each clip
    readonly int[][] _training; // of each voice, the clips that are trained on
    readonly int[] _lengths; // of each clip, in tokens and frames
    readonly Clip?[] _references; // of each voice, where it is one of the clips
    readonly Dictionary<(int Voice, long Epoch), int[]> _orders = [];

    /// <exception cref="ArgumentException">The model lacks a language that is asked for, or nothing is left to train a voice
    /// on.</exception>
    /// <exception cref="InvalidDataException">There is no transcript of a reference that is to be in the prompts, or a clip is longer than
    /// the model can see.</exception>
    public TrainingData(IReadOnlyList<Clip> clips, TextTokenizer tokenizer, SpecialTokens ids, IReadOnlyList<TrainingVoice> voices,
        TrainingOptions options, int mostPositions = int.MaxValue)
    {
        (_clips, _ids, _voices, _options) = (clips, ids, voices, options);
        _builder = new(tokenizer, ids, mostPositions);
        _voiceOf = [.. clips.Select(c =>
            voices.Index().First(v => Files.SpeakerName.IsSame(v.Item.Name, TrainingVoices.NameOf(options, c))).Index)];
        CheckClips();
        _lengths = [.. clips.Select(c => tokenizer.Encode(c.Text).Length + c.Codes!.Count)];
        _references = [.. voices.Select(v => clips.FirstOrDefault(c => c.Audio == v.Reference))];
        if (options.InContext > 0 && Array.IndexOf(_references, null) is >= 0 and var missing)
            throw new InvalidDataException(
                $"--in-context needs the text of the reference '{voices[missing].Reference}', which is none of the clips. Let 'prepare' " +
                $"choose the reference, or add it to the recordings with its text.");
        var heldOut = Data.HeldOut.Select(clips, options.HeldOut);
        HeldOutClips = [.. clips.Where((_, i) => heldOut[i])];
        HeldOut = [.. Enumerable.Range(0, clips.Count).Where(i => heldOut[i]).Select(i => Example(i, i))];
        _training = [.. voices.Select((_, v) => Enumerable.Range(0, clips.Count).Where(i => !heldOut[i] && _voiceOf[i] == v).ToArray())];
        if (Array.FindIndex(_training, t => t.Length == 0) is >= 0 and var empty)
            throw new ArgumentException($"All clips of '{voices[empty].Name}' are held out, and none is left to train on. Hold out fewer.");
        var languages = clips.SelectMany(c => options.Languages!.Select(policy => Language(c, policy))).Distinct().ToList();
        HasAuto = languages.Any(l => ids.Language(l, null) is null);
        _ = Longest; // a clip that is too long for the model is told now, and not in the middle of the run
        Languages = [.. languages.Where(l => ids.Language(l, null) is not null).Select(ids.LanguageName).Distinct()
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>What can be spoken and in which languages is decided by the checks that speaking has.</summary>
    void CheckClips()
    {
        foreach (var clip in _clips)
        {
            if (ClipGate.Error(clip) is { } problem)
                throw new InvalidDataException(problem);
            foreach (var language in _options.Languages!.Select(policy => Language(clip, policy)))
                if (LanguageNames.Find(language, _ids.Languages.Keys) is null)
                    throw new ArgumentException(
                        $"{(language == clip.Language ? $"{clip.Place}: " : "")}{LanguageNames.Unknown(language!, _ids.Languages.Keys)}");
        }
    }

    /// <summary>The clips that are only measured.</summary>
    public IReadOnlyList<Clip> HeldOutClips { get; }

    /// <summary>The same as sequences, always under the same conditions.</summary>
    public IReadOnlyList<TrainingExample> HeldOut { get; }

    /// <summary>Clips that are trained on.</summary>
    public int Training => _training.Sum(t => t.Length);

    /// <summary>The same for each voice.</summary>
    public IReadOnlyList<(string Voice, int Clips)> TrainingOf => [.. _voices.Zip(_training, (v, t) => (v.Name, t.Length))];

    /// <summary>
    /// The examples of a step: each epoch passes through all clips of a voice in an order of its own, and batches run on across its end.
    /// </summary>
    public List<TrainingExample> Batch(int step) => [.. Positions(step, _options.Bucket!.Value).Select(At)];

    /// <summary>The first few clips that are trained on, as they are trained on first.</summary>
    public List<TrainingExample> Some(int most) => [.. Enumerable.Range(0, Math.Min(most, Training)).Select(i => At(i))];

    /// <summary>Instructions stand in sequences of the run.</summary>
    public bool HasInstruct => _clips.Any(c => !string.IsNullOrWhiteSpace(c.Instruct));

    /// <summary>The longest clip, written in the longest way.</summary>
    public BatchShape Longest => Enumerable.Range(0, _clips.Count)
        .Select(i => _builder.WriteSequence(_clips[i],
            Conditions(i, Layout.TextFirst, _options.Languages![0], _options.InContext > 0)))
        .Select(s => new BatchShape(1, s.Positions.Count, s.Frames.Count()))
            .Aggregate((a, b) => new(1, Math.Max(a.Positions, b.Positions), Math.Max(a.Frames, b.Frames)));

    /// <summary>Share of positions that are padding over the first epoch.</summary>
    /// <param name="microBatch">Clips that are computed together.</param>
    /// <param name="bucket">As the option.</param>
    public double Padding(int microBatch, int bucket)
    {
        long filled = 0, all = 0;
        for (var step = 0; step < Math.Min(_options.Steps!.Value, (Training + _options.Batch - 1) / _options.Batch); step++)
            foreach (var part in InParts(Positions(step, bucket).ConvertAll(p => _lengths[ClipAt(p)]), microBatch, length => length))
            {
                filled += part.Sum();
                all += (long)part.Length * part.Max();
            }
        return 1 - (double)filled / all;
    }

    /// <summary>A batch in micro-batches. Where there are several, clips of like length lie together.</summary>
    public static IEnumerable<T[]> InParts<T>(IReadOnlyList<T> batch, int size, Func<T, int> length) =>
        (size < batch.Count ? batch.OrderBy(length) : batch.AsEnumerable()).Chunk(size);

    /// <summary>
    /// Of a step's examples, in the run's order. Steps that are drawn together deal out their clips by length, and come in an order of
    /// their own.
    /// </summary>
    List<long> Positions(int step, int bucket)
    {
        var (window, batch) = Math.DivRem(step, bucket);
        var positions = Enumerable.Range(0, bucket * _options.Batch).Select(i => (long)window * bucket * _options.Batch + i);
        return bucket == 1 ? [.. positions]
            : [.. positions.OrderBy(p => _lengths[ClipAt(p)]).ThenBy(p => p)
                .Skip(Shuffled(Enumerable.Range(0, bucket), -1 - window)[batch] * _options.Batch).Take(_options.Batch)];
    }

    /// <summary>Languages of the model that stand in sequences of the run.</summary>
    public IReadOnlyList<string> Languages { get; }

    /// <summary>Some sequences of the run have none.</summary>
    public bool HasAuto { get; }

    TrainingExample At(long position) => Example(ClipAt(position), _clips.Count + position);

    int ClipAt(long position)
    {
        const long EpochsOfAVoice = 1L << 40;
        var (turn, voice) = Math.DivRem(position, _voices.Count);
        var (epoch, index) = Math.DivRem(turn, _training[voice].Length);
        if (!_orders.TryGetValue(((int)voice, epoch), out var order))
        {
            if (_orders.Count > 4 * _voices.Count)
                _orders.Clear();
            order = _orders[((int)voice, epoch)] = Shuffled(_training[voice], voice * EpochsOfAVoice + epoch);
        }
        return order[index];
    }

    TrainingExample Example(int clip, long draw)
    {
        var layout = _options.Layout switch
        {
            LayoutPolicy.TextFirst => Layout.TextFirst,
            LayoutPolicy.Interleaved => Layout.Interleaved,
            _ => Draw(draw, 1, 2) == 0 ? Layout.TextFirst : Layout.Interleaved,
        };
        var conditions = Conditions(clip, layout, _options.Languages![Draw(draw, 2, _options.Languages.Count)],
            Draw(draw, -1, 1 << 20) < _options.InContext * (1 << 20));
        return _options.Planted.Edit(_builder.Build(_clips[clip], conditions), _ids);
    }

    ClipConditions Conditions(int clip, Layout layout, string language, bool inContext) => new()
    {
        Voice = _voices[_voiceOf[clip]].Vector,
        Reference = inContext ? _references[_voiceOf[clip]] : null,
        Language = Language(_clips[clip], language),
        Layout = layout,
    };

    static string? Language(Clip clip, string policy) => policy.Equals("data", StringComparison.OrdinalIgnoreCase) ? clip.Language : policy;

    int[] Shuffled(IEnumerable<int> items, long epoch)
    {
        var result = items.ToArray();
        for (var i = result.Length - 1; i > 0; i--)
        {
            var j = Draw(epoch, 3 + i, i + 1);
            (result[i], result[j]) = (result[j], result[i]);
        }
        return result;
    }

    /// <summary>A number below <paramref name="below"/> that depends on the seed and two coordinates alone (SplitMix64).</summary>
    int Draw(long a, long b, int below)
    {
        var x = Mix(Mix(Mix((ulong)_options.Seed) ^ (ulong)a) ^ (ulong)b);
        return (int)((UInt128)x * (ulong)below >> 64);

        static ulong Mix(ulong x)
        {
            x += 0x9E3779B97F4A7C15;
            x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
            x = (x ^ x >> 27) * 0x94D049BB133111EB;
            return x ^ x >> 31;
        }
    }
}
