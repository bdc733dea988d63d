// Files of the user: no file that this program did not write is replaced or removed, and no output is an input.
using System.Security.Cryptography;
using CsCheck;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Tests;

public sealed class OutputFilesTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("qwen3tts-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    string In(params string[] parts) => Path.Combine([_folder, .. parts]);

    [Fact]
    public void WhatWeWroteIsReplacedAndNothingElse()
    {
        OutputFile.WriteText(In("o.txt"), "one");
        OutputFile.WriteText(In("o.txt"), "two");
        Assert.Equal("two", File.ReadAllText(In("o.txt")));
        File.WriteAllText(In("o.txt"), "own");
        Assert.Throws<IOException>(() => OutputFile.WriteText(In("o.txt"), "three"));
        File.WriteAllText(In("song.wav"), "song");
        Assert.Throws<IOException>(() => WavFile.WriteOutput(In("song.wav"), new([0, 0], 24000)));
        Assert.Equal("song", File.ReadAllText(In("song.wav")));
        foreach (var name in new[] { "o.txt.part", "o.txt.old", "o.txt.partial" })
            File.WriteAllText(In(name), name);
        File.Delete(In("o.txt"));
        OutputFile.WriteText(In("o.txt"), "four");
        Assert.Equal("o.txt.part", File.ReadAllText(In("o.txt.part")));
        Assert.DoesNotContain(Directory.GetFiles(_folder), f => f.EndsWith("-tmp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task APipeIsWrittenThrough()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such files");
        using (var made = System.Diagnostics.Process.Start("mkfifo", In("fifo")))
            await made.WaitForExitAsync();
        Assert.True(SpecialFile.Is(In("fifo")));
        var read = Task.Run(() => File.ReadAllText(In("fifo")));
        OutputFile.WriteText(In("fifo"), "through");
        Assert.Equal("through", await read);
        Assert.True(SpecialFile.Is(In("fifo")));
    }

    [Fact]
    public void AnInputIsNoOutputByAnyName()
    {
        File.WriteAllText(In("a.wav"), "sound");
        Directory.CreateDirectory(In("d"));
        File.CreateSymbolicLink(In("link.wav"), In("a.wav"));
        Directory.CreateSymbolicLink(In("d", "back"), _folder);
        foreach (var name in new[] { "a.wav", "link.wav", "d/back/a.wav", "d/../a.wav" })
            Assert.Throws<ArgumentException>(() => OutputFile.CheckIsNoInput(In(name), In("a.wav")));
        Assert.Throws<ArgumentException>(() => OutputFile.CheckIsNoInput(In("d/"), In("d")));
        OutputFile.CheckIsNoInput(In("b.wav"), In("a.wav"));
    }

    [Fact]
    public void RemovingTakesOnlyWhatStandsOnTheRecord() =>
        Gen.Select(Gen.Int[0, 3].Array[1, 12], Gen.Int[0, 2].Array[1, 12]).Sample((kinds, depths) =>
    {
        var folder = In(Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(folder);
        var foreign = new HashSet<string>();
        foreach (var (i, kind) in kinds.Index())
        {
            var path = Path.Combine(folder, string.Concat(Enumerable.Repeat("d/", depths[i % depths.Length])), $"f{i}");
            if (kind == 0)
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (kind > 0)
                OutputFile.WriteText(path, $"ours {i}", OutputRecord.At(folder));
            if (kind < 2)
                File.WriteAllText(path, $"theirs {i}");
            if (kind < 2)
                foreign.Add(path);
        }
        Assert.Equal(foreign.Order(), OutputRecord.At(folder).RemoveOwned().Order());
        Assert.All(foreign, f => Assert.StartsWith("theirs", File.ReadAllText(f)));
    }, iter: 50);

    [Fact]
    public void ACraftedRecordReachesNothingOutside()
    {
        Directory.CreateDirectory(In("run"));
        File.WriteAllText(In("thesis.txt"), "x");
        Directory.CreateSymbolicLink(In("run", "out"), _folder);
        var hash = Convert.ToHexStringLower(SHA256.HashData("x"u8));
        File.WriteAllLines(In("run", OutputRecord.FileName),
            new[] { "../thesis.txt", In("thesis.txt"), "out/thesis.txt", "a/../../thesis.txt" }
            .Select(p => $"{{\"path\":\"{p}\",\"bytes\":1,\"sha256\":\"{hash}\"}}"));
        OutputRecord.At(In("run")).RemoveOwned();
        Assert.True(File.Exists(In("thesis.txt")));
    }

    [Fact]
    public void ARecordThatAnotherProgramKeepsOpenIsNamed()
    {
        OutputFile.WriteText(In("a.txt"), "ours");
        OutputRecord.Reload(_folder);
        using (new FileStream(In(OutputRecord.FileName), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            var message = Assert.Throws<IOException>(() => OutputRecord.At(_folder).Owns(In("a.txt"))).Message;
            Assert.Contains(OutputRecord.FileName, message);
            Assert.EndsWith("then try again.", message);
        }
        Assert.True(OutputRecord.At(_folder).Owns(In("a.txt")));
    }

    [Fact]
    public void AFolderIsLockedOnce()
    {
        using (FolderLock.Take(In("run")))
            Assert.Contains($"{Environment.ProcessId}", Assert.Throws<IOException>(() => FolderLock.Take(In("run"))).Message);
        FolderLock.Take(In("run")).Dispose();
    }

    [Fact]
    public void ADamagedCacheIsEncodedAgainAndAStrangersIsRefused()
    {
        foreach (var report in Directory.GetDirectories(Path.Combine(Qwen3Tts.Tests.Golden.Repository, "tests", "Reports"), "cache-*"))
        {
            var path = In(Path.GetFileName(report), "codes.jsonl.cache");
            var bytes = File.ReadAllBytes(Path.Combine(report, "codes.jsonl.cache"));
            OutputFile.Write(path, s => s.Write(bytes));
            new EncodingCache(path, [1]).Dispose();
        }
        File.WriteAllText(In("mine.cache"), "own");
        Assert.Throws<IOException>(() => new EncodingCache(In("mine.cache"), [1]));
        Assert.Equal("own", File.ReadAllText(In("mine.cache")));
    }
}
