using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Commands;

namespace Qwen3Tts.Tests;

public sealed class CommandsTests
{
    [Fact]
    public void TheReadmeShowsOnlyCommandsThatExist()
    {
        var shown = Readme.Commands("qwen3tts-train", "Qwen3Tts.Training").ToList();
        Assert.NotEmpty(shown);
        Assert.All(shown, Understands);
        // All except doctor, bench, completion and voice, which qwen3tts has itself.
        var names = string.Join('|', TrainingCommands.Root().Subcommands
            .Where(c => c is not (EnginesCommand or BenchCommand or CompletionCommand or VoiceCommand)).Select(c => c.Name));
        Assert.Contains($"`qwen3tts {names} …`", Readme.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryCommandHasExamplesThatItUnderstands() => Assert.All(TrainingCommands.Root().Subcommands, command =>
    {
        var examples = Assert.IsAssignableFrom<DocumentedCommand>(command).Examples;
        Assert.NotEmpty(examples);
        Assert.All(examples, e => Understands(Assert.Single(Readme.Arguments(e, "qwen3tts-train", "Qwen3Tts.Training"))));
        foreach (var (option, example) in ((DocumentedCommand)command).Expert)
        {
            Assert.True(option.Hidden);
            Assert.Contains(option.Name, example, StringComparison.Ordinal);
            Understands(Assert.Single(Readme.Arguments(example, "qwen3tts-train", "Qwen3Tts.Training")));
        }
    });

    static void Understands(string[] arguments)
    {
        var errors = TrainingCommands.Root().Parse(arguments).Errors;
        Assert.True(errors.Count == 0, $"'{string.Join(' ', arguments)}': {string.Join(' ', errors.Select(e => e.Message))}");
    }
}
