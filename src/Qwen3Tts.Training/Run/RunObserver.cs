using Qwen3Tts.Training.Log;

namespace Qwen3Tts.Training.Run;

/// <summary>Receives the events of a run, on the thread that trains. A method does nothing unless it is overridden.</summary>
class RunObserver
{
    /// <summary>Work other than a step begins, which may take long.</summary>
    /// <param name="what">What is done, for a line of progress.</param>
    public virtual void OnWork(string what)
    {
    }

    /// <summary>A step was completed and logged.</summary>
    public virtual void OnStep(StepReport step)
    {
    }

    /// <summary>Something about the run is unusual, or cannot work and was forced. Called before the first step.</summary>
    public virtual void OnFinding(PreflightFinding finding)
    {
    }

    /// <summary>A message: what was chosen, before the first step; or at any time a failure that does not stop training.</summary>
    public virtual void OnNote(string message)
    {
    }
}
