using System.Security.Cryptography;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Tests;

/// <summary>
/// Files that a killed process leaves, and files that grow: they count as this program's own in every state that it wrote, and in no other.
/// </summary>
public sealed class LeftoversTests
{
    readonly string _folder = Scratch.New("leftovers");

    /// <summary>A process number above those of every system, so that no process has it.</summary>
    const int Dead = 2_000_000_000;

    string In(params string[] parts) => Path.Combine([_folder, .. parts]);

    static void Model(string folder, string content) => OutputFile.WriteText(Path.Combine(folder, "config.json"), content);

    string Content => File.ReadAllText(In("m", "config.json"));

    string[] Left => [.. Directory.GetFileSystemEntries(_folder).Select(p => Path.GetFileName(p)!).Where(n => n != "m")
        .Order(StringComparer.Ordinal)];

    [Fact]
    public void KilledBetweenTwoRenamesTheOldFolderComesBack()
    {
        Model(In($"m.{Dead}-1.qwen3tts-old"), "old");
        Model(In($"m.{Dead}-1.qwen3tts-tmp"), "new");
        OutputFolder.Recover(In("m"));
        Assert.Equal("old", Content);
        Assert.Empty(Left);
    }

    [Theory]
    [InlineData("qwen3tts-old")]
    [InlineData("qwen3tts-tmp")]
    public void WhatADeadProcessLeftBesideAFolderGoes(string ending)
    {
        Model(In("m"), "one");
        Model(In($"m.{Dead}-7.{ending}"), "left");
        File.WriteAllText(In($"m.{Dead}-7.{ending}", $"model.safetensors.{Dead}-8.qwen3tts-tmp"), "half");
        OutputFolder.Write(In("m"), aside => Model(aside, "two"));
        Assert.Equal("two", Content);
        Assert.Empty(Left);
    }

    [Fact]
    public void WhatIsNotADeadProcesssStays()
    {
        var alive = Environment.ProcessId == 1 ? 2 : 1; // the first process of the system always exists
        string[] others = ["m.part", "m.old", "m.partial", "m.tmp", $"m.{alive}-1.qwen3tts-old", "m.x-1.qwen3tts-tmp",
            "other.2000000000-1.qwen3tts-old"];
        foreach (var other in others)
        {
            Directory.CreateDirectory(In(other));
            File.WriteAllText(In(other, "film"), "theirs");
        }
        Model(In("m"), "one");
        File.WriteAllText(In($"m.{Dead}-1.qwen3tts-tmp"), "a file by a folder's name");
        OutputFolder.Write(In("m"), aside => Model(aside, "two"));
        Assert.Equal(others.Append($"m.{Dead}-1.qwen3tts-tmp").Order(StringComparer.Ordinal), Left);
        Assert.All(others, other => Assert.Equal("theirs", File.ReadAllText(In(other, "film"))));
    }

    [Fact]
    public void AStrangersFileInALeftoverStays()
    {
        Model(In("m"), "one");
        Model(In($"m.{Dead}-1.qwen3tts-old"), "left");
        File.WriteAllText(In($"m.{Dead}-1.qwen3tts-old", "thesis.txt"), "theirs");
        OutputFolder.Write(In("m"), aside => Model(aside, "two"));
        Assert.Equal("theirs", File.ReadAllText(In($"m.{Dead}-1.qwen3tts-old", "thesis.txt")));
    }

    /// <summary>In a container every process has the same number.</summary>
    [Fact]
    public void ATemporaryFileOfTheSameNumberIsNoObstacle()
    {
        for (var i = 1; i < 2000; i++)
            File.WriteAllText(In($"o.txt.{Environment.ProcessId}-{i}.qwen3tts-tmp"), "half");
        OutputFile.WriteText(In("o.txt"), "whole");
        Assert.Equal(["o.txt"], Left.Where(n => n[0] != '.'));
    }

    [Fact]
    public void AFolderThatFailsLeavesTheOldOne()
    {
        OutputFolder.Write(In("m"), aside => Model(aside, "one"));
        Assert.Throws<InvalidDataException>(() => OutputFolder.Write(In("m"), aside =>
        {
            Model(aside, "two");
            throw new InvalidDataException("no model");
        }));
        Assert.Equal("one", Content);
        Assert.Empty(Left);
    }

    [Fact]
    public void AGrowingFileIsThisProgramsInEveryWrittenStateOnly()
    {
        var (path, record) = (In("log"), OutputRecord.At(_folder));
        using (var log = new GrowingFile(path, record))
            foreach (var line in new[] { "one\n", "two\n", "three\n" })
            {
                Assert.True(log.Append(System.Text.Encoding.UTF8.GetBytes(line)));
                Assert.True(record.Owns(path));
            }
        foreach (var edited in new[] { "one\ntwo\nthree\nmy own note\n", "one\nTWO\nthree\n", "one\ntwo\nthr", "one\n", "" })
        {
            File.WriteAllText(path, edited);
            Assert.False(record.Owns(path), edited);
            Assert.Throws<IOException>(() => new GrowingFile(path, record));
            Assert.Contains(path, record.RemoveOwned());
            Assert.Equal(edited, File.ReadAllText(path));
        }
        File.WriteAllText(path, "one\ntwo\nthree\n");
        using (var log = new GrowingFile(path, record))
            Assert.True(log.Append("four\n"u8));
        Assert.Empty(record.RemoveOwned());
        Assert.False(File.Exists(path));
    }

    /// <summary>The file was not closed, as after a kill: the last append is there completely, partly or not at all.</summary>
    [Theory]
    [InlineData("one\ntwo\n", true)]
    [InlineData("one\ntw", true)]
    [InlineData("one\n", true)]
    [InlineData("on", false)]
    [InlineData("ONE\ntw", false)]
    [InlineData("one\ntwo\nmine\n", false)]
    public void AfterAKillOnlyAPossibleStateIsThisPrograms(string left, bool ours)
    {
        var (path, record) = (In("log"), OutputRecord.At(_folder));
        var log = new GrowingFile(path, record);
        log.Append("one\n"u8);
        log.Append("two\n"u8);
        File.WriteAllText(path, left);
        Assert.Equal(ours, record.Owns(path));
    }

    [Fact]
    public void WhoEditsAGrowingFileKeepsHisEdit()
    {
        var (path, record) = (In("log"), OutputRecord.At(_folder));
        using (var log = new GrowingFile(path, record))
        {
            log.Append("one\n"u8);
            File.AppendAllText(path, "mine\n");
            Assert.False(log.Append("two\n"u8));
        }
        Assert.Equal("one\nmine\n", File.ReadAllText(path));
        Assert.False(record.Owns(path));
        var aside = GrowingFile.SetAside(path, record)!;
        Assert.Equal("one\nmine\n", File.ReadAllText(aside));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void AnEditedCacheIsRenamedAndStillRead()
    {
        var path = In("codes.jsonl.cache");
        var key = Convert.ToHexStringLower(SHA256.HashData("clip"u8));
        using (var cache = new EncodingCache(path, [1]))
            cache.Add(key, new([[1, 2]], null));
        File.AppendAllText(path, "# my note\n");
        var edited = File.ReadAllText(path);
        using (var cache = new EncodingCache(path, [1]))
            Assert.Equal([1, 2], cache.Find(key)!.Codes[0]);
        Assert.Equal(edited, File.ReadAllText(path + ".changed-1"));
        Assert.True(OutputRecord.At(_folder).Owns(path));
    }

    [Fact]
    public void AnEditedLogIsRenamedWhenARunIsResumed()
    {
        var run = TrainerTests.Fresh();
        var options = TrainerTests.Options with { Steps = 4 };
        TrainerTests.Run(options, run, stopAfter: 2);
        var log = Path.Combine(run, "log.jsonl");
        File.AppendAllText(log, "{\"my\":\"note");
        var edited = File.ReadAllText(log);
        Assert.True(TrainerTests.Run(options, run, Existing.Resume).Finished);
        Assert.Equal(edited, File.ReadAllText(log + ".changed-1"));
        Assert.Equal(4, File.ReadLines(log).Count());
        TrainerTests.Run(options, run, Existing.Overwrite);
        Assert.Equal(edited, File.ReadAllText(log + ".changed-1"));
    }
}
