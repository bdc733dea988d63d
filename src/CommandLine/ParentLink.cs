// A command that is handed over ends with the program that handed it over. The parent holds one end of a pipe and the child the other: a
// byte asks the child to stop, as SIGTERM does, and the end of the pipe says that the parent is no more, however it ended.
using System.Diagnostics;
using System.IO.Pipes;

namespace Qwen3Tts.CommandLine;

static class ParentLink
{
    const string Variable = "QWEN3TTS_PARENT";
    const byte Ask = (byte)'s';

    /// <summary>Runs a program that stops when <paramref name="stop"/> is cancelled and when this program ends;
    /// returns its exit code.</summary>
    public static int Run(ProcessStartInfo start, CancellationToken stop)
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.Inheritable);
        start.Environment[Variable] = pipe.GetClientHandleAsString();
        using var child = Process.Start(start)!;
        pipe.DisposeLocalCopyOfClientHandle();
        using var passed = stop.Register(() => Tell(pipe));
        child.WaitForExit();
        return child.ExitCode;
    }

    /// <summary>In the child: cancels <paramref name="stop"/> when the parent asks for it or ends.
    /// Does nothing where there is no parent.</summary>
    public static void Watch(CancellationTokenSource stop)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } handle)
            return;
        Environment.SetEnvironmentVariable(Variable, null); // the handle means nothing to programs that are started from here
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
            // the child ended by itself
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
            return; // set by someone else: there is no pipe, and no parent that could end
        }
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // the command is done
        }
    }
}
