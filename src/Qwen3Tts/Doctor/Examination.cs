// The whole examination, in the order in which a person would do it: does the folder load; what does its text projection do; which weights
// changed since the base; under which hypothesis are its losses lowest; how does it speak. The parts are independent. A part whose input
// (base or data) is missing is left out; nothing is guessed.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Doctor.Decision;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Doctor.Folder;
using Qwen3Tts.Doctor.Report;
using Qwen3Tts.Generation;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;

namespace Qwen3Tts.Doctor;

static class Examination
{
    /// <param name="options">What to examine.</param>
    /// <param name="open">Opens a model folder for speaking; null leaves speech out.</param>
    /// <param name="progress">Receives a message at the start of each part.</param>
    /// <param name="stop">Ends the examination between clips.</param>
    /// <exception cref="IOException">A named folder or file does not exist.</exception>
    /// <exception cref="InvalidDataException">The base, the data or the manifest of the run cannot be read.</exception>
    /// <exception cref="ArgumentException">The data do not say whose voice or which language to measure.</exception>
    public static DoctorReport Run(DoctorOptions options, Func<string, SpeechSource>? open, Action<string> progress,
        CancellationToken stop = default)
    {
        progress("reading the folder");
        var original = options.Base is null ? null : ModelFolder.Open(options.Base);
        var report = new DoctorReport
        {
            Verdict = "",
            Healthy = true,
            Checkpoint = options.Checkpoint,
            Base = options.Base,
            Findings = FolderCheck.FindProblems(options.Checkpoint, original),
        };
        if (report.Findings.FirstOrDefault(f => f.Id == "unreadable") is { } unreadable)
            return report with { Verdict = "This folder does not load.", Details = [unreadable.Evidence], Healthy = false };
        var model = ModelFolder.Open(options.Checkpoint);
        var clips = options.Data is null ? null : ClipExamples.Load(options, model, original);
        if (clips is { Doubts.Count: > 0 })
            report = report with { Findings = [.. report.Findings, DoubtfulClips(clips, options.Words)] };
        progress("measuring text_projection");
        var projection = TextProjection.Measure(model, clips is null ? []
            : [.. clips.Examples.SelectMany(e => e.Positions).Select(p => p.Text).OfType<int>()]);
        report = report with { TextProjection = projection };
        (List<RowEvidence> Rows, HeadMovement Heads, IReadOnlyList<bool> Seen)? moved = null;
        if (original is not null)
        {
            progress("comparing with the base");
            (report, moved) = CompareWithBase(report, model, original, clips);
        }
        if (clips is not null)
            report = MeasureTraining(report, options, model, original, clips, moved, progress, stop);
        if (open is not null && options.Takes > 0)
            report = Speak(report, options, open, model, original, clips, progress, stop);
        return Verdicts.Conclude(report, options.Words);
    }

    /// <summary>Adds which weights changed since the base.</summary>
    static (DoctorReport, (List<RowEvidence>, HeadMovement, IReadOnlyList<bool>)) CompareWithBase(
        DoctorReport report, ModelFolder model, ModelFolder original, ClipExamples? clips)
    {
        using var now = model.OpenWeights();
        using var before = original.OpenWeights();
        var movement = new Movement(now, before, model.Config.TalkerConfig);
        var seen = clips is null ? [] : movement.MayBeTrainedOn(clips.Examples, clips.Data);
        var moved = movement.Report();
        report = report with { Movement = moved, Findings = [.. report.Findings, .. MovementFindings.List(moved)] };
        return (report, ([.. movement.ReadRows()], HeadMovement.Compare(now, before, model.Config.TalkerConfig), seen));
    }

    static DoctorReport MeasureTraining(DoctorReport report, DoctorOptions options, ModelFolder model, ModelFolder? original,
        ClipExamples clips, (List<RowEvidence> Rows, HeadMovement Heads, IReadOnlyList<bool> Seen)? moved, Action<string> progress,
        CancellationToken stop)
    {
        var ids = model.Config.SpecialTokens(TextTokenizer.Load(model.Path).AssistantHead[^1]);
        Measurement Measure(ModelFolder folder, string name)
        {
            using var weights = folder.OpenWeights();
            var talker = weights.Load(w => new TalkerModel(w, folder.Config.TalkerConfig, Workers.Shared), foreign: _ => true);
            return new(talker, ids, clips.Examples, runs =>
                { stop.ThrowIfCancellationRequested(); progress($"measuring the {name}, pass {runs}"); });
        }
        var now = Measure(model, "checkpoint");
        var origin = original is null ? null
            : new Origin(Measure(original, "base"), moved!.Value.Rows, moved.Value.Heads, moved.Value.Seen);
        var diagnosis = Diagnostics.Diagnose(now, origin);
        return report with
        {
            Hypothesis = TrainingFindings.IsUntrained(now, diagnosis) ? TrainingFindings.Untrained : diagnosis.Hypothesis.Name,
            Confidence = diagnosis.Confidence,
            Next = diagnosis.Next?.Name,
            Margin = diagnosis.Margin,
            Alike = [.. diagnosis.Alike.Select(h => h.Name)],
            Rescue = KnownFaults.FindRescue(diagnosis.Hypothesis.Faults),
            Data = new(options.Data!, clips.Examples.Count, clips.Frames, clips.Voice, clips.Written.Layout == Layout.Interleaved
                ? RunManifest.Interleaved : RunManifest.TextFirst, clips.Written.Instructed, clips.Written.InContext, clips.Written.Source,
                now.ShowsDifference(FaultSet.NoLanguage), Math.Log(now.Codebook)),
            Losses = LossTable.Measure(now, origin, diagnosis.Hypothesis),
            Findings = [.. report.Findings, .. TrainingFindings.List(now, diagnosis, origin, options.Words)],
        };
    }

    static DoctorReport Speak(DoctorReport report, DoctorOptions options, Func<string, SpeechSource> open, ModelFolder model,
        ModelFolder? original, ClipExamples? clips, Action<string> progress, CancellationToken stop)
    {
        var ids = model.Config.SpecialTokens(0);
        var speaker = ClipExamples.ChooseSpeaker(options, ids, original);
        var voice = speaker is null ? clips?.Examples[0].Positions.Select(p => p.Codec).OfType<CodecStep.Voice>().FirstOrDefault()?.Vector
            : null;
        if (speaker is null && voice is null && model.Config.TtsModelType != "voice_design")
            return report; // the model has no voice to speak with
        var speech = new SpeechOptions
        {
            Speaker = speaker,
            Voice = voice is null ? null : new(voice),
            Language = options.Language ?? "Auto",
            Layout = clips?.Written.Layout ?? Layout.TextFirst,
        };
        double? pace = clips is null ? null : clips.Frames / (double)clips.Texts.Sum(t => t.Length);
        var spoken = SpeechCheck.Speak(open(model.Path), options, speech, clips?.Texts ?? [], pace, progress, stop);
        if (clips is not null)
        {
            progress("comparing the speech with the recordings");
            var codec = SpeechCodec.Load(model.CodecPath);
            spoken = spoken with
            {
                Likeness = SpeechCheck.Compare(spoken.Takes, [.. clips.Examples.Take(SpeechCheck.MostRecordings)
                    .Select(e => codec.Decode([.. e.Frames.Select(f => f.Frame)]))], clips.Texts),
            };
        }
        return report with { Speech = spoken, Findings = [.. report.Findings, .. SpeechCheck.Findings(spoken)] };
    }

    /// <summary>The warning that some clips may be wrong: all numbers that are measured on them are then doubtful, too.</summary>
    static Finding DoubtfulClips(ClipExamples clips, DoctorWords words)
    {
        const int Shown = 5;
        var more = clips.Doubts.Count > Shown ? $" … and {clips.Doubts.Count - Shown} more." : "";
        return new("doubtful_clips", Severity.Warning, string.Join(' ', clips.Doubts.Take(Shown)) + more,
            $"{words.LeaveOut}: numbers that are measured on them may mislead.");
    }
}
