// Finds programs on the PATH and runs them. They are never linked.
using System.ComponentModel;
using System.Diagnostics;

namespace Qwen3Tts.Files;

/// <summary>Finds and runs programs.</summary>
static class ExternalProgram
{
    /// <summary>The full path of a program on the PATH, or null.</summary>
    public static string? OnPath(string name)
    {
        var file = OperatingSystem.IsWindows() ? name + ".exe" : name;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);
    }

    /// <summary>How a program ended, for messages: "ended with 1: no such device".</summary>
    public static string Ended(int code, string said) => $"ended with {code}{(said.Length > 0 ? $": {said}" : ", without a message")}";

    static Process Start(string path, IEnumerable<string> arguments, Action<string?> output, Action<string?> error)
    {
        var process = new Process
        {
            StartInfo = new(path, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            },
        };
        process.OutputDataReceived += (_, e) => output(e.Data);
        process.ErrorDataReceived += (_, e) => error(e.Data);
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            process.Dispose();
            throw new InvalidOperationException(
                $"{path} could not be started: {e.Message}. Check that it is installed for this machine.", e);
        }
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Ends a program and those that it started, and waits a moment until it lets go of its files.</summary>
    static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(TimeSpan.FromSeconds(5));
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // it has ended by itself, or is another user's
        }
    }

    /// <summary>Runs a program to its end and discards its output.</summary>
    /// <exception cref="InvalidOperationException">The program could not be started, or its exit code was not 0. The message has the last
    /// lines that it wrote.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the program was ended.</exception>
    public static void Run(string path, IEnumerable<string> arguments, CancellationToken cancel = default) =>
        Run(path, arguments, _ => { }, cancel);

    /// <summary>As <see cref="Run(string, IEnumerable{string}, CancellationToken)"/>, and returns what the program wrote to standard
    /// output.</summary>
    public static string Output(string path, IEnumerable<string> arguments, CancellationToken cancel = default)
    {
        var lines = new List<string?>();
        Run(path, arguments, lines.Add, cancel);
        return string.Join('\n', lines);
    }

    static void Run(string path, IEnumerable<string> arguments, Action<string?> output, CancellationToken cancel)
    {
        var last = new Queue<string>();
        void Keep(string? line)
        {
            if (line is null)
                return;
            lock (last)
            {
                last.Enqueue(line);
                if (last.Count > 5)
                    last.Dequeue();
            }
        }
        using var process = Start(path, arguments, line => { Keep(line); output(line); }, Keep);
        try
        {
            // to the end of its output, which programs may hold that it left behind: these hold nobody who cancels
            process.WaitForExitAsync(cancel).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            End(process);
            throw;
        }
        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"{path} {Ended(process.ExitCode, string.Join(" / ", last))}. Run it by hand to see more.");
    }
}
