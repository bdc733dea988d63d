// Cuts long recordings into clips for training. First the speakers of all recordings are told apart, because the main one is the one who
// speaks most in all of them; then one recording after the other is cut. Everything slow is kept in a journal, so the same command after
// Ctrl-C goes on, and gives the same bytes.
using System.Text;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Slicing;

sealed class Slicer : IDisposable
{
    /// <summary>The list of the clips, which a folder of recordings may have: all commands read it if the folder is named.</summary>
    public const string ListName = "metadata.jsonl";
    public const string TableName = "slices.tsv", PageName = "index.html";

    readonly SliceRequest _request;
    readonly Action<string> _say;
    readonly CancellationToken _stop;
    readonly SliceCache _cache;
    readonly List<string> _notes = [];
    readonly string _list;

    Slicer(SliceRequest request, Action<string> say, CancellationToken stop)
    {
        (_request, _say, _stop) = (request, say, stop);
        _list = Path.Combine(request.Output, ListName);
        _cache = new(request.Output);
    }

    public void Dispose() => _cache.Dispose();

    /// <summary>Cuts all recordings.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="say">Receives what is being done.</param>
    /// <param name="stop">Cancels; what was computed is kept for the next time.</param>
    /// <exception cref="InvalidDataException">A recording or its text cannot be read.</exception>
    /// <exception cref="IOException">The list has been changed since it was written, or is somebody else's.</exception>
    public static SliceReport Run(SliceRequest request, Action<string> say, CancellationToken stop)
    {
        var sources = SliceSource.Find(request.Inputs, request.Output);
        OutputFile.CheckAreOthers([request.Output, Path.Combine(request.Output, ListName)],
            [.. request.Inputs, .. sources.SelectMany(s => new[] { s.Audio, s.TextFile })]);
        using var folder = FolderLock.Take(request.Output, "The folder of the clips");
        using var slicer = new Slicer(request, say, stop);
        slicer.CheckList();
        var speakers = request.Voices is null ? null : slicer.Speakers(sources, request.Voices);
        var (slices, seconds) = (new List<Slice>(), 0.0);
        foreach (var (number, source) in sources.Index())
        {
            var (recording, length) = slicer.Open(source);
            if (speakers is not null && speakers[number].Count != recording.Speech.Count)
                throw new IOException($"'{Printable.Text(source.Audio)}' has changed since its speakers were told apart. Wait until the " +
                    "program that writes it is done, then give the same command again.");
            slices.AddRange(slicer.Cut(source, recording, speakers?[number]));
            seconds += length;
        }
        slicer.Finish(slices);
        return new(slices, seconds, sources.Count, slicer._notes);
    }

    /// <summary>Refuses to replace a list whose texts were corrected.</summary>
    void CheckList()
    {
        if (File.Exists(_list) && !ListedSound.IsOwn(_list))
            throw new IOException($"'{_list}' was changed since slice wrote it, and its texts would be lost. Name another folder with -o, "
                + "or move the list away first.");
    }

    (SlicedRecording Recording, double Seconds) Open(SliceSource source)
    {
        var name = Path.GetFileName(source.Audio);
        _stop.ThrowIfCancellationRequested();
        _say($"Reading {name}");
        var wave = AudioFile.Read(source.Audio);
        var probabilities = _cache.Numbers(SliceCache.Key("speech", "silero-5"u8, wave), () =>
        {
            var peak = wave.Samples.Length == 0 ? 0 : wave.Samples.Max(Math.Abs);
            var sound = wave.ToRate(SileroVad.Rate).Samples;
            if (peak > 0) // a quiet recording is heard as well as a loud one
                sound = Array.ConvertAll(sound, s => s * 0.7f / peak);
            return SileroVad.Instance.Probabilities(sound,
                done => _say(FormattableString.Invariant($"Looking for speech in {name}: {done / 60:0} of {wave.Seconds / 60:0} minutes")),
                _stop);
        });
        return (new(source, wave, probabilities, _request.Options), wave.Seconds);
    }

    /// <summary>The speakers of the windows of each stretch of each recording.</summary>
    List<List<int[]>> Speakers(List<SliceSource> sources, VoiceEncoder encoder)
    {
        var (voices, places) = (new List<float[]>(), new List<(int Source, int Stretch)>());
        var result = new List<List<int[]>>();
        foreach (var (number, source) in sources.Index())
        {
            var (recording, _) = Open(source);
            result.Add([.. recording.Speech.Select(_ => Array.Empty<int>())]);
            foreach (var (stretch, span) in recording.Speech.Index())
                foreach (var window in SpeakerTurns.Windows(span))
                {
                    _stop.ThrowIfCancellationRequested();
                    _say($"Telling speakers apart in {Path.GetFileName(source.Audio)}: stretch {stretch + 1} of {recording.Speech.Count}");
                    var sound = recording.Part(window);
                    voices.Add(_cache.Numbers(SliceCache.Key("voice", encoder.Fingerprint, sound),
                        () => encoder.Embed(sound.ToRate(encoder.SampleRate))));
                    places.Add((number, stretch));
                }
        }
        foreach (var (place, speaker) in places.Zip(SpeakerTurns.Speakers(voices)))
            result[place.Source][place.Stretch] = [.. result[place.Source][place.Stretch], speaker];
        return result;
    }

    /// <summary>What the user should know about a recording, although it can be used.</summary>
    void Note(SliceSource source, SlicedRecording recording)
    {
        const double Codec = 12_000; // the models hear and speak up to here
        if (recording.Speech.Count > 0 && recording.Bandwidth is var hertz && hertz < 0.8 * Codec)
            _notes.Add(FormattableString.Invariant($"{Path.GetFileName(source.Audio)} has no speech above {hertz / 1000:0.0} kHz")
                + (hertz < 4500 ? ", as over a telephone" : ", as at a sample rate of 16 kHz or after strong compression")
                + ": a voice made of it sounds as dull. Use an earlier copy, if there is one.");
    }

    IEnumerable<Slice> Cut(SliceSource source, SlicedRecording recording, IReadOnlyList<int[]>? speakers)
    {
        Note(source, recording);
        var transcript = source.TextFile is { } file ? ReadText(file, recording) : null;
        var cut = recording.Cut(transcript, speakers).OrderBy(c => c.Slice.Span.Begin).ToList();
        if (transcript is null && _request.Transcriber is { } transcriber)
            Hear(cut, transcriber);
        var written = 0;
        foreach (var (slice, sound) in cut)
        {
            if (slice.Reason is not null || sound is null)
            {
                yield return slice;
                continue;
            }
            _stop.ThrowIfCancellationRequested();
            _say($"Writing clips of {Path.GetFileName(source.Audio)}: {++written}");
            var path = Path.Combine(_request.Output, $"{source.Stem}-{written:0000}.wav");
            ListedSound.Write(path, sound, _list);
            yield return slice with { File = Path.GetFullPath(path) };
        }
    }

    Transcript? ReadText(string file, SlicedRecording recording)
    {
        var (cues, text) = CueFile.Read(file);
        var name = Path.GetFileName(file);
        if (cues is not null)
            return new(cues, name);
        var speech = recording.Speech;
        if (speech.Count == 0)
            return null;
        if (speech[^1].End - speech[0].Begin + 2 * _request.Options.Quiet <= _request.Options.Longest)
            return new([new(new(speech[0].Begin, speech[^1].End), ClipList.Words(text))], name);
        if (LengthAlignment.Align(LengthAlignment.Sentences(text), speech) is { } aligned)
        {
            _notes.Add($"{name} has no times: its sentences were placed by their lengths. Listen to some clips, or give subtitles (.srt).");
            return new(aligned, $"{name}, placed by length,");
        }
        _notes.Add($"{name} has no times, and its sentences cannot be placed surely by their lengths. Give subtitles (.srt), or use "
            + "--transcribe.");
        return null;
    }

    /// <summary>Writes down what is said in the clips; texts that cannot be right leave a clip out.</summary>
    void Hear(List<(Slice Slice, Waveform? Sound)> cut, Transcriber transcriber)
    {
        var with = Encoding.UTF8.GetBytes(transcriber.Name);
        var clips = Enumerable.Range(0, cut.Count).Where(i => cut[i].Slice.Reason is null && cut[i].Sound is not null).ToList();
        var keys = clips.ToDictionary(i => i, i => SliceCache.Key("text", with, cut[i].Sound!));
        var missing = clips.Where(i => _cache.Find(keys[i]) is null).ToList();
        foreach (var (done, i) in missing.Index())
        {
            _stop.ThrowIfCancellationRequested();
            _say($"Transcribing with {transcriber.Name}: {done} of {missing.Count} clips");
            _cache.Add(keys[i], transcriber.Hear(cut[i].Sound!, _stop));
        }
        foreach (var i in clips)
        {
            var slice = cut[i].Slice with { Text = ClipList.Words(_cache.Find(keys[i])!) };
            if (Transcript.Problem(slice.Text, slice.Span.Seconds - 2 * _request.Options.Quiet) is { } problem)
                slice = slice with { Reason = problem, Kind = "text" };
            cut[i] = (slice, slice.Reason is null ? cut[i].Sound : null);
        }
    }

    /// <summary>Writes the list and the table, and removes clips of an earlier run with other options.</summary>
    void Finish(List<Slice> slices)
    {
        var clips = slices.Where(s => s.File is not null).ToList();
        CodesFile.Write(_list, clips.Select(s => new Clip("", s.File!, true, s.Text, Language: _request.Language)));
        OutputFile.WriteText(Path.Combine(_request.Output, TableName), SliceTable.Write(slices, _request.Output));
        OutputFile.WriteText(Path.Combine(_request.Output, PageName), SlicePage.Write(slices, _request.Output));
        var record = OutputRecord.At(FileIdentity.Resolve(_request.Output));
        foreach (var stale in Directory.GetFiles(_request.Output, "*.wav").Select(Path.GetFullPath).Except(clips.Select(c => c.File!))
            .Where(record.Owns))
            File.Delete(stale);
    }
}
