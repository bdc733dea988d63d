using System.Diagnostics;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests.Files;

/// <summary>A file that another program truncates while it is read.</summary>
public sealed class WholeFileTests
{
    [Fact]
    public void AFileThatShrinksWhileItIsReadGivesAClearError()
    {
        var path = Path.Combine(Scratch.New(), "a.json");
        File.WriteAllBytes(path, new byte[1 << 22]);
        using var stop = new CancellationTokenSource();
        var writer = new Thread(() => Resize(path, stop.Token)) { IsBackground = true };
        writer.Start();
        var (watch, messages) = (Stopwatch.StartNew(), new List<string>());
        while (messages.Count == 0 && watch.Elapsed < TimeSpan.FromSeconds(20))
            try
            {
                WholeFile.Read(path);
            }
            catch (IOException e)
            {
                messages.Add(e.Message);
            }
        stop.Cancel();
        writer.Join();
        Assert.Equal(
            $"{path} became shorter while it was read. Wait until the program that writes it is done, then try again.",
            Assert.Single(messages));
    }

    static void Resize(string path, CancellationToken stop)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        for (var length = 0L; !stop.IsCancellationRequested; length ^= 1 << 22)
            file.SetLength(length);
    }
}
