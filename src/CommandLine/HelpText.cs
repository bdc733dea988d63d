// The help of a command: its options stand under headings, which the help of System.CommandLine does not have.
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Qwen3Tts.CommandLine;

static class HelpText
{
    const int WidestLabel = 36, Narrowest = 20;

    /// <summary>The help of a command, in lines of at most <paramref name="width"/> columns where words allow it.</summary>
    public static string Write(Command command, RootCommand root, int width)
    {
        var text = new StringBuilder();
        var documented = command as DocumentedCommand;
        var sections = Sections(command, documented, root).Where(s => s.Rows.Count > 0).ToList();
        var column = Math.Min(WidestLabel, sections.SelectMany(s => s.Rows).Max(r => r.Label.Length)) + 4;
        text.AppendLine("Description:").AppendLine(Wrapped("  ", command.Description ?? "", 2, width)).AppendLine();
        text.AppendLine("Usage:").AppendLine($"  {Usage(command, root)}").AppendLine();
        foreach (var (heading, rows) in sections)
        {
            text.AppendLine($"{heading}:");
            foreach (var (label, about) in rows)
                text.AppendLine(Row($"  {label}", about, column, width));
            text.AppendLine();
        }
        if (documented?.Examples is { Count: > 0 } examples)
            text.AppendLine("Examples:").AppendJoin(Environment.NewLine, examples.Select(e => $"  {e}")).AppendLine().AppendLine();
        if (documented?.Expert is { Count: > 0 } expert)
            text.AppendLine("For experts:").AppendJoin(Environment.NewLine,
                expert.Select(e => $"{Row($"  {Label(e.Option)}", About(e.Option), column, width)}{Environment.NewLine}  {e.Example}"))
                .AppendLine();
        return text.ToString();
    }

    static IEnumerable<(string Heading, List<(string Label, string About)> Rows)> Sections(Command command, DocumentedCommand? documented,
        RootCommand root)
    {
        yield return ("Arguments", [.. command.Arguments.Where(a => !a.Hidden).Select(a => ($"<{a.Name}>", a.Description ?? ""))]);
        var grouped = documented?.Groups ?? [];
        foreach (var (heading, options) in grouped)
            yield return (heading, [.. Rows(options)]);
        var others = command.Options.Concat(root.Options.Where(o => o.Recursive)).Distinct().Except(grouped.SelectMany(g => g.Options));
        yield return (grouped.Count == 0 ? "Options" : "Other options", [.. Rows(others)]);
        yield return ("Commands", [.. command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, c.Description ?? ""))]);
    }

    static IEnumerable<(string, string)> Rows(IEnumerable<Option> options) =>
        options.Where(o => !o.Hidden).Select(o => (Label(o), About(o)));

    static string Usage(Command command, RootCommand root) => string.Join(' ',
        command.Arguments.Where(a => !a.Hidden).Select(a => a.Arity.MinimumNumberOfValues == 0 ? $"[<{a.Name}>]" : $"<{a.Name}>")
        .Prepend($"{root.HelpName ?? root.Name}{(command == root ? "" : CommandRun.PathOf(command, root))}")
        .Concat(command.Subcommands.Count > 0 ? ["[command]"] : []).Append("[options]"));

    static string Label(Option option)
    {
        var names = string.Join(", ", option.Aliases.Append(option.Name).Where(n => n[0] == '-').Distinct().OrderBy(n => n.Length));
        var takes = option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool);
        return takes ? $"{names} <{option.HelpName ?? option.Name.TrimStart('-')}>" : names;
    }

    static string About(Option option)
    {
        var about = option.Description ?? "";
        if (option.Required)
            return $"{about} (required)";
        var usual = option.HasDefaultValue ? option.GetDefaultValue() switch
        {
            null or false or "" or Array => null,
            Enum value => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString()),
            var value => Convert.ToString(value, CultureInfo.InvariantCulture),
        } : null;
        return usual is null ? about : $"{about} [default: {usual}]";
    }

    static string Row(string label, string about, int column, int width) => label.Length + 2 > column
        ? $"{label}{Environment.NewLine}{Wrapped(new string(' ', column), about, column, width)}"
        : Wrapped(label.PadRight(column), about, column, width);

    /// <summary>A text behind its label; all lines after the first begin at the column.</summary>
    static string Wrapped(string label, string about, int column, int width)
    {
        var (text, used) = (new StringBuilder(label), 0);
        var room = Math.Max(Narrowest, width - column - 1);
        foreach (var word in about.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (used > 0 && used + 1 + word.Length > room)
            {
                text.AppendLine().Append(' ', column);
                used = 0;
            }
            text.Append(used > 0 ? " " : "").Append(word);
            used += word.Length + (used > 0 ? 1 : 0);
        }
        return text.ToString().TrimEnd(' ');
    }
}
