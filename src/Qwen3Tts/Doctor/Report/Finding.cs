using Qwen3Tts.Doctor.Faults;

namespace Qwen3Tts.Doctor.Report;

/// <summary>How much a finding matters.</summary>
enum Severity
{
    /// <summary>Good to know.</summary>
    Note,
    /// <summary>Makes some use of the model fail or worse.</summary>
    Warning,
    /// <summary>The model is wrong.</summary>
    Fault,
}

/// <summary>One result of the examination.</summary>
/// <param name="Id">Stable name; docs/doctor.md explains each.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Evidence">What was seen, with numbers.</param>
/// <param name="Remedy">What to do.</param>
sealed record Finding(string Id, Severity Severity, string Evidence, string Remedy)
{
    /// <summary>For a fault of the training: the lines of a script that make it, and the patch; otherwise null.</summary>
    public FaultSource? Source => KnownFaults.All.FirstOrDefault(f => f.Name == Id)?.Source;
}
