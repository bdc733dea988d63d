using System.Diagnostics;

namespace Qwen3Tts.Tests;

/// <summary>
/// Sends Ctrl-C to programs that tests start. If a script starts the tests in the background (<c>&amp;</c>), they ignore SIGINT, and child
/// processes inherit this. .NET keeps it on purpose, because a background job should survive the terminal's Ctrl-C.
/// </summary>
static class Interrupt
{
    static readonly string[] Restoring = ["env", "--default-signal=INT,HUP"];

    static readonly Lazy<string[]?> Launcher = new(() => AreObeyed([]) ? [] : AreObeyed(Restoring) ? Restoring : null);

    /// <summary>
    /// The command line with which a program reacts to Ctrl-C, whatever it inherits from the tests. Its process id is that of the program
    /// itself.
    /// </summary>
    public static string[] Obeying(params IEnumerable<string> command)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        Assert.SkipWhen(Launcher.Value is null, "SIGINT or SIGHUP is ignored here, and this system's env cannot restore it "
            + "(--default-signal, coreutils 8.31). Start the tests in the foreground.");
        return [.. Launcher.Value!, .. command];
    }

    public static void Send(Process process)
    {
        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        kill.WaitForExit();
    }

    // A shell cannot restore a signal that was ignored when the shell started, so it shows what a child inherits.
    static bool AreObeyed(IReadOnlyList<string> launcher) => IsEnded(launcher, "INT", 2) && IsEnded(launcher, "HUP", 1);

    static bool IsEnded(IReadOnlyList<string> launcher, string signal, int number)
    {
        string[] command = [.. launcher, "sh", "-c", $"kill -{signal} $$; exit 7"];
        using var shell = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        return shell.ExitCode == 128 + number;
    }
}
