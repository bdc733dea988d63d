// Evaluates checkpoints during training by their speech. The checkpoint is exported to a folder, loaded by the engine that speaks, and says
// held-out texts, several takes each, because a single take is a matter of chance. The best checkpoint is chosen by its speech and not by
// the loss alone: the loss goes on falling long after the speech has become worse. Step 0 is the untouched model with the same voice, for
// comparison. Training does not need evaluations: if one fails, a warning is given, and the run goes on.
using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Listening;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Step;

namespace Qwen3Tts.Training.Run;

/// <summary>Speaks and judges during training. Writes evaluations.jsonl, takes/ and best/ in the run's folder.</summary>
sealed class Evaluator
{
    const int MostTexts = 4, Seeds = 2;

    readonly RunFolder _folder;
    readonly TrainingOptions _options;
    readonly IReadOnlyList<Clip> _clips;
    readonly Action<string>? _warn;
    readonly SpeechRecogniser? _ears;
    readonly string _noEars = "";
    readonly List<Evaluation> _done;

    /// <param name="folder">Folder of the run.</param>
    /// <param name="options">Completed options of the run.</param>
    /// <param name="heldOut">Clips whose texts are spoken.</param>
    /// <param name="step">The step that the run is resumed from; later evaluations are done again.</param>
    /// <param name="warn">Receives messages about failures.</param>
    public Evaluator(RunFolder folder, TrainingOptions options, IReadOnlyList<Clip> heldOut, int step, Action<string>? warn = null)
    {
        (_folder, _options, _clips, _warn) = (folder, options, ChooseClips(heldOut, options), warn);
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
    string Best => Path.Combine(_folder.Path, "best");

    /// <summary>True at step 0, after every so many steps, and at the end.</summary>
    public bool IsDue(int step) =>
        _options.EvaluateEvery is > 0 and var every && _clips.Count > 0 && (step % every == 0 || step == _options.Steps)
        && _done.All(e => e.Step != step);

    /// <summary>True if this many evaluations in a row were not better than the best one before them.</summary>
    public bool HasHadEnough => _options.Patience is { } patience && Evaluation.FindBest(_done) is { } best
        && _done.Count - 1 - _done.IndexOf(best) >= patience;

    /// <summary>
    /// Speaks with the checkpoint, and stores its takes and, if it is the best so far, the checkpoint itself. A failure is only reported.
    /// </summary>
    /// <param name="step">Number of updates so far.</param>
    /// <param name="heldOut">Measures the losses on the held-out clips.</param>
    /// <param name="export">Writes the checkpoint into a folder.</param>
    /// <param name="stop">Checked after each frame.</param>
    /// <remarks>If it is cancelled, nothing is stored; the evaluation is done when the run is resumed.</remarks>
    public void Run(int step, Func<Loss.LossSums> heldOut, Action<string> export, CancellationToken stop)
    {
        try
        {
            Judge(step, heldOut(), export, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            RemoveCandidate();
        }
        catch (Exception e) // any error: it must not end hours of training
        {
            _warn?.Invoke($"Warning: the evaluation of step {step} in '{_folder.Path}' failed: {e.Message} Training goes on without it; " +
                $"remove the cause before the next one, or stop and resume with --evaluate-every 0; 'qwen3tts-train train' needs " +
                $"--resume.");
            RemoveCandidate();
        }
    }

    /// <summary>
    /// Removes the files of an evaluation that did not end. What cannot be removed now is removed when the next evaluation begins.
    /// </summary>
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

    /// <summary>The word error rate and the name of the recogniser; null and the reason if nothing was recognised.</summary>
    (double? Words, string Ears) Hear(int step, IReadOnlyList<(Waveform, string)> takes, CancellationToken stop)
    {
        if (_ears is null)
            return (null, _noEars);
        try
        {
            return (_ears.Judge(takes, Language(_clips[0]), stop).Rate, _ears.Name);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _warn?.Invoke($"Warning: the recogniser failed at the evaluation of step {step}: {e.Message} The takes are kept without word " +
                $"errors, and training goes on.");
            return (null, $"{_ears.Name} failed");
        }
    }

    void Judge(int step, Loss.LossSums heldOut, Action<string> export, CancellationToken stop)
    {
        export(Candidate);
        var takes = new List<(SpokenTake Take, Waveform Speech, double Length)>();
        using (var tts = Tts.Load(Candidate))
            foreach (var (i, clip) in _clips.Index())
                for (var seed = 1; seed <= Seeds; seed++)
                {
                    var (speech, frames, ended) = Say(tts, clip, (ulong)seed, stop);
                    takes.Add((new($"takes/step-{step:000000}/{i + 1}-{seed}.wav", i, (double)speech.Samples.Length / speech.SampleRate,
                        ended), speech, (double)frames / clip.Codes!.Count));
                }
        var (words, ears) = Hear(step, [.. takes.Select(t => (t.Speech, _clips[t.Take.Text].Text))], stop);
        var length = takes.Select(t => t.Length).Order().ElementAt(takes.Count / 2);
        Keep(new(step, heldOut.Talker, heldOut.Predictor, takes.Count(t => !t.Take.Ended) / (double)takes.Count, length, words, ears,
            [.. takes.Select(t => t.Take)]), [.. takes.Select(t => t.Speech)]);
    }

    (Waveform Speech, int Frames, bool Ended) Say(Tts tts, Clip clip, ulong seed, CancellationToken stop)
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
        return (speech.Waveform, speech.Frames, speech.FinishReason == FinishReason.End);
    }

    /// <summary>The line in evaluations.jsonl is written last, so that the files that it names exist.</summary>
    void Keep(Evaluation evaluation, List<Waveform> speech)
    {
        foreach (var (take, sound) in evaluation.Takes.Zip(speech))
        {
            OutputFile.Write(Path.Combine(_folder.Path, take.File), stream => WavFile.Write(stream, sound), _folder.Record);
            if (take.File.EndsWith("-1.wav", StringComparison.Ordinal))
                _folder.Events!.Sound(evaluation.Step, $"take {take.Text + 1}", sound);
        }
        _folder.Events!.Scalars(evaluation.Step,
            [("speech/runaway", evaluation.Runaway), ("speech/length ratio", evaluation.LengthRatio),
            ("speech/word errors", evaluation.WordErrors), ("speech/score", evaluation.Score)]);
        List<Evaluation> all = [.. _done, evaluation];
        if (Evaluation.FindBest(all) == evaluation)
            OutputFolder.Replace(Candidate, Best);
        else
            OutputFolder.Remove(Candidate);
        OutputFile.WriteText(Evaluation.FileIn(_folder.Path), string
            .Concat(all.Select(e => JsonSerializer.Serialize(e, LogJson.Default.Evaluation) + "\n")), _folder.Record);
        _done.Add(evaluation);
    }

    /// <summary>The language of the clip's sequences; if the run draws from several languages, the first of them.</summary>
    string Language(Clip clip) =>
        _options.Languages![0] is var first && first.Equals("data", StringComparison.OrdinalIgnoreCase) ? clip.Language ?? "Auto" : first;
}
