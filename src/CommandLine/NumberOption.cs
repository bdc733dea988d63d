// Options whose values are numbers. They are parsed and checked against their range with the command line, before anything is loaded.
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Qwen3Tts.Files;

namespace Qwen3Tts.CommandLine;

/// <summary>An option whose value is a number within a range.</summary>
interface INumberOption
{
    NumberRange Range { get; }
}

/// <summary>An option whose value is an int or a double, or a nullable one of these.</summary>
sealed class NumberOption<T> : Option<T>, INumberOption
{
    static readonly bool Whole = typeof(T) == typeof(int) || typeof(T) == typeof(int?);

    public NumberOption(string name, NumberRange range) : base(name)
    {
        Range = range;
        HelpName = "N";
        CustomParser = Read;
    }

    public NumberRange Range { get; }

    T Read(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : ""; // the parser itself refuses a missing value and several values
        var kind = Whole ? "a whole number" : "a number";
        var digits = text.Length > 0
            && text.AsSpan(text[0] is '-' or '+' ? 1 : 0) is { Length: > 0 } d && !d.ContainsAnyExceptInRange('0', '9');
        // Parsed as a double even for a whole number, so that a number beyond the range of int is reported as out of range.
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            || double.IsNaN(value) || (Whole && !digits))
            result.AddError($"{Name} is '{Printable.Text(text)}'; give {kind}.");
        else if (!Range.Holds(value))
            result.AddError($"{Name} is {Printable.Text(text)}; give {kind}, {Range.Words}."
                + $"{(Range.Reason is { } reason ? $" {reason}" : "")}");
        else
            return (T)(object)(Whole ? (object)(int)value : value);
        return default!;
    }
}
