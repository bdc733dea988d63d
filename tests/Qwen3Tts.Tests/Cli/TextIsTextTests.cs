using Qwen3Tts.Cli;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Tests.Cli;

/// <summary>A text to be spoken, and the value of an option, may begin like an option or like a response file.</summary>
public sealed class TextIsTextTests
{
    static readonly string Voice = Path.Combine(Mini.Folder, "clips", "rms_1.wav");

    [Theory]
    [InlineData("@anna good morning Peter")]
    [InlineData("@note.txt")]
    [InlineData("-- he said")]
    [InlineData("--greedy is what they are")]
    [InlineData("--seed: planted in May")]
    [InlineData("-o no")]
    [InlineData("- she said")]
    [InlineData("-mine")]
    [InlineData("-5")]
    public void ATextIsSaid(string text)
    {
        var (parsed, wrong) = CommandRun.Parse(Commands.Root(), ["say", text, "-o", "x.wav", "--seed", "3"]);
        Assert.Null(wrong);
        Assert.Equal((text, "x.wav", 3),
            (parsed.GetValue<string>("text"), parsed.GetValue<string>("--output"), parsed.GetValue<int?>("--seed")));
    }

    [Theory]
    [InlineData("fast", "fast")]
    [InlineData("a\u0007b", "a<U+0007>b")]
    [InlineData("--there is none", "--there is none")]
    public void AChoiceThatIsNoneIsShownAsItCanBePrinted(string given, string shown)
    {
        var (_, wrong) = CommandRun.Parse(Commands.Root(), ["say", "hello", "-o", "x.wav", "--layout", given]);
        Assert.Equal($"--layout is '{shown}'; give text-first or interleaved.", wrong);
        Assert.Null(CommandRun.Parse(Commands.Root(), ["say", "hello", "-o", "x.wav", "--layout", "interleaved"]).Wrong);
    }

    [Theory]
    [InlineData("--slowly")]
    [InlineData("--greedy")]
    [InlineData("--output=x")]
    public void TwoDashesEndTheOptions(string text)
    {
        var (parsed, wrong) = CommandRun.Parse(Commands.Root(), ["say", "-o", "x.wav", "--", text]);
        Assert.Null(wrong);
        Assert.Equal(text, parsed.GetValue<string>("text"));
    }

    [Theory]
    [InlineData("--transcript", "@home I am")]
    [InlineData("--speaker", "@nora")]
    [InlineData("--language", "@english")]
    [InlineData("--instruct", "--slowly please")]
    [InlineData("--instruct", "--seed: slowly")]
    [InlineData("--instruct", "-v")]
    [InlineData("--instruct", "a = b: c")]
    public void AValueIsAValue(string option, string value)
    {
        foreach (var arguments in new[] { new[] { option, value }, [$"{option}={value}"] })
        {
            var (parsed, wrong) = CommandRun.Parse(Commands.Root(), ["say", "hello", .. arguments, "-o", "x.wav"]);
            Assert.Null(wrong);
            Assert.Equal((value, "hello"), (parsed.GetValue<string>(option), parsed.GetValue<string>("text")));
        }
    }

    [Theory]
    [InlineData("Did you mean --speaker? If it is a text, write -- before it.", "say", "hello", "--speakr", "bob", "-o",
        "x.wav")]
    [InlineData("write --instruct=--slowly", "say", "hello", "--instruct", "--slowly", "-o", "x.wav")]
    [InlineData("'--sped' is not an option", "say", "--sped", "-o", "x.wav")]
    [InlineData("--instruct has no value: '--seed' is the next option. If it is the value of --instruct, write --instruct=--seed.", "say",
        "hello", "--instruct", "--seed", "3", "-o", "x.wav")]
    [InlineData("--output has no value", "say", "hello", "-o")]
    [InlineData("--speaker is given twice", "say", "hello", "--speaker", "a", "--speaker", "b", "-o", "x.wav")]
    [InlineData("Did you mean inspect?", "inspct", "models/mini")]
    public void WhatIsProbablyMisspeltIsReported(string told, params string[] arguments)
    {
        var errors = new StringWriter();
        Assert.Equal(1, CommandRun.Run(Commands.Root(), arguments, errors));
        Assert.Contains(told, errors.ToString(), StringComparison.Ordinal);
        Assert.Single(errors.ToString().Trim().Split('\n'));
    }

    [Fact]
    public void EveryNumberHasARange() => NumericOptions.AssertBadValuesAreRefused(Commands.Root);

    [Fact]
    public void APageThatCannotBeWrittenIsReportedBeforeTheWork()
    {
        var file = Path.Combine(Scratch.New(), "a.txt");
        File.WriteAllText(file, "a");
        var errors = new StringWriter();
        Assert.Equal(1, CommandRun.Run(Commands.Root(), ["doctor", "absent", "--html", Path.Combine(file, "new", "report.html")], errors));
        Assert.Contains("is a file and not a folder", errors.ToString(), StringComparison.Ordinal);
    }

    /// <summary>From a bug report: a file of that name exists, and its words were read as options.</summary>
    [Fact]
    public void AFileWhoseNameIsSaidIsNotRead()
    {
        using var process = CommandTests.Start("say", "@note.txt", "--model", Mini.Model, "--voice", Voice, "--max-seconds", "0.1", "-o",
            "said.wav");
        var folder = process.StartInfo.WorkingDirectory;
        File.Copy(Reports.Path("text-at", "note.txt"), Path.Combine(folder, "note.txt"));
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.True(File.Exists(Path.Combine(folder, "said.wav")));
        Assert.False(File.Exists(Path.Combine(folder, "injected.wav")));
    }
}
