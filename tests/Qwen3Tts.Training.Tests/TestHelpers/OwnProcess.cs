using System.Diagnostics;

namespace Qwen3Tts.Tests;

/// <summary>Runs a test in a process of its own. After hundreds of tests in one process, what they left behind takes and gives back memory
/// at any time.</summary>
static class OwnProcess
{
    const string Inside = "QWEN3TTS_TEST_INSIDE";

    /// <summary>Starts this program again with the current test alone, which then calls <paramref name="test"/>.</summary>
    public static void Run(Action test)
    {
        if (Environment.GetEnvironmentVariable(Inside) is not null)
        {
            test();
            return;
        }
        var method = $"{TestContext.Current.TestClass!.TestClassName}.{TestContext.Current.TestMethod!.MethodName}";
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(OwnProcess).Assembly.Location, "-method", method, "-showLiveOutput",
            "-noColor"])
        { RedirectStandardOutput = true };
        start.Environment[Inside] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        Assert.True(process.ExitCode == 0, output);
        Assert.Contains("Total: 1, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
    }
}
