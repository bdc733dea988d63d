using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Data;
using Qwen3Tts.Training.Commands;
using Qwen3Tts.Training.Slicing;
using static Qwen3Tts.Tests.Slicing.SlicerTests;

namespace Qwen3Tts.Tests.Slicing;

/// <summary>Clips without a text are written down by a recogniser or a command.</summary>
public sealed class TranscriptionTests
{
    [Fact]
    public void ARecogniserWritesTheTextsOnce()
    {
        var (audio, output) = Written(Nora.Value);
        var heard = 0;
        SliceReport Transcribed() => Run(audio, output, r => r with
        {
            Transcriber = new("ears", (clip, _) =>
            {
                heard++;
                return clip.Seconds > 8 ? "x" : "What somebody says in this clip.";
            }),
        });
        var first = Transcribed();
        Assert.Equal(heard, first.Slices.Count(s => s.Kind is Slice.Clip or "text"));
        Assert.Contains(first.Slices, s => s.Kind == "text"); // "x" cannot be all that is said
        Assert.All(Clips(first), c => Assert.Equal("What somebody says in this clip.", c.Text));
        var before = heard;
        Transcribed();
        Assert.Equal(before, heard);
    }

    /// <summary>After Ctrl-C in the middle, no clip is heard twice.</summary>
    [Fact]
    public void WhatWasHeardBeforeAStopIsKept()
    {
        var (audio, output) = Written(Nora.Value);
        var heard = new List<Waveform>();
        SliceReport Transcribed(int most) => Run(audio, output, r => r with
        {
            Transcriber = new("ears", (clip, _) =>
            {
                heard.Add(heard.Count < most ? clip : throw new OperationCanceledException());
                return "What somebody says in this clip.";
            }),
        });
        Assert.Throws<OperationCanceledException>(() => Transcribed(2));
        var clips = Clips(Transcribed(int.MaxValue));
        Assert.Equal(clips.Count, heard.Count);
    }

    [Fact]
    public void TheCommandCutsAFolderAndAsksACommandForTheTexts()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "echo is no program there.");
        var (audio, output) = Written(Nora.Value);
        var code = CommandRun.Run(TrainingCommands.Root(),
            ["slice", Path.GetDirectoryName(audio)!, "-o", output, "--longest", "9", "--language", "en", "--transcribe-command",
                "echo \"These words are said\" {wav}"]);
        Assert.Equal(CommandRun.Done, code);
        var clips = ClipList.Read(output, new());
        Assert.All(clips, c => Assert.StartsWith("These words are said ", c.Text, StringComparison.Ordinal));
        Assert.All(clips, c => Assert.Equal("English", c.Language));
        Assert.Contains("long-0001.wav", File.ReadAllText(Path.Combine(output, Slicer.PageName)), StringComparison.Ordinal);
        Assert.Contains("--transcribe-command: no-such-program could not be started", Refused("no-such-program {wav}"),
            StringComparison.Ordinal);
        Assert.Contains("--transcribe-command: false ended with 1, without a message.", Refused("false {wav}"), StringComparison.Ordinal);
        Assert.Contains("give a program, and {wav}", Refused("{wav}"), StringComparison.Ordinal);
        Assert.Contains("Name another folder with --output", Refused("true {wav}", Path.GetDirectoryName(audio)), StringComparison.Ordinal);

        string Refused(string command, string? folder = null)
        {
            using var errors = new StringWriter();
            Assert.Equal(CommandRun.UsersMistake, CommandRun.Run(TrainingCommands.Root(),
                ["slice", audio, "-o", folder ?? output + "2", "--transcribe-command", command], errors));
            return errors.ToString();
        }
    }
}
