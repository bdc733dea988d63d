using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests.Audio;

/// <summary>The player as a program uses it. Its program on the PATH is a script here.</summary>
public sealed class SoundPlayerTests : IDisposable
{
    const int Rate = 24_000;
    readonly string? _path = Environment.GetEnvironmentVariable("PATH");
    readonly string _folder = Scratch.New("players");

    public void Dispose() => Environment.SetEnvironmentVariable("PATH", _path);

    /// <summary>A program that takes no samples blocks the writer. A stop ends both, and is no failure of the program.</summary>
    [Fact]
    public async Task AStopEndsThePlayerWhileItIsWrittenTo()
    {
        UsePlayer("echo > started; exec sleep 600");
        using var stop = new CancellationTokenSource();
        var playing = Task.Run(() => SoundPlayer.Play(new Waveform(new float[10 * Rate], Rate), stop.Token));
        while (!File.Exists(Path.Combine(_folder, "started")))
            await Task.Delay(10);
        await stop.CancelAsync();
        await playing;
    }

    [Fact]
    public void ASoundEndsOnce()
    {
        UsePlayer("exec cat > played");
        var player = new SoundPlayer(Rate);
        player.Write([0, 0.5f]);
        player.Finish();
        player.Finish();
        Assert.Equal([0, 0, 0, 0x40], File.ReadAllBytes(Path.Combine(_folder, "played")));
        Assert.Contains("new SoundPlayer", Assert.Throws<InvalidOperationException>(() => player.Write([0])).Message,
            StringComparison.Ordinal);
        player.Dispose();
        player.Dispose();
        Assert.Throws<ObjectDisposedException>(() => player.Write([0]));
        Assert.Throws<ObjectDisposedException>(player.Finish);
    }

    [Fact]
    public void APlayerThatEndsEarlyIsAnError()
    {
        UsePlayer("exit 0");
        var failure = Assert.Throws<IOException>(() => SoundPlayer.Play(new Waveform(new float[10 * Rate], Rate)));
        Assert.StartsWith("paplay could not play the speech and ended with 0, without a message.", failure.Message,
            StringComparison.Ordinal);
    }

    /// <summary>Puts a script with the name of the first player of Linux before all others.</summary>
    void UsePlayer(string script)
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("The player here is a script with a name that Linux has.");
            return; // the analyzer does not see that Skip throws
        }
        var file = Path.Combine(_folder, "paplay");
        File.WriteAllText(file, $"#!/bin/sh\ncd '{_folder}'\n{script}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Environment.SetEnvironmentVariable("PATH", _folder + Path.PathSeparator + _path);
    }
}
