// Recordings in, codes.jsonl out. Three passes, so that mistakes are told before the long one begins: read and shape every recording;
// encode what is not in the cache, several at a time; choose the reference and write the list. What training will see is on disk
// afterwards: a recording that was shaped is written beside the list, and encoded from that very file.
using Qwen3Tts.Audio;
using Qwen3Tts.Doctor;

namespace Qwen3Tts.Training.Data;

sealed record PreparationOptions
{
    /// <summary>Folder of WAV and TXT files, or a JSONL file.</summary>
    public required string Input { get; init; }
    /// <summary>The codes.jsonl to write.</summary>
    public required string Output { get; init; }
    /// <summary>Recording that the voice is taken from; null takes what each line names, and where it names none, the medoid of all clips.</summary>
    public string? Reference { get; init; }
    /// <summary>Language of clips that the input gives none for; null leaves them without.</summary>
    public string? Language { get; init; }
    /// <summary>Null shapes recordings from a folder, and leaves those that a JSONL lists as they are.</summary>
    public ClipShape? Shape { get; init; }
    /// <summary>Leave out what cannot be used, instead of stopping.</summary>
    public bool SkipBad { get; init; }
    /// <summary>How many clips are encoded at a time.</summary>
    public int Parallel { get; init; } = Environment.ProcessorCount;
}

/// <summary>The networks that preparation needs; each call may come from another thread.</summary>
/// <param name="SampleRate">Of the waves that are given to both.</param>
/// <param name="FrameSamples">Samples a frame.</param>
/// <param name="Fingerprint">Changes when the networks do.</param>
/// <param name="Encode">Frames of a wave, float32 and one clip at a time: the reference way.</param>
/// <param name="Voice">The speaker encoder; null for a model without one.</param>
sealed record ClipEncoder(int SampleRate, int FrameSamples, byte[] Fingerprint, Func<Waveform, int[][]> Encode, Func<Waveform, float[]>? Voice);

/// <summary>A clip that is ready to be trained on, what was changed in the recording (null: nothing), and whether its codes were known.</summary>
sealed record PreparedClip(Clip Clip, ShapedClip? Shaped, bool Known);

/// <summary>What was done.</summary>
/// <param name="Clips">In the order of the input.</param>
/// <param name="LeftOut">Messages of what was left out.</param>
/// <param name="Chosen">The reference that was chosen among the clips; null where one was given.</param>
sealed record PreparationReport(IReadOnlyList<PreparedClip> Clips, IReadOnlyList<string> LeftOut, string? Chosen);

static class Preparation
{
    /// <exception cref="InvalidDataException">Clips cannot be used; up to twenty are named.</exception>
    /// <exception cref="OperationCanceledException">Stopped; what was encoded is kept for the next run.</exception>
    public static PreparationReport Run(PreparationOptions options, ClipEncoder encoder, IProgress<(int Done, int Of)>? progress, CancellationToken stop)
    {
        var problems = new List<string>();
        var listed = ClipList.Read(options.Input, problems).ConvertAll(c => c with { Language = c.Language ?? options.Language });
        var shape = options.Shape ?? new ClipShape { Trim = Directory.Exists(options.Input), Level = Directory.Exists(options.Input) };
        if (options.Reference is { } file && !File.Exists(file))
            throw new FileNotFoundException($"There is no reference recording '{file}'. Name one of the recordings, or leave --reference out.");

        var shapedFiles = shape.ChangesAnything ? ShapedFiles(listed, options.Output) : [];
        var shaped = Each(listed, options.Parallel, stop, clip => Guarded(clip, problems, () => Shape(clip, shape, encoder, shapedFiles))).OfType<PreparedClip>().ToList();
        shaped = WithReference(shaped, options.Reference, shapedFiles, problems);
        if (!options.SkipBad)
            CodesFile.ThrowIfAny(problems);
        if (shaped.Count == 0)
            throw new InvalidDataException($"{options.Input}: no clip can be used.\n{string.Join('\n', problems.Take(20))}");

        using var cache = new EncodingCache(options.Output + ".cache", encoder.Fingerprint);
        var choose = shaped.Any(c => c.Clip.Reference is null);
        if (choose && encoder.Voice is null)
            throw new InvalidDataException("The model has no speaker encoder that could choose a reference. Name one with --reference, or prepare with a Base model.");
        var done = 0;
        var encoded = Each(shaped, options.Parallel, stop, c =>
        {
            var result = Encode(c.Clip, encoder, cache, choose);
            progress?.Report((Interlocked.Increment(ref done), shaped.Count));
            return result;
        });
        var chosen = choose ? shaped[Medoid([.. encoded.Select(e => e.Encoded.Voice!)])].Clip.Audio : null;
        var clips = shaped.Zip(encoded, (c, e) => new PreparedClip(c.Clip with { Codes = e.Encoded.Codes, Reference = c.Clip.Reference ?? chosen }, c.Shaped, e.Known)).ToList();
        CodesFile.Write(options.Output, clips.Select(c => c.Clip));
        return new(clips, problems, chosen);
    }

    static T[] Each<TItem, T>(IReadOnlyList<TItem> items, int parallel, CancellationToken stop, Func<TItem, T> body)
    {
        var results = new T[items.Count];
        try
        {
            Parallel.For(0, items.Count, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, parallel), CancellationToken = stop }, i => results[i] = body(items[i]));
            return results;
        }
        catch (AggregateException e)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerExceptions[0]); // one fault, told as itself
            throw;
        }
    }

    /// <summary>Notes what is wrong with a clip, with its place and a remedy, and gives null then.</summary>
    static PreparedClip? Guarded(Clip clip, List<string> problems, Func<PreparedClip> body)
    {
        try
        {
            return body();
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            lock (problems)
                problems.Add(e.Message.StartsWith(clip.Place, StringComparison.Ordinal) ? e.Message : $"{clip.Place}: {e.Message}");
            return null;
        }
    }

    /// <summary>Where each recording goes that is changed: beside the list, under its own name.</summary>
    static Dictionary<string, string> ShapedFiles(List<Clip> clips, string output)
    {
        var folder = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(output))!, "clips");
        var (files, taken) = (new Dictionary<string, string>(), new HashSet<string>(StringComparer.OrdinalIgnoreCase));
        foreach (var audio in clips.Select(c => c.Audio).Distinct())
        {
            var stem = Path.GetFileNameWithoutExtension(audio);
            var name = stem;
            for (var i = 2; !taken.Add(name); i++)
                name = $"{stem}-{i}";
            files[audio] = Path.Combine(folder, name + ".wav");
        }
        return files.ContainsValue(clips.FirstOrDefault()?.Audio ?? "") ? throw new IOException($"The changed recordings would replace those in '{folder}'. Write codes.jsonl into another folder.") : files;
    }

    static PreparedClip Shape(Clip clip, ClipShape shape, ClipEncoder encoder, Dictionary<string, string> shapedFiles)
    {
        if (!shape.ChangesAnything && clip.Codes is not null)
            return new(clip, null, true);
        var wave = WavFile.Read(clip.Audio).ToRate(encoder.SampleRate);
        ShapedClip shaped;
        try
        {
            shaped = shape.Apply(wave, encoder.FrameSamples);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{clip.Place}: '{Path.GetFileName(clip.Audio)}' {e.Message}. Remove it, or leave it out with --skip-bad.");
        }
        if (!shape.ChangesAnything)
            return new(clip, null, false);
        WavFile.Write(shapedFiles[clip.Audio], shaped.Wave);
        return new(clip with { Audio = shapedFiles[clip.Audio], GivenAsRelative = true, Codes = null }, shaped with { Wave = new([], wave.SampleRate) }, false);
    }

    /// <summary>The reference that was asked for, or named by the line; in its changed form where it is one of the recordings.</summary>
    static List<PreparedClip> WithReference(List<PreparedClip> clips, string? asked, Dictionary<string, string> shapedFiles, List<string> problems)
    {
        var result = new List<PreparedClip>();
        foreach (var c in clips)
        {
            var reference = asked is null ? c.Clip.Reference : Path.GetFullPath(asked);
            if (reference is not null && shapedFiles.TryGetValue(reference, out var moved))
                reference = moved;
            if (reference is null || File.Exists(reference))
                result.Add(c with { Clip = c.Clip with { Reference = reference } });
            else
                problems.Add($"{c.Clip.Place}: the reference '{reference}' is not there. Correct 'ref_audio', or name one recording for all with --reference.");
        }
        return result;
    }

    static (EncodedClip Encoded, bool Known) Encode(Clip clip, ClipEncoder encoder, EncodingCache cache, bool withVoice)
    {
        if (clip.Codes is { } given && !withVoice)
            return (new(given, null), true);
        var wave = WavFile.Read(clip.Audio).ToRate(encoder.SampleRate);
        var key = cache.Key(wave);
        var known = cache.Find(key);
        if (known is not null && (known.Voice is not null || !withVoice))
            return (clip.Codes is { } codes ? known with { Codes = codes } : known, true);
        var encoded = new EncodedClip(known?.Codes ?? clip.Codes ?? encoder.Encode(wave), withVoice ? encoder.Voice!(wave) : null);
        cache.Add(key, encoded);
        return (encoded, known is not null);
    }

    /// <summary>The clip that is nearest to all others by the cosine of their voices. Sums of cosines are one product with the sum of all.</summary>
    public static int Medoid(IReadOnlyList<float[]> voices)
    {
        var lengths = voices.Select(v => Math.Sqrt(v.Sum(x => (double)x * x))).ToArray();
        var sum = new double[voices[0].Length];
        for (var i = 0; i < voices.Count; i++)
            for (var d = 0; d < sum.Length; d++)
                sum[d] += voices[i][d] / lengths[i];
        return Enumerable.Range(0, voices.Count).MaxBy(i => voices[i].Select((x, d) => x * sum[d]).Sum() / lengths[i]);
    }
}
