using Qwen3Tts.Training.Log;

namespace Qwen3Tts.Training.Run;

/// <summary>Is told of what happens in a run, on the thread that trains. Each method does nothing unless it is overridden.</summary>
class RunObserver
{
    /// <summary>A step was made and logged.</summary>
    public virtual void OnStep(StepReport step)
    {
    }

    /// <summary>Something about the run is unusual, or cannot work and is forced; told before the first step.</summary>
    public virtual void OnFinding(PreflightFinding finding)
    {
    }

    /// <summary>What was chosen, before the first step; and at any time what failed that training does not need.</summary>
    public virtual void OnNote(string message)
    {
    }
}
