using Qwen3Tts.Cli;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Tests.Cli;

/// <summary>The line of progress, the help, and words that are spelt otherwise.</summary>
public sealed class ProgressAndHelpTests
{
    /// <summary>A clock that is moved by hand.</summary>
    sealed class HandClock : TimeProvider
    {
        long _ticks;
        Action _due = () => { };

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
        public override long GetTimestamp() => _ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal(dueTime, period);
            _due = () =>
            {
                _ticks += period.Ticks;
                callback(state);
            };
            return System.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public void Pass() => _due();
    }

    [Fact]
    public void ALogGetsALineEveryTenSeconds()
    {
        var (clock, log) = (new HandClock(), new StringWriter());
        Assert.Equal(3, StatusLine.WhileLogged("loading", tell =>
        {
            Assert.Empty(log.ToString());
            clock.Pass();
            tell("step 2");
            tell("step 3");
            clock.Pass();
            return 3;
        }, log, clock));
        Assert.Equal(["loading (after 10 s)", "step 3 (after 20 s)"], log.ToString().Trim().Split(Environment.NewLine));
    }

    [Theory]
    [InlineData("speaking", 8, "speaking")]
    [InlineData("speaking", 7, "speaki…")]
    [InlineData("a\nb", 8, "a b")]
    [InlineData("語語語", 6, "語語語")]
    [InlineData("語語語", 5, "語語…")]
    [InlineData("ab", 0, "")]
    public void AStatusFitsInALine(string text, int columns, string shown) => Assert.Equal(shown, StatusLine.Fit(text, columns));

    [Fact]
    public void HelpShowsOptionsUnderHeadings()
    {
        var help = CommandTests.Run("say", "--help").Output.ReplaceLineEndings("\n");
        var headings = help.Split('\n').Where(l => l.Length > 0 && l[0] != ' ').ToList();
        Assert.Equal(["Description:", "Usage:", "Arguments:", "Text:", "Output:", "Model:", "Voice:", "Sampling:", "Limits:",
            "Other options:", "Examples:"], headings);
        Assert.All(Commands.Root().Subcommands.Single(c => c.Name == "say").Options,
            o => Assert.Contains($"  {o.Name} ", help.Replace(", --", "  --", StringComparison.Ordinal), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sai hello", "Did you mean say?")]
    [InlineData("models lst", "Did you mean list?")]
    [InlineData("say hello --sed 3", "Did you mean --seed?")]
    [InlineData("say hello --out x.wav", "Did you mean --output?")]
    [InlineData("say hello --layout interleave", "Did you mean interleaved?")]
    public void AMistypedWordIsRecognised(string line, string meant) =>
        Assert.Contains(meant, CommandRun.Understand(Commands.Root(), line.Split(' ')).Refusal, StringComparison.Ordinal);

    [Theory]
    [InlineData("text_first")]
    [InlineData("Text-First")]
    public void AChoiceMayBeSpeltOtherwise(string given) => Assert.Equal("text-first",
        CommandRun.Parse(Commands.Root(), ["say", "hello", "--layout", given]).Parsed.GetValue<string>("--layout"));
}
