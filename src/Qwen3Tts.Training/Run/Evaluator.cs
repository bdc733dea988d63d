// How a checkpoint sounds, while it is trained: it is written as it would be exported, loaded by the engine that speaks, and says texts
// that are held out, several times each, because one take is a lottery. The best checkpoint is chosen by that, not by loss alone: loss
// falls long after speech has become worse. Step 0 is the untouched model with the same voice, which training has to beat. Training needs
// none of it: what fails here is told, and the run goes on.
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

/// <summary>Speaks and judges while a run goes on. Keeps evaluations.jsonl, takes/ and best/ in the run's folder.</summary>
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

    /// <param name="folder">Of the run.</param>
    /// <param name="options">Of the run, completed.</param>
    /// <param name="heldOut">Clips whose texts are spoken.</param>
    /// <param name="step">That the run goes on from: what was evaluated later is done again.</param>
    /// <param name="warn">Told of what fails.</param>
    public Evaluator(RunFolder folder, TrainingOptions options, IReadOnlyList<Clip> heldOut, int step, Action<string>? warn = null)
    {
        (_folder, _options, _clips, _warn) = (folder, options, ChooseClips(heldOut, options), warn);
        _done = [.. Evaluation.ReadAll(folder.Path).Where(e => e.Step <= step)];
        if (_clips.Count > 0 && options.EvaluateEvery > 0)
            _ears = SpeechRecogniser.Find(new(options.Grammar, [.. options.Dictionaries ?? []]), out _noEars);
    }

    /// <summary>A few clips, of each voice in turn.</summary>
    public static List<Clip> ChooseClips(IReadOnlyList<Clip> clips, TrainingOptions options) =>
        [.. clips.GroupBy(c => Files.SpeakerName.Key(TrainingVoices.NameOf(options, c)))
            .SelectMany((own, voice) => own.Select((clip, i) => (clip, i, voice))).OrderBy(c => c.i).ThenBy(c => c.voice)
            .Select(c => c.clip).Take(MostTexts)];

    string Candidate => Path.Combine(_folder.Path, "candidate");
    string Best => Path.Combine(_folder.Path, "best");

    /// <summary>Every so many steps, at the end, and before the first one.</summary>
    public bool IsDue(int step) =>
        _options.EvaluateEvery is > 0 and var every && _clips.Count > 0 && (step % every == 0 || step == _options.Steps)
        && _done.All(e => e.Step != step);

    /// <summary>So many evaluations in a row were no better than the best before them.</summary>
    public bool HasHadEnough => _options.Patience is { } patience && Evaluation.FindBest(_done) is { } best
        && _done.Count - 1 - _done.IndexOf(best) >= patience;

    /// <summary>
    /// Speaks with the checkpoint, keeps its takes and, where it is the best so far, itself. Where that fails it is told.
    /// </summary>
    /// <param name="step">Updates made.</param>
    /// <param name="heldOut">Measures the losses on the held-out clips.</param>
    /// <param name="export">Writes the checkpoint into a folder.</param>
    /// <param name="stop">Looked at after each frame.</param>
    /// <remarks>Where it is stopped in between nothing is kept; it is made when the run goes on.</remarks>
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
        catch (Exception e) // whatever it is: hours of training do not end for it
        {
            _warn?.Invoke($"Warning: the evaluation of step {step} in '{_folder.Path}' failed: {e.Message} Training goes on without it; " +
                $"remove the cause before the next one, or stop and go on with --evaluate-every 0; 'qwen3tts-train train' goes on with " +
                $"--resume.");
            RemoveCandidate();
        }
    }

    /// <summary>
    /// Nothing of an evaluation that did not end is kept. What cannot be removed now is removed when the next one begins.
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

    /// <summary>Share of words heard wrongly, and by whom; null, and why, where nobody could listen.</summary>
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
        var stream = tts.Stream(clip.Text, new()
        {
            Speaker = TrainingVoices.NameOf(_options, clip),
            Instruct = clip.Instruct,
            Language = Language(clip),
            Layout = _options.Layout == LayoutPolicy.Interleaved ? Layout.Interleaved : Layout.TextFirst,
            Sampling = tts.Sampling with { Seed = seed },
            MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken,
        });
        return (new(stream.Whole(stop), stream.SampleRate), stream.Frames.Count, stream.Ended);
    }

    /// <summary>The line in the file comes last: what it names is there.</summary>
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

    /// <summary>As the clip's sequences have it; the first where the run draws from several.</summary>
    string Language(Clip clip) =>
        _options.Languages![0] is var first && first.Equals("data", StringComparison.OrdinalIgnoreCase) ? clip.Language ?? "Auto" : first;
}
