using System.Diagnostics;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Commands;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Tests;

/// <summary>
/// The disk is full or not writable: the message says so and what to do, no file is incomplete, and the old file is unchanged.
/// </summary>
public sealed class FullDiskTests : IDisposable
{
    readonly string _disk = Scratch.New("disk");
    bool _mounted;

    static int Call(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    void Mount(string size = "128k")
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root of Linux may mount a small disk.");
        _mounted = Call("mount", "-t", "tmpfs", "-o", $"size={size}", "none", _disk) == 0;
        Assert.SkipUnless(_mounted, "This system lets nothing be mounted.");
    }

    public void Dispose()
    {
        if (_mounted)
            Call("umount", _disk);
    }

    string In(string name) => Path.Combine(_disk, name);

    /// <summary>A list from which an import writes much more than the disk can hold.</summary>
    static string Recordings()
    {
        var folder = Scratch.New("recordings");
        foreach (var file in Directory.GetFiles(Mini.Recordings).Order(StringComparer.Ordinal).Take(2 * 4))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        return folder;
    }

    [Fact]
    public void AFullDiskIsReportedAndTheOldFileStays()
    {
        Mount();
        OutputFile.WriteText(In("o.txt"), "old");
        var error = Assert.Throws<IOException>(() => OutputFile.WriteText(In("o.txt"), new string('x', 1 << 20))).Message;
        Assert.Contains("o.txt' cannot be written: the disk is full. Make room", error);
        Assert.Equal("old", File.ReadAllText(In("o.txt")));
        Assert.Equal(["o.txt"], Directory.GetFiles(_disk).Select(f => Path.GetFileName(f)!).Where(n => n != OutputRecord.FileName));
        OutputFile.WriteText(In("o.txt"), "new"); // there is room now
        Assert.Equal("new", File.ReadAllText(In("o.txt")));
    }

    [Fact]
    public void ACommandOnAFullDiskSaysWhatToDo()
    {
        Mount();
        var recordings = Recordings();
        int Import(TextWriter errors) =>
            CommandRun.Run(TrainingCommands.Root(), ["import", recordings, "-o", In("manifest.jsonl")], errors);
        Assert.Equal(0, Import(TextWriter.Null));
        Fill();
        UntouchedFiles.CheckRefusal(_disk, "ake room", Import);
        Call("mount", "-o", "remount,ro", _disk);
        UntouchedFiles.CheckRefusal(_disk, "hoose a folder that can be written to", Import);
    }

    void Fill()
    {
        try
        {
            using var filler = File.Create(In("film"));
            while (true)
                filler.Write(new byte[512]);
        }
        catch (IOException)
        {
            // the disk is full
        }
    }

    /// <summary>
    /// The disk is full when the state of a step is written. The previous state stays, and the run is resumed from it when there is room.
    /// </summary>
    [Fact]
    public void ARunWhoseStateDoesNotFitGoesOnFromTheOneBefore()
    {
        Mount("64m");
        var options = TrainerTests.Options with { Steps = 4, WarmUp = 0, SaveEvery = 1 };
        var whole = TrainerTests.Run(options, TrainerTests.Fresh());
        var error = Assert.Throws<IOException>(() => Trainer.Run(options, In("run"), Existing.Refuse, new AtStep(2, Fill), default));
        Assert.Contains("The state of step 2 is not saved; that of step 1 is. Make room", error.Message, StringComparison.Ordinal);
        File.Delete(In("film"));
        var result = TrainerTests.Run(options, In("run"), Existing.Resume);
        Assert.Equal(whole.Log.Lines(), result.Log.Lines());
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole.Export, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(result.Export, "model.safetensors")));
    }

    [Fact]
    public void AGrowingFileHasWholeLinesOnAFullDisk()
    {
        Mount();
        var lines = 0;
        using (var log = new GrowingFile(In("log"), OutputRecord.At(_disk)))
            Assert.ThrowsAny<IOException>(() =>
            {
                for (; lines < 1000; lines++)
                    log.Append([.. Enumerable.Repeat((byte)'x', 2999), (byte)'\n']);
            });
        Assert.Equal(lines * 3000, new FileInfo(In("log")).Length);
    }

    [Fact]
    public void AReadOnlyFolderIsReported()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows()
            || Environment.IsPrivilegedProcess, "Root may write everywhere; the read-only disk is tested.");
        if (OperatingSystem.IsWindows())
            return; // the analyser does not know what was skipped
        OutputFile.WriteText(In("o.txt"), "old");
        File.SetUnixFileMode(_disk, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var error = Assert.Throws<IOException>(() => OutputFile.WriteText(In("o.txt"), "new")).Message;
        File.SetUnixFileMode(_disk, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Contains("hoose a folder that can be written to", error);
        Assert.Equal("old", File.ReadAllText(In("o.txt")));
    }
}
