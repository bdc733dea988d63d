// A program that was started by this program (qwen3tts-train by qwen3tts) must end with it. The parent holds one end of a pipe and the
// child the other one. A byte asks the child to stop, as SIGTERM does. The end of the pipe means that the parent has ended, for whatever
// reason.
using System.Diagnostics;
using System.IO.Pipes;

namespace Qwen3Tts.CommandLine;

static class ParentLink
{
    const string Variable = "QWEN3TTS_PARENT";
    const byte Ask = (byte)'s';

    /// <summary>
    /// Runs a program that stops when <paramref name="stop"/> is cancelled and when this program ends; returns its exit code.
    /// </summary>
    public static int Run(ProcessStartInfo start, CancellationToken stop, Action<Process>? started = null)
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.Inheritable);
        start.Environment[Variable] = pipe.GetClientHandleAsString();
        using var child = Process.Start(start)!;
        pipe.DisposeLocalCopyOfClientHandle();
        started?.Invoke(child);
        using var passed = stop.Register(() => Tell(pipe));
        child.WaitForExit();
        return child.ExitCode;
    }

    /// <summary>
    /// In the child: cancels <paramref name="stop"/> when the parent asks for it or ends. Does nothing if there is no parent.
    /// </summary>
    public static void Watch(CancellationTokenSource stop)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } handle)
            return;
        Environment.SetEnvironmentVariable(Variable, null); // programs that are started from here must not use the handle
        new Thread(() => Listen(handle, stop)) { IsBackground = true, Name = "parent" }.Start();
    }

    static void Tell(AnonymousPipeServerStream pipe)
    {
        try
        {
            pipe.WriteByte(Ask);
            pipe.Flush();
        }
        catch (IOException)
        {
            // the child has ended by itself
        }
    }

    static void Listen(string handle, CancellationTokenSource stop)
    {
        try
        {
            using var pipe = new AnonymousPipeClientStream(PipeDirection.In, handle);
            pipe.ReadByte();
        }
        catch (Exception e) when (e is ArgumentException or IOException)
        {
            return; // another program set the variable: there is no pipe
        }
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // the command has ended
        }
    }
}
