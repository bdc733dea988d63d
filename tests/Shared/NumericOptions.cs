using System.CommandLine;
using Qwen3Tts.CommandLine;

namespace Qwen3Tts.Tests;

/// <summary>Tests that every numeric option of every command is checked against its range before anything is loaded.</summary>
static class NumericOptions
{
    static readonly Type[] Numbers = [typeof(int), typeof(int?), typeof(double), typeof(double?), typeof(long), typeof(long?),
        typeof(float), typeof(float?)];

    static readonly string[] Bad = ["abc", "1e300", "2147483648", "-1", "", "NaN", "Infinity", "99999999999", "1 000", "0x10"];

    public static void AssertBadValuesAreRefused(Func<RootCommand> root)
    {
        var tried = 0;
        foreach (var command in root().Subcommands)
            foreach (var option in command.Options.Where(o => Numbers.Contains(o.ValueType)))
            {
                Assert.True(option is INumberOption, $"{command.Name} {option.Name} has no range.");
                // None of these files exists: if one were opened, the message would name it and not the option.
                string[] others = [command.Name, .. command.Arguments.Select(a => "absent"), .. command.Options.Where(o => o.Required)
                    .SelectMany(o => new[] { o.Name, o.Name == "--for" ? "ms-swift" : "absent.wav" })];
                var wrong = Bad.Select(b => new[] { option.Name, b }).Concat(Bad.Select(b => new[] { $"{option.Name}={b}" }))
                    .Append([option.Name, "1", option.Name, "1"]).Append([option.Name]);
                foreach (var arguments in wrong)
                {
                    var errors = new StringWriter();
                    var code = CommandRun.Run(root(), [.. others, .. arguments], errors);
                    var (line, message) = (string.Join(' ', arguments.Prepend(command.Name)), errors.ToString().Trim());
                    Assert.True(code == 1, $"{line}: {code}, {message}");
                    Assert.True(message.Length < 250 && !message.Contains('\n')
                        && message.StartsWith(option.Name, StringComparison.Ordinal), $"{line}: {message}");
                    Assert.True(!message.Contains("System.", StringComparison.Ordinal)
                        && !message.Contains("argument", StringComparison.Ordinal), $"{line}: {message}");
                    tried++;
                }
            }
        Assert.True(tried > 50, $"{tried} command lines");
    }
}
