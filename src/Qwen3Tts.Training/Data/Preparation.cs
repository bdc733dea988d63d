// Makes codes.jsonl from recordings, in three passes, so that mistakes are reported before the long pass begins: read, trim and level every
// recording; encode what is not in the cache, several clips at a time; choose the reference and write the list. Afterwards everything that
// training reads is on disk: a changed recording is written beside the list, and the codes are made from that file.
using Qwen3Tts.Audio;
using Qwen3Tts.Data;

namespace Qwen3Tts.Training.Data;

static class Preparation
{
    /// <exception cref="InvalidDataException">Some clips cannot be used; up to twenty are named.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; encoded clips are kept for the next run.</exception>
    public static PreparationReport Run(PreparationOptions options, ClipEncoder encoder,
        IProgress<(string What, int Done, int Of)>? progress, CancellationToken stop)
    {
        if (options.Reference is { } file && !File.Exists(file))
            throw new FileNotFoundException($"There is no reference recording '{file}'. Name one of the recordings, or leave --reference "
                + "out.");
        var (problems, doubts) = (new ListProblems(), new List<string>());
        var listed = ClipList.Read(options.Input, problems, options.Format).ConvertAll(c => ClipList.InOneLanguage(c, options.Language));
        doubts.AddRange(encoder.Languages is { } known ? ClipChecks.CheckLanguages(listed, known) : []);
        var isRaw = listed.All(c => c.Reference is null && c.Codes is null);
        var shape = new ClipShape { Trim = options.Trim ?? isRaw, Level = options.Level ?? isRaw };
        var shapedFiles = shape.ChangesAnything ? PreparedFiles.Shaped(listed, options.Output) : [];
        PreparedFiles.Check(options, listed, shapedFiles.Values.Concat(PreparedFiles.Spliced(options)));
        options.Begins?.Invoke();
        var shaped = SelectClips(Each("Reading recordings", listed, options, progress, stop,
            clip => Guarded(clip, () => Shape(clip, shape, encoder, shapedFiles, options.Output))), problems);
        shaped = WithReference(WithoutContradictions(shaped, problems, doubts), options.Reference, shapedFiles, problems);
        if (!options.SkipBad)
            problems.ThrowIfAny();
        if (shaped.Count == 0)
            throw new InvalidDataException($"{options.Input}: no clip can be used.\n{problems}");

        var (clips, voices, chosen) = EncodeAll(options, shaped, encoder, progress, stop);
        doubts.AddRange(clips.SelectMany(c => ClipChecks.CheckText(c.Clip, encoder.Tokenizer)));
        doubts.AddRange(ClipChecks.CheckSound([.. clips.Where(c => c.Sound is not null).Select(c => (c.Clip, c.Sound!))]));
        var wrong = doubts.Count; // what is reported so far is read otherwise than it is written, or sounds worse, and is not wrong
        AddDoubts(clips, voices, encoder, shape, doubts);
        var scores = CompareTexts(clips, voices, encoder, progress, stop);
        clips = [.. MarkDoubtful(clips, [.. scores?.Doubts ?? [], .. doubts.Skip(wrong)])
            .Select((c, i) => c with { TextSaves = scores?.Saved[i] })];
        var all = Splice.AddTo(clips, options, encoder, progress, stop);
        CodesFile.Write(options.Output, all.Select(c => c.Clip));
        return new(all, problems, [.. scores?.Doubts ?? [], .. doubts], chosen)
        {
            FramesPerSecond = (double)encoder.SampleRate / encoder.FrameSamples,
            Texts = scores?.Summary ?? "not compared with the recordings; 'qwen3tts-train prepare --compare-texts true' does",
            Coverage = Coverage.Measure(clips.Where(c => c.Clip.HeldOut != true).Select(c => c.Clip.Text),
                options.Candidates ?? (clips.All(c => IsEnglish(c.Clip)) ? Coverage.English : [])),
        };
    }

    static bool IsEnglish(Clip clip) => clip.Language is { } named ? named == "English" : clip.Text.All(char.IsAscii);

    static TranscriptScores? CompareTexts(List<PreparedClip> clips, float[]?[] voices, ClipEncoder encoder,
        IProgress<(string What, int Done, int Of)>? progress, CancellationToken stop) => encoder.TextLoss is not { } loss ? null
        : TranscriptScores.Measure(
            [.. clips.Zip(voices, (c, voice) => new ScoredClip(c.Clip, encoder.Tokenizer!.Encode(c.Clip.Text), voice))], loss,
            done => progress?.Report(("Comparing texts with recordings", done, clips.Count)), stop);

    /// <summary>The clips with codes and references, the voice of each clip if it was computed, and the chosen references.</summary>
    static (List<PreparedClip> Clips, float[]?[] Voices, IReadOnlyList<string> Chosen) EncodeAll(
        PreparationOptions options, List<PreparedClip> shaped, ClipEncoder encoder,
        IProgress<(string What, int Done, int Of)>? progress, CancellationToken stop)
    {
        using var cache = new EncodingCache(options.Output + ".cache", encoder.Fingerprint);
        var choose = shaped.Any(c => c.Clip.Reference is null);
        if (choose && encoder.Voice is null)
            throw new InvalidDataException(
                "The model has no speaker encoder that could choose a reference. Name one with --reference, or prepare with a Base model.");
        var encoded = Each("Encoding recordings", shaped, options, progress, stop,
            c => Encode(c.Clip, encoder, cache, choose || encoder.Voice is not null && c.Clip.Codes is null));
        var chosen = choose ? Medoids(shaped.Zip(encoded).Where(c => c.First.Clip.Reference is null)) : [];
        var clips = shaped.Zip(encoded, (c, e) => c with
        {
            Clip = c.Clip with { Codes = e.Encoded.Codes, Reference = c.Clip.Reference ?? chosen[c.Clip.Speaker ?? ""] },
            Known = e.Known,
            Tokens = encoder.Tokenizer?.Encode(c.Clip.Text).Length,
        }).ToList();
        foreach (var (i, distance) in ClipChecks.Distances([.. clips.Zip(encoded, (c, e) => (c.Clip.Speaker, e.Encoded.Voice))]).Index())
            clips[i] = clips[i] with { VoiceDistance = distance };
        return (clips, [.. encoded.Select(e => e.Encoded.Voice)], [.. chosen.Values]);
    }

    /// <summary>For each speaker the clip that is most similar to all others of the speaker.</summary>
    static Dictionary<string, string> Medoids(IEnumerable<(PreparedClip, (EncodedClip Encoded, bool Known))> clips) =>
        clips.Select(c => (c.Item1.Clip, Voice: c.Item2.Encoded.Voice!)).GroupBy(c => c.Clip.Speaker ?? "")
            .ToDictionary(s => s.Key, s => s.ElementAt(Medoid([.. s.Select(c => c.Voice)])).Clip.Audio);

    /// <summary>Marks clips that may be wrong: they are trained on, and never a measure.</summary>
    static List<PreparedClip> MarkDoubtful(List<PreparedClip> clips, IEnumerable<string> doubts)
    {
        var places = doubts.Select(d => d[..Math.Max(0, d.IndexOf(": ", StringComparison.Ordinal))]).ToHashSet();
        clips = clips.ConvertAll(c => c with { Clip = c.Clip with { Doubtful = c.Clip.Doubtful || places.Contains(c.Clip.Place) } });
        return !Data.HeldOut.DoubtsCount([.. clips.Select(c => c.Clip)]) ? clips
            : clips.ConvertAll(c => c.Clip is { Doubtful: true, HeldOut: true } ? c with { Clip = c.Clip with { HeldOut = false } } : c);
    }

    /// <summary>Adds all doubts about the recordings, in the order of the clips, and about their references.</summary>
    static void AddDoubts(List<PreparedClip> clips, float[]?[] voices, ClipEncoder encoder, ClipShape shape, List<string> doubts)
    {
        foreach (var c in clips)
            if (c.Levels is not null)
                doubts.AddRange(ClipGate.Doubts(c.Clip, c.Levels, shape.Trim));
        if (encoder.Tokenizer is not null)
            doubts.AddRange(ClipChecks.CheckPace([.. clips.Select(c => (c.Clip, c.Clip.Codes!.Count, c.Tokens!.Value))]));
        var withVoice = clips.Zip(voices).Where(c => c.Second is not null).Select(c => (c.First.Clip, c.Second!)).ToList();
        var separate = clips.Select(c => c.Clip with { Place = c.Clip.Reference!, Audio = c.Clip.Reference! })
            .DistinctBy(c => c.Audio).ExceptBy(clips.Select(c => c.Clip.Audio), c => c.Audio);
        foreach (var reference in separate)
        {
            var (wave, levels) = ClipGate.Read(reference.Place, reference.Audio);
            doubts.AddRange(ClipGate.Doubts(reference, levels, trimmed: false));
            if (encoder.Voice is not null)
                withVoice.Add((reference, encoder.Voice(wave.ToRate(encoder.SampleRate))));
        }
        doubts.AddRange(ClipChecks.CheckVoices(withVoice));
    }

    internal static T[] Each<TItem, T>(string what, IReadOnlyList<TItem> items, PreparationOptions options,
        IProgress<(string What, int Done, int Of)>? progress, CancellationToken stop, Func<TItem, T> body)
    {
        var (results, done) = (new T[items.Count], 0);
        try
        {
            Parallel.For(0, items.Count, new() { MaxDegreeOfParallelism = Math.Max(1, options.Parallel), CancellationToken = stop }, i =>
            {
                results[i] = body(items[i]);
                progress?.Report((what, Interlocked.Increment(ref done), items.Count));
            });
            return results;
        }
        catch (AggregateException e)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerExceptions[0]); // rethrows a single error as itself
            throw;
        }
    }

    /// <summary>The result of the work on a clip, or its problem with place and remedy.</summary>
    static (PreparedClip? Clip, ClipProblem? Problem) Guarded(Clip clip, Func<PreparedClip> body)
    {
        if (ClipGate.Error(clip) is { } problem)
            return (null, new(clip.Place, problem));
        try
        {
            return (body(), null);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return (null, ClipProblem.From(clip, e));
        }
    }

    /// <summary>The clips without problems; the problems of the others are added in the order of the clips.</summary>
    static List<PreparedClip> SelectClips((PreparedClip? Clip, ClipProblem? Problem)[] results, ListProblems problems)
    {
        foreach (var problem in results.Select(r => r.Problem).OfType<ClipProblem>())
            problem.AddTo(problems);
        return [.. results.Select(r => r.Clip).OfType<PreparedClip>()];
    }

    static List<PreparedClip> WithoutContradictions(List<PreparedClip> clips, ListProblems problems, List<string> doubts)
    {
        var errors = new List<(Clip Clip, string Message)>();
        ClipChecks.Duplicates(clips.Where(c => c.Levels is not null).Select(c => (c.Clip, c.Levels!.Content)), errors, doubts);
        foreach (var (clip, message) in errors)
            problems.Add(clip.Place, message);
        return [.. clips.Where(c => !errors.Any(e => e.Clip.Place == c.Clip.Place))];
    }

    static PreparedClip Shape(Clip clip, ClipShape shape, ClipEncoder encoder, Dictionary<string, string> shapedFiles, string list)
    {
        if (!shape.ChangesAnything && clip.Codes is not null)
            return new(clip, null, null, true);
        var (recording, levels) = ClipGate.Read(clip.Place, clip.Audio, ClipChecks.LeaveOut);
        var wave = recording.ToRate(encoder.SampleRate);
        var shaped = shape.Apply(wave, encoder.FrameSamples);
        var sound = SoundQuality.Measure(recording);
        if (!shape.ChangesAnything)
            return new(clip, levels, null, false) { Sound = sound };
        PreparedFiles.Write(shapedFiles[clip.Audio], shaped.Wave, list);
        return new(clip with { Audio = shapedFiles[clip.Audio], GivenAsRelative = true, Codes = null }, levels,
            shaped with { Wave = new([], wave.SampleRate) }, false)
        { Sound = sound };
    }

    /// <summary>
    /// The reference that was requested, or marked in a review, or that the line names. If it is one of the clips, its changed version.
    /// </summary>
    static List<PreparedClip> WithReference(List<PreparedClip> clips, string? requested, Dictionary<string, string> shapedFiles,
        ListProblems problems)
    {
        var result = new List<PreparedClip>();
        // The clips themselves have been read already, and so have the changed versions of them.
        var marked = clips.Where(c => c.Clip.Marks.Reference).GroupBy(c => c.Clip.Speaker ?? "")
            .ToDictionary(s => s.Key, s => s.First().Clip.Audio);
        var read = clips.Where(c => c.Levels is not null).Select(c => c.Clip.Audio).Distinct()
            .ToDictionary(audio => audio, _ => (string?)null);
        foreach (var c in clips)
        {
            var reference = requested is not null ? Path.GetFullPath(requested)
                : marked.GetValueOrDefault(c.Clip.Speaker ?? "") ?? c.Clip.Reference;
            if (reference is not null && shapedFiles.TryGetValue(reference, out var changed))
                reference = changed;
            if (reference is not null && File.Exists(reference) && ClipGate.ReferenceProblem(reference, read) is { } problem)
                problems.Add(c.Clip.Place, problem);
            else if (reference is null || File.Exists(reference))
                result.Add(c with { Clip = c.Clip with { Reference = reference } });
            else
                problems.Add(c.Clip.Place, $"the reference '{reference}' is not there. "
                    + "Correct 'ref_audio', or name one recording for all with --reference.", "no reference");
        }
        return result;
    }

    internal static (EncodedClip Encoded, bool Known) Encode(Clip clip, ClipEncoder encoder, EncodingCache cache, bool withVoice)
    {
        if (clip.Codes is { } given && !withVoice)
            return (new(given, null), true);
        var wave = AudioFile.Read(clip.Audio).ToRate(encoder.SampleRate);
        var key = cache.Key(wave);
        var known = cache.Find(key);
        if (known is not null && (known.Voice is not null || !withVoice))
            return (clip.Codes is { } codes ? known with { Codes = codes } : known, true);
        var encoded = new EncodedClip(known?.Codes ?? clip.Codes ?? encoder.Encode(wave), withVoice ? encoder.Voice!(wave) : null);
        cache.Add(key, encoded);
        return (encoded, known is not null);
    }

    /// <summary>
    /// The index of the medoid: the clip whose voice is nearest to all others by cosine. The sum of the cosines with all voices is one
    /// product with the sum of all voices.
    /// </summary>
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
