using System.Text.RegularExpressions;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Commands;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Tests;

/// <summary>The command line of qwen3tts-train: numbers, texts, and the options that messages name.</summary>
public sealed partial class CommandLineTests
{
    [Fact]
    public void EveryNumberHasARange() => NumericOptions.AssertBadValuesAreRefused(TrainingCommands.Root);

    [Theory]
    [InlineData("--steps is 'x'; give a whole number.", "--steps", "x")]
    [InlineData("--steps is '1e300'; give a whole number.", "--steps", "1e300")]
    [InlineData("--steps is 2147483648; give a whole number, 1 to 1000000.", "--steps", "2147483648")]
    [InlineData("--steps is given twice; give it once.", "--steps", "3", "--steps", "3")]
    [InlineData("--lora is 100000000; give a whole number, 1 to 4096.", "--lora", "100000000")]
    [InlineData("--steps and --epochs contradict each other", "--steps", "3", "--epochs", "3")]
    [InlineData("--resume and --overwrite contradict each other", "--resume", "--overwrite")]
    [InlineData("--schedule is 'sine'; give constant, linear or cosine.", "--schedule", "sine")]
    [InlineData("--schedule is '7'; give constant", "--schedule", "7")]
    [InlineData("--export-as is 'bases'; give custom-voice or base. Did you mean base?", "--export-as", "bases")]
    [InlineData("--schedule is 'consine'; give constant, linear or cosine. Did you mean cosine?", "--schedule", "consine")]
    [InlineData("--precision is ''; give", "--precision", "")]
    public void AMistakeIsASentence(string told, params string[] arguments)
    {
        var errors = new StringWriter();
        Assert.Equal(1, CommandRun.Run(TrainingCommands.Root(),
            ["train", "absent.jsonl", "--name", "nora", "--model", "absent", .. arguments], errors));
        Assert.StartsWith(told, errors.ToString(), StringComparison.Ordinal);
        Assert.Single(errors.ToString().Trim().Split('\n'));
    }

    /// <summary>The spelling of older versions is understood, and so is upper case.</summary>
    [Theory]
    [InlineData("custom_voice")]
    [InlineData("custom-voice")]
    [InlineData("Custom-Voice")]
    public void AChoiceMayBeSpeltOtherwise(string given) => Assert.Equal(ExportAs.CustomVoice, CommandRun.Parse(TrainingCommands.Root(),
        ["train", "codes.jsonl", "--export-as", given]).Parsed.GetValue<ExportAs>("--export-as"));

    [Fact]
    public void TheHelpIsThatOfTheTrainer()
    {
        var refusal = CommandRun.Understand(TrainingCommands.Root(), ["export", "codes.jsonl", "--for", "a\u001bb"]).Refusal;
        Assert.Equal("--for is 'a<U+001B>b'; give ms-swift. See 'qwen3tts-train export --help'.", refusal);
    }

    [Fact]
    public void NamesMayBeginAsResponseFilesDo()
    {
        var (parsed, wrong) = CommandRun.Parse(TrainingCommands.Root(),
            ["train", "codes.jsonl", "--name", "@nora", "--language", "--none at all"]);
        Assert.Null(wrong);
        Assert.Equal(("@nora", "--none at all"), (parsed.GetValue<string>("--name"), parsed.GetValue<string>("--language")));
    }

    [GeneratedRegex(@"\$*""(?:[^""\\\n]|\\.)*""")]
    private static partial Regex Literal();

    /// <summary>The code between two parts of a message that stands on two lines.</summary>
    [GeneratedRegex(@"""(?:\s*\+\n\s*|\n\s*\+\s*)\$*""")]
    private static partial Regex Joined();

    [GeneratedRegex(@"(?<![\w(-])--[a-z]+(?:-[a-z]+)*(?![\w:-])")]
    private static partial Regex OptionName();

    [GeneratedRegex(@"(?:new(?: \w+<[\w?\[\]]+>)?|Sampling<[\w?]+>|Number)\(\s*""(--[a-z-]+)""")]
    private static partial Regex Declared();

    // Options of nvidia-smi, of paplay, of a recogniser in an example, and of the generated script, whose options are those of ms-swift.
    static readonly string[] Foreign = ["--query-gpu", "--id", "--format", "--channels", "--rate", "--plain"];

    static IEnumerable<(string File, string Literal, string Option)> Named() =>
        from file in Directory.EnumerateFiles(Path.Combine(Golden.Repository, "src"), "*.cs", SearchOption.AllDirectories)
        let lines = File.ReadAllLines(file).Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal))
        from line in Joined().Replace(string.Join('\n', lines), "").Split('\n')
        from literal in Literal().Matches(line).Select(m => m.Value)
        from option in OptionName().Matches(literal.Trim('$', '"')).Select(m => m.Value)
        where !Foreign.Contains(option)
        select (Path.GetRelativePath(Path.Combine(Golden.Repository, "src"), file), literal, option);

    [Fact]
    public void EveryOptionThatAMessageNamesExists()
    {
        var declared = Directory.EnumerateFiles(Path.Combine(Golden.Repository, "src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(f => Declared().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)).Append("--help").ToHashSet();
        Assert.Contains("--max-frames-per-token", declared);
        Assert.True(TrainingCommands.Root().Subcommands.SelectMany(c => c.Options).Select(o => o.Name)
            .All(n => n == "--help" || declared.Contains(n)));
        Assert.Equal([], Named().Where(n => !declared.Contains(n.Option)).Select(n => $"{n.File}: {n.Option} in {n.Literal}"));
    }

    /// <summary>
    /// Code that 'voice' runs names options of 'voice'. If it names an option of another command, it also names that command.
    /// </summary>
    [Fact]
    public void WhatVoiceSaysNamesItsOwnOptions()
    {
        string[] others =
            ["TrainCommand", "PrepareCommand", "ReviewCommand", "BenchCommand", "ExportCommand", "ImportCommand", "DemoCommand",
                "EnginesCommand", "Demo", "SliceCommand", "Transcription"];
        // 'voice' resumes an existing run by itself
        string[] ofTrainAlone = ["holds no run to resume. Leave --resume", "holds a run already. Resume it with --resume"];
        var own = TrainingCommands.Root().Subcommands.Single(c => c.Name == "voice").Options.Select(o => o.Name).ToHashSet();
        var foreign = Named().Where(n =>
            n.File.Replace('\\', '/') is var f && f.StartsWith("Qwen3Tts.Training/", StringComparison.Ordinal)
            && !f.StartsWith("Qwen3Tts.Training/Slicing/", StringComparison.Ordinal)
            && !others.Any(o => f.EndsWith($"/Commands/{o}.cs", StringComparison.Ordinal)))
            .Where(n => !own.Contains(n.Option) && !n.Literal.Contains("qwen3tts", StringComparison.Ordinal)
                && !n.Literal.Contains($"say {n.Option}", StringComparison.Ordinal)
                && !ofTrainAlone.Any(t => n.Literal.Contains(t, StringComparison.Ordinal)));
        Assert.Equal("", string.Join('\n', foreign.Select(n => $"{n.File}: {n.Option} in {n.Literal}")));
    }
}
