// Speaks with checkpoints during training, so that a person can hear the course of the run, and compares the result with the clone. A
// checkpoint is exported to a folder and loaded by the engine that speaks. It says held-out texts, several takes each, because a single
// take is a matter of chance. Step 0 is the untouched model with the same voice: the clone. Which checkpoint is the result is decided by
// the held-out loss (HeldOutCourse), because a few takes are too few for that. Training does not need evaluations: if one fails, a warning
// is given, and the run goes on.
using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Likeness;
using Qwen3Tts.Listening;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Run;

/// <summary>Speaks and listens during training. Writes evaluations.jsonl and takes/ in the run's folder.</summary>
sealed class Evaluator
{
    const int MostTexts = 16;
    const int ComparedTakes = 32; // of the clone, and of the result: with fewer a difference is lost in the noise

    readonly RunFolder _folder;
    readonly TrainingOptions _options;
    readonly IReadOnlyList<Clip> _clips;
    readonly OwnRecordings _recordings;
    readonly Action<string>? _warn;
    readonly SpeechRecogniser? _ears;
    readonly string _noEars = "";
    readonly OwnModelMeter? _ownModels;
    List<Evaluation> _done;

    sealed record Take(SpokenTake Spoken, Waveform Speech, Clip Clip, double Length);

    /// <param name="folder">Folder of the run.</param>
    /// <param name="options">Completed options of the run.</param>
    /// <param name="heldOut">Clips whose texts are spoken.</param>
    /// <param name="recordings">What speech is compared with.</param>
    /// <param name="step">The step that the run is resumed from; later evaluations are done again.</param>
    /// <param name="warn">Receives messages about failures.</param>
    public Evaluator(RunFolder folder, TrainingOptions options, IReadOnlyList<Clip> heldOut, OwnRecordings recordings, int step,
        Action<string>? warn = null)
    {
        (_folder, _options, _clips, _recordings, _warn) = (folder, options, ChooseClips(heldOut, options), recordings, warn);
        _ownModels = options.OwnModels is { } files ? new(files, recordings) : null;
        _done = [.. Evaluation.ReadAll(folder.Path).Where(e => e.Step <= step)];
        if (_clips.Count > 0 && options.EvaluateEvery > 0)
            _ears = SpeechRecogniser.Find(new(options.Grammar, [.. options.Dictionaries ?? []]), out _noEars);
    }

    /// <summary>A few clips, taken from each voice in turn.</summary>
    public static List<Clip> ChooseClips(IReadOnlyList<Clip> clips, TrainingOptions options) =>
        [.. clips.GroupBy(c => Files.SpeakerName.Key(TrainingVoices.NameOf(options, c)))
            .SelectMany((own, voice) => own.Select((clip, i) => (clip, i, voice))).OrderBy(c => c.i).ThenBy(c => c.voice)
            .Select(c => c.clip).Take(MostTexts)];

    string Candidate => Path.Combine(_folder.Path, "candidate");

    bool IsOn => _options.EvaluateEvery > 0 && _clips.Count > 0;

    /// <summary>True at step 0 and after every so many steps.</summary>
    public bool IsDue(int step) => IsOn && step % _options.EvaluateEvery == 0 && _done.All(e => e.Step != step);

    /// <summary>Speaks with a checkpoint of the course of the run. A failure is only reported.</summary>
    /// <param name="step">Number of updates so far.</param>
    /// <param name="export">Writes the checkpoint into a folder.</param>
    /// <param name="stop">Checked after each frame.</param>
    /// <remarks>If it is cancelled, nothing is stored; the evaluation is done when the run is resumed.</remarks>
    public void Run(int step, Action<string> export, CancellationToken stop)
    {
        Try(step, () =>
        {
            export(Candidate);
            Judge(step, Candidate, step == 0 ? TakesToCompare : 1, stop);
        }, stop);
        RemoveCandidate();
    }

    /// <summary>Speaks with the exported checkpoint, to compare it with the clone.</summary>
    /// <param name="step">Its step.</param>
    /// <param name="stop">Checked after each frame.</param>
    public void RunResult(int step, CancellationToken stop)
    {
        // a checkpoint of the course that became the result has one take of each text, and gets more
        if (IsOn && !_done.Any(e => e.Step == step && e.Takes.Count >= _clips.Count * TakesToCompare))
            Try(step, () => Judge(step, _folder.Export, TakesToCompare, stop), stop);
    }

    int TakesToCompare => Math.Clamp(ComparedTakes / _clips.Count, 2, 4);

    void Try(int step, Action judge, CancellationToken stop)
    {
        try
        {
            judge();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // done again when the run is resumed
        }
        catch (Exception e) // any error: it must not end hours of training
        {
            _warn?.Invoke($"Warning: the evaluation of step {step} in '{_folder.Path}' failed: {e.Message} Training goes on without it; " +
                $"remove the cause before the next one, or stop and resume with --evaluate-every 0; 'qwen3tts-train train' needs " +
                $"--resume.");
        }
    }

    /// <summary>Removes the files of a checkpoint. What cannot be removed now is removed when the next evaluation begins.</summary>
    void RemoveCandidate()
    {
        try
        {
            OutputFolder.Remove(Candidate);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            _warn?.Invoke($"Warning: '{Candidate}' cannot be removed: {e.Message}");
        }
    }

    /// <summary>The takes with their words, and the name of the recogniser; or the reason why nothing was recognised.</summary>
    (List<Take> Takes, string Ears) Hear(int step, List<Take> takes, CancellationToken stop)
    {
        if (_ears is null)
            return (takes, _noEars);
        try
        {
            var heard = _ears.JudgeEach([.. takes.Select(t => (t.Speech, t.Clip.Text))], Language(_clips[0]), stop);
            return ([.. takes.Zip(heard, (t, h) => t with { Spoken = t.Spoken with { Words = h.Words, WrongWords = h.Errors } })],
                _ears.Name);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _warn?.Invoke($"Warning: the recogniser failed at the evaluation of step {step}: {e.Message} The takes are kept without word " +
                $"errors, and training goes on.");
            return (takes, $"{_ears.Name} failed");
        }
    }

    /// <summary>The takes with the figures of the user's own models, and the figures of the recordings of these texts.</summary>
    (List<Take> Takes, ModelFigures? Recordings) AskOwnModels(int step, List<Take> takes, CancellationToken stop)
    {
        if (_ownModels is null)
            return (takes, null);
        try
        {
            var spoken = _ownModels.Measure(takes.Select(t => (t.Speech, t.Clip)), stop);
            var recorded = _ownModels.Measure(_clips.Where(c => _recordings.Of(c) is not null).Select(c => (_recordings.Of(c)!, c)), stop);
            return ([.. takes.Zip(spoken, (t, figures) => t with { Spoken = t.Spoken with { Models = figures } })],
                ModelFigures.Mean(recorded));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _warn?.Invoke($"Warning: at the evaluation of step {step} a model of yours failed: {e.Message} The takes are kept without its "
                + "figures, and training goes on.");
            return (takes, null);
        }
    }

    void Judge(int step, string model, int takesOfText, CancellationToken stop)
    {
        var takes = new List<Take>();
        using (var tts = Tts.Load(model))
            foreach (var (i, clip) in _clips.Index())
                for (var seed = 1; seed <= takesOfText; seed++)
                    takes.Add(Say(tts, $"takes/step-{step:000000}/{i + 1}-{seed}.wav", i, clip, (ulong)seed, stop));
        (takes, var ears) = Hear(step, takes, stop);
        (takes, var recordingModels) = AskOwnModels(step, takes, stop);
        var length = takes.Select(t => t.Length).Order().ElementAt(takes.Count / 2);
        Keep(new(step, takes.Count(t => !t.Spoken.Ended) / (double)takes.Count, length, ears, [.. takes.Select(t => t.Spoken)])
        {
            Figures = SpeechFigures.Measure(takes.Select(t =>
                new MeasuredSpeech(t.Speech, t.Clip.Text, _recordings.Of(t.Clip), _recordings.VoiceOf(t.Clip)))),
            Recordings = SpeechFigures.Measure(_clips.Where(c => _recordings.Of(c) is not null).Select(c =>
                new MeasuredSpeech(_recordings.Of(c)!, c.Text, null, _recordings.VoiceOf(c)))),
            OwnModels = _options.OwnModels,
            RecordingModels = recordingModels,
        }, takes);
    }

    Take Say(Tts tts, string file, int text, Clip clip, ulong seed, CancellationToken stop)
    {
        var speech = tts.Say(clip.Text, new()
        {
            Speaker = TrainingVoices.NameOf(_options, clip),
            Instruct = clip.Instruct,
            Language = Language(clip),
            Layout = _options.Layout == LayoutPolicy.Interleaved ? Layout.Interleaved : Layout.TextFirst,
            Sampling = tts.Sampling with { Seed = seed },
            MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken,
        }, stop);
        var wave = speech.Waveform;
        var voice = SpeechFigures.IsMeasurable(wave) ? _recordings.VoiceOf(clip) : null;
        return new(new(file, text, wave.Seconds, speech.FinishReason == FinishReason.End, Spectrum: voice?.Distance(wave)), wave, clip,
            (double)speech.Frames / clip.Codes!.Count);
    }

    /// <summary>The line in evaluations.jsonl is written last, so that the files that it names exist.</summary>
    void Keep(Evaluation evaluation, List<Take> takes)
    {
        foreach (var take in takes)
        {
            OutputFile.Write(Path.Combine(_folder.Path, take.Spoken.File), stream => WavFile.Write(stream, take.Speech), _folder.Record);
            if (take.Spoken.File.EndsWith("-1.wav", StringComparison.Ordinal))
                _folder.Events!.Sound(evaluation.Step, $"take {take.Spoken.Text + 1}", take.Speech);
        }
        _folder.Events!.Scalars(evaluation.Step, [("speech/runaway", evaluation.Runaway), ("speech/length ratio", evaluation.LengthRatio),
            ("speech/word errors", evaluation.WordErrors), ("speech/spectrum distance", evaluation.Figures!.Spectrum),
            ("speech/speaker similarity", evaluation.Models?.Similarity), ("speech/mean opinion score", evaluation.Models?.Mos)]);
        List<Evaluation> all = [.. _done.Where(e => e.Step != evaluation.Step), evaluation];
        OutputFile.WriteText(Evaluation.FileIn(_folder.Path), string
            .Concat(all.Select(e => JsonSerializer.Serialize(e, LogJson.Default.Evaluation) + "\n")), _folder.Record);
        _done = all;
    }

    /// <summary>The language of the clip's sequences; if the run draws from several languages, the first of them.</summary>
    string Language(Clip clip) =>
        _options.Languages![0] is var first && first.Equals("data", StringComparison.OrdinalIgnoreCase) ? clip.Language ?? "Auto" : first;
}
