using System.Diagnostics;
using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests.Cli;

/// <summary>
/// Runs say, doctor and inspect with their arguments: no output is an input, files of others stay, this program's own files are replaced,
/// and devices and pipes are written to. Report say-replaces-special-files.
/// </summary>
public sealed class OutputsTests
{
    const string IsRead = "is also read", IsTheirs = "did not write";

    readonly string _folder = Scratch.New("outputs");

    public OutputsTests()
    {
        File.Copy(Path.Combine(Mini.Folder, "clips", "rms_1.wav"), In("v.wav"));
        File.WriteAllText(In("t.txt"), "Lucy has three black apples\n");
        foreach (var name in new[] { "theirs.wav", "theirs.html", "g.jsgf", "d.dict" })
            File.WriteAllText(In(name), "theirs");
        UntouchedFiles.Copy(Golden.Checkpoint(Golden.Checkpoints.First()), In("model"));
        Directory.CreateDirectory(In("adapter"));
        OutputFile.WriteText(In("adapter/adapter_config.json"), "{}"); // has an entry in the record, as if this program had trained it
        UntouchedFiles.Copy(In("model"), In("base"));
        Directory.CreateDirectory(In("src"));
        File.Copy(In("v.wav"), In("src/one.wav"));
        File.Copy(In("v.wav"), In("src/ref.wav"));
        File.WriteAllText(In("src/one.txt"), "The concert is on Friday at nine.");
        File.WriteAllText(In("src/ref.txt"), "The concert is on Friday at ten.");
        File.WriteAllText(In("list.jsonl"),
            JsonSerializer.Serialize(new { audio = "src/one.wav", text = "The concert.", ref_audio = "src/ref.wav" }) + "\n");
    }

    string In(string name) => Path.Combine(_folder, name);

    string[] Arguments(string line) => [.. line.Split(' ').Select(a => a.Replace("@", _folder, StringComparison.Ordinal))];

    void Refused(string words, string line) =>
        UntouchedFiles.CheckRefusal(_folder, words, errors => CommandRun.Run(Qwen3Tts.Cli.Commands.Root(), Arguments(line), errors));

    [Theory]
    [InlineData(IsRead, "say --file @/t.txt -o @/t.txt --model @/model")]
    [InlineData(IsRead, "say --file @/t.txt -o @/src/../t.txt --model @/model")]
    [InlineData(IsRead, "say Hi --voice @/v.wav -o @/v.wav --model @/model")]
    [InlineData(IsRead, "say Hi --voice @/v.wav -o @/linked.wav --model @/model")]
    [InlineData(IsRead, "say Hi --voice @/linked.wav -o @/v.wav --model @/model")]
    [InlineData(IsRead, "say Hi --voice @/v.wav -o @/hard.wav --model @/model")]
    [InlineData(IsRead, "say Hi -o @/model/config.json --model @/model")]
    [InlineData(IsRead, "say Hi -o @/adapter/adapter_config.json --model @/model --adapter @/adapter")]
    [InlineData(IsTheirs, "say Hi -o @/theirs.wav --model @/model")]
    [InlineData("is a folder", "say Hi -o @/model --model @/model")]
    [InlineData(IsRead, "doctor @/model --data @/list.jsonl --html @/list.jsonl")]
    [InlineData(IsRead, "doctor @/model --data @/list.jsonl --html @/src/one.wav")]
    [InlineData(IsRead, "doctor @/model --data @/list.jsonl --html @/src/ref.wav")]
    [InlineData(IsRead, "doctor @/model --audio @/src --html @/src/one.txt")]
    [InlineData(IsRead, "doctor @/model --audio @/src --html @/model/config.json")]
    [InlineData(IsRead, "doctor @/model --base @/base --html @/base/config.json")]
    [InlineData(IsRead, "doctor @/model --grammar @/g.jsgf --html @/g.jsgf")]
    [InlineData(IsRead, "doctor @/model --dictionary @/d.dict --html @/d.dict")]
    [InlineData(IsTheirs, "doctor @/model --html @/theirs.html")]
    public void IsRefusedAndNothingChanges(string words, string line)
    {
        if (line.Contains("linked", StringComparison.Ordinal))
            File.CreateSymbolicLink(In("linked.wav"), In("v.wav"));
        if (line.Contains("hard", StringComparison.Ordinal))
        {
            Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no ln");
            Assert.Equal(0, Call("ln", In("v.wav"), In("hard.wav")));
        }
        Refused(words, line);
    }

    [Fact]
    public void InspectWritesNothing()
    {
        var before = UntouchedFiles.Read(_folder);
        CommandRun.Run(Qwen3Tts.Cli.Commands.Root(), ["inspect", In("model")], TextWriter.Null);
        Assert.Equal(before, UntouchedFiles.Read(_folder));
    }

    string[] Say(string output) => ["say", "Lucy has", "--model", Mini.Model, "--voice", In("v.wav"), "--max-seconds", "0.3", "-o", output];

    [Fact]
    public void WhatWasWrittenBeforeIsReplaced()
    {
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(0, CommandTests.Run(Say(In("out.wav"))).Code);
            // exit code 0 or 3: healthy or not
            Assert.NotInRange(CommandTests.Run("doctor", Mini.Model, "--takes", "0", "--html", In("page.html")).Code, 1, 2);
        }
        File.AppendAllText(In("out.wav"), "my edit");
        var (code, _, error) = CommandTests.Run(Say(In("out.wav")));
        Assert.Equal(1, code);
        Assert.Contains(IsTheirs, error, StringComparison.Ordinal);
        Assert.EndsWith("my edit", File.ReadAllText(In("out.wav")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task APipeIsWrittenToAndStays()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such files");
        Assert.Equal(0, Call("mkfifo", In("fifo")));
        using var reader = Process.Start(new ProcessStartInfo("cat", [In("fifo")]) { RedirectStandardOutput = true })!;
        var said = Task.Run(() => CommandTests.Run(Say(In("fifo"))));
        var heard = WavFile.Read(reader.StandardOutput.BaseStream, "fifo");
        Assert.Equal(0, (await said).Code);
        Assert.InRange(heard.Seconds, 0.1, 0.5);
        Assert.Equal(0, Call("test", "-p", In("fifo")));
    }

    /// <summary>Whoever reads the speech may wait, as a player does: that is no time of the speech.</summary>
    [Fact]
    public async Task TheSpeedLeavesOutTheWaitingForWhoeverTakesTheSpeech()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such files");
        Assert.Equal(0, Call("mkfifo", In("fifo")));
        var reader = Task.Run(() => Call("sh", "-c", $"(sleep 3; cat >/dev/null) < '{In("fifo")}'"));
        var chunks = Enumerable.Repeat(new float[100_000], 4); // more than a pipe holds
        var pace = Qwen3Tts.Cli.SpokenOutput.Write(chunks, 24000, () => "", new(In("fifo"), false, false, WavFormat.Pcm16, false), default);
        Assert.Equal(0, await reader);
        Assert.Equal(400_000 / 24000.0, pace.Seconds, 1e-9);
        Assert.InRange(pace.Elapsed, 0, 1.5);
    }

    /// <summary>A node of the null device in a folder of the test, so that the real device is never at risk.</summary>
    [Fact]
    public void ADeviceIsWrittenToAndStays()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root of Linux may make a device node.");
        Assert.SkipUnless(Call("mknod", In("null"), "c", "1", "3") == 0, "This system lets no device node be made.");
        var (code, _, error) = CommandTests.Run(Say(In("null")));
        Assert.True(code == 0, error);
        Assert.Equal(0, Call("test", "-c", In("null")));
    }

    /// <summary>Standard output has only the speech; messages go to standard error.</summary>
    [Fact]
    public void StandardOutputByItsPathIsWrittenTo()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Where /dev/stdout is a link into /proc.");
        using var process = CommandTests.Start(Say("/dev/stdout"));
        using var all = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(all);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        all.Position = 0;
        var heard = WavFile.Read(all, "standard output");
        Assert.Equal(all.Length, 44 + 2 * heard.Samples.Length);
    }

    static int Call(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
