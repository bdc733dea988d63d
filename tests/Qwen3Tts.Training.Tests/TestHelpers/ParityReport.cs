[assembly: Xunit.AssemblyFixture(typeof(Qwen3Tts.Tests.ParityReport))]
[assembly: Xunit.AssemblyFixture(typeof(Qwen3Tts.Tests.Scratch))]

namespace Qwen3Tts.Tests;

/// <summary>Writes the table of the golden tests when all of them have run.</summary>
public sealed class ParityReport : IDisposable
{
    public void Dispose() => Parity.Write("training");
}
