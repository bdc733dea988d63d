using System.Text.Json;

using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Tests;

/// <summary>Runs an action after one step.</summary>
sealed class AtStep(int at, Action act) : RunObserver
{
    public override void OnStep(StepReport step)
    {
        if (step.Step == at)
            act();
    }
}

/// <summary>Collects the messages of a run.</summary>
sealed class NoteCollector : RunObserver
{
    public Action? AtFirstStep { get; set; }

    public List<string> Notes { get; } = [];
    public List<string> Work { get; } = [];

    public override void OnWork(string what) => Work.Add(what);

    public override void OnStep(StepReport step)
    {
        if (step.Step == 1)
            AtFirstStep?.Invoke();
    }

    public override void OnNote(string message) => Notes.Add(message);
}

static class LogLines
{
    /// <summary>The steps as they are logged, to be compared; without their times unless these are asked for.</summary>
    public static IEnumerable<string> Lines(this IEnumerable<StepReport> log, bool withTimes = false) => log.Select(l =>
        JsonSerializer.Serialize(withTimes ? l : l with { Seconds = 0 }, LogJson.Default.StepReport));
}
