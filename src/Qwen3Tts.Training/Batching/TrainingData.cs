// Decides which examples each training step has. This is a pure function of the seed and the position in the run, so a stopped run can
// continue without stored state. Several voices take turns, each with its own order of clips, so that a voice with few clips is trained on
// as often as a voice with many.
using Qwen3Tts.Data;
using Qwen3Tts.Sequence;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Memory;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Batching;

/// <summary>The clips of a run, as training examples.</summary>
sealed class TrainingData
{
    readonly IReadOnlyList<Clip> _clips;
    readonly ExampleBuilder _builder;
    readonly SpecialTokens _ids;
    readonly IReadOnlyList<TrainingVoice> _voices;
    readonly TrainingOptions _options;
    readonly int[] _voiceOf; // the voice of each clip
    readonly int[][] _training; // for each voice, the clips that are trained on
    readonly int[] _lengths; // for each clip, tokens plus frames
    readonly Clip?[] _references; // for each voice, its reference recording; null if that is none of the clips
    readonly Dictionary<(int Voice, long Epoch), int[]> _orders = [];

    /// <exception cref="ArgumentException">The model lacks a language that is requested, or no clip of a voice is left for
    /// training.</exception>
    /// <exception cref="InvalidDataException">A reference recording for the prompts has no transcript, or a clip is too long for the
    /// model.</exception>
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
        _ = Longest; // throws now if a clip is too long for the model, and not in the middle of the run
        Languages = [.. languages.Where(l => ids.Language(l, null) is not null).Select(ids.LanguageName).Distinct()
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>Applies the same checks of texts and languages as for speaking.</summary>
    void CheckClips()
    {
        foreach (var clip in _clips)
        {
            if (ClipGate.Error(clip) is { } problem)
                throw new InvalidDataException(problem);
            foreach (var language in _options.Languages!.Select(policy => Language(clip, policy)))
                if (LanguageNames.Find(language, _ids.Languages.Keys) is null)
                    throw new ArgumentException(
                        $"{(language == clip.Language ? $"{clip.Place}: " : "")}{LanguageNames.Unknown(language!, _ids.Languages.Keys)} " +
                        $"To teach the model this language, give --new-language {Files.Printable.Text(language!)}.");
        }
    }

    /// <summary>The held-out clips.</summary>
    public IReadOnlyList<Clip> HeldOutClips { get; }

    /// <summary>The held-out clips as examples, always with the same conditions.</summary>
    public IReadOnlyList<TrainingExample> HeldOut { get; }

    /// <summary>The clips that are trained on.</summary>
    public IReadOnlyList<Clip> TrainingClips => [.. _training.SelectMany(own => own.Select(i => _clips[i]))];

    /// <summary>Number of clips that are trained on.</summary>
    public int Training => _training.Sum(t => t.Length);

    /// <summary>Number of clips that are trained on, for each voice.</summary>
    public IReadOnlyList<(string Voice, int Clips)> TrainingOf => [.. _voices.Zip(_training, (v, t) => (v.Name, t.Length))];

    /// <summary>The examples of a step. Each epoch has all clips of a voice, in a new order. A batch may contain the end of one epoch and
    /// the beginning of the next.</summary>
    public List<TrainingExample> Batch(int step) => [.. Positions(step, _options.Bucket!.Value).Select(At)];

    /// <summary>The first few examples of the run.</summary>
    /// <param name="most">Their largest number.</param>
    /// <param name="textOf">Each gets the text of the example so many places later, counted round; 0: its own.</param>
    public List<TrainingExample> Some(int most, int textOf = 0) => [.. Enumerable.Range(0, Math.Min(most, Training))
        .Select(i => Example(ClipAt(i), _clips.Count + i, _clips[ClipAt((i + textOf) % Math.Min(most, Training))].Text))];

    /// <summary>Whether any clip has an instruction.</summary>
    public bool HasInstruct => _clips.Any(c => !string.IsNullOrWhiteSpace(c.Instruct));

    /// <summary>The shape of the longest example: the largest number of positions and the largest number of frames, with the layout and
    /// conditions that give the longest sequence.</summary>
    public BatchShape Longest => Enumerable.Range(0, _clips.Count)
        .Select(i => _builder.WriteSequence(_clips[i],
            Conditions(i, Layout.TextFirst, _options.Languages![0], _options.InContext > 0)))
        .Select(s => new BatchShape(1, s.Positions.Count, s.Frames.Count()))
            .Aggregate((a, b) => new(1, Math.Max(a.Positions, b.Positions), Math.Max(a.Frames, b.Frames)));

    /// <summary>Share of positions that are padding in the first epoch.</summary>
    /// <param name="microBatch">Clips that are computed together.</param>
    /// <param name="bucket">Number of steps whose clips are drawn together, as in the option --bucket.</param>
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

    /// <summary>
    /// Splits a batch into micro-batches. If there are several, each has clips of similar length. A clip of more than twice the median
    /// length is computed with others of its kind, so that the rest of the batch is not padded to its length; the result is the same.
    /// </summary>
    public static IEnumerable<T[]> InParts<T>(IReadOnlyList<T> batch, int size, Func<T, int> length)
    {
        var usual = batch.Select(length).Order().ElementAt(batch.Count / 2);
        bool IsLong(T item) => length(item) > 2 * usual;
        var mixed = size < batch.Count || batch.Any(IsLong) ? batch.OrderBy(length) : batch.AsEnumerable();
        return mixed.GroupBy(IsLong).SelectMany(part => part.Chunk(size));
    }

    /// <summary>The positions, in the run's order, of a step's examples. The clips of all steps of a bucket are drawn together, sorted by
    /// length and divided among these steps in random order.</summary>
    List<long> Positions(int step, int bucket)
    {
        var (window, batch) = Math.DivRem(step, bucket);
        var positions = Enumerable.Range(0, bucket * _options.Batch).Select(i => (long)window * bucket * _options.Batch + i);
        return bucket == 1 ? [.. positions]
            : [.. positions.OrderBy(p => _lengths[ClipAt(p)]).ThenBy(p => p)
                .Skip(Shuffled(Enumerable.Range(0, bucket), -1 - window)[batch] * _options.Batch).Take(_options.Batch)];
    }

    /// <summary>The languages that prompts of the run name.</summary>
    public IReadOnlyList<string> Languages { get; }

    /// <summary>Whether some prompts of the run name no language.</summary>
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

    TrainingExample Example(int clip, long draw, string? text = null)
    {
        var layout = _options.Layout switch
        {
            LayoutPolicy.TextFirst => Layout.TextFirst,
            LayoutPolicy.Interleaved => Layout.Interleaved,
            _ => Draw(draw, 1, 2) == 0 ? Layout.TextFirst : Layout.Interleaved,
        };
        var conditions = Conditions(clip, layout, _options.Languages![Draw(draw, 2, _options.Languages.Count)],
            Draw(draw, -1, 1 << 20) < _options.InContext * (1 << 20));
        return _options.Planted.Edit(_builder.Build(_clips[clip] with { Text = text ?? _clips[clip].Text }, conditions), _ids);
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
