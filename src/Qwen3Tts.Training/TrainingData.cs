// Which examples make which step. A pure function of seed and position: nothing has to be remembered to go on where a run stopped.
using Qwen3Tts.Doctor;
using Qwen3Tts.Sequence;
using Qwen3Tts.Text;

namespace Qwen3Tts.Training;

/// <summary>The clips of a run as the sequences they are trained as.</summary>
sealed class TrainingData
{
    readonly IReadOnlyList<Clip> _clips;
    readonly TextTokenizer _tokenizer;
    readonly SpecialTokens _ids;
    readonly float[] _voice;
    readonly TrainingOptions _options;
    readonly int[] _training; // clips that are trained on
    int[] _order = [];
    long _epoch = -1;

    /// <exception cref="ArgumentException">The model lacks a language that is asked for.</exception>
    public TrainingData(IReadOnlyList<Clip> clips, TextTokenizer tokenizer, SpecialTokens ids, float[] voice, TrainingOptions options)
    {
        (_clips, _tokenizer, _ids, _voice, _options) = (clips, tokenizer, ids, voice, options);
        var heldOut = Data.HeldOut.Of(clips, options.HeldOut);
        HeldOutClips = [.. clips.Where((_, i) => heldOut[i])];
        HeldOut = [.. Enumerable.Range(0, clips.Count).Where(i => heldOut[i]).Select(i => Example(i, i))];
        _training = [.. Enumerable.Range(0, clips.Count).Where(i => !heldOut[i])];
        var languages = clips.SelectMany(c => options.Languages!.Select(policy => Language(c, policy))).Distinct().ToList();
        HasAuto = languages.Any(l => ids.Language(l, null) is null);
        Languages = [.. languages.Where(l => ids.Language(l, null) is not null).Select(l => l!.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>The clips that are only measured.</summary>
    public IReadOnlyList<Clip> HeldOutClips { get; }

    /// <summary>The same as sequences, always under the same conditions.</summary>
    public IReadOnlyList<TrainingExample> HeldOut { get; }

    /// <summary>Clips that are trained on.</summary>
    public int Training => _training.Length;

    /// <summary>The examples of a step: each epoch passes through all clips in an order of its own, and batches run on across its end.</summary>
    public List<TrainingExample> Batch(int step) => [.. Enumerable.Range(0, _options.Batch).Select(i => At((long)step * _options.Batch + i))];

    /// <summary>The first few clips that are trained on, as they are trained on first.</summary>
    public List<TrainingExample> Some(int most) => [.. Enumerable.Range(0, Math.Min(most, _training.Length)).Select(i => At(i))];

    /// <summary>Languages of the model that stand in sequences of the run.</summary>
    public IReadOnlyList<string> Languages { get; }

    /// <summary>Some sequences of the run have none.</summary>
    public bool HasAuto { get; }

    TrainingExample At(long position)
    {
        var (epoch, index) = Math.DivRem(position, _training.Length);
        if (epoch != _epoch)
            (_order, _epoch) = (Shuffled(_training, epoch), epoch);
        return Example(_order[index], _clips.Count + position);
    }

    TrainingExample Example(int clip, long draw)
    {
        var layout = _options.Layout switch
        {
            LayoutPolicy.TextFirst => Layout.TextFirst,
            LayoutPolicy.Interleaved => Layout.Interleaved,
            _ => Draw(draw, 1, 2) == 0 ? Layout.TextFirst : Layout.Interleaved,
        };
        var sequence = TalkerSequence.Prompt(new Utterance
        {
            Text = _tokenizer.Encode(_clips[clip].Text),
            Voice = _voice,
            Language = Language(_clips[clip], _options.Languages![Draw(draw, 2, _options.Languages.Count)]),
            Layout = layout,
        }, _ids);
        foreach (var frame in _clips[clip].Codes!)
            sequence.Append(new CodecStep.Frame(frame));
        sequence.AppendEnd();
        return _options.Planted.Edit(TrainingExample.Of(sequence, _ids), _ids);
    }

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
