using Qwen3Tts.Cli;

namespace Qwen3Tts.Tests.Cli;

/// <summary>The command serve.</summary>
public sealed class ServeTests
{
    [Fact]
    public async Task CtrlCWhileAModelIsLoadedBeginsNoServer() => await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
        Commands.Root().Parse(["serve", Mini.Model, "--port", "0"]).InvokeAsync(new() { EnableDefaultExceptionHandler = false },
            new(canceled: true)));
}
