using System.Diagnostics;

namespace Qwen3Tts.Tests;

/// <summary>
/// Ctrl-C for programs that tests start. Tests that a script starts in the background (<c>&amp;</c>) ignore SIGINT, a child inherits that,
/// and .NET keeps it so on purpose: such a job is to outlive the terminal's Ctrl-C.
/// </summary>
static class Interrupt
{
    static readonly string[] Restoring = ["env", "--default-signal=INT"];

    static readonly Lazy<string[]?> Launcher = new(() => IsEnded([]) ? [] : IsEnded(Restoring) ? Restoring : null);

    /// <summary>
    /// The command line under which a program obeys Ctrl-C whatever the parent of the tests does. Its process id is the program's own.
    /// </summary>
    public static string[] Obeying(params IEnumerable<string> command)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        Assert.SkipWhen(Launcher.Value is null, "SIGINT is ignored here, and this system's env cannot restore it "
            + "(--default-signal, coreutils 8.31). Start the tests in the foreground.");
        return [.. Launcher.Value!, .. command];
    }

    public static void Send(Process process)
    {
        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        kill.WaitForExit();
    }

    // A shell cannot restore a signal that was ignored when it started, so it shows what a child inherits.
    static bool IsEnded(IEnumerable<string> launcher)
    {
        string[] command = [.. launcher, "sh", "-c", "kill -INT $$; exit 7"];
        using var shell = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        return shell.ExitCode == 128 + 2;
    }
}
