// Shows that long work is going on, on standard error, so that output can be piped. On an interactive terminal it is one line, rewritten in
// place and cut off at the terminal's width. If standard error is a file or a pipe, or in CI, a line is added every ten seconds; work that
// is shorter adds none.
using System.Text;
using Spectre.Console;

namespace Qwen3Tts.CommandLine;

static class StatusLine
{
    const int SpinnerColumns = 3; // the spinner, a space, and the column that some terminals use for the line break

    static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    static readonly IAnsiConsole Terminal = AnsiConsole.Create(new()
    {
        Out = new AnsiConsoleOutput(Console.Error),
        Interactive = Console.IsErrorRedirected ? InteractionSupport.No : InteractionSupport.Detect,
    });

    /// <summary>Runs work while a line shows <paramref name="what"/>. The work may change the text of the line.</summary>
    public static T While<T>(string what, Func<Action<string>, T> work)
    {
        if (!Terminal.Profile.Capabilities.Interactive)
            return WhileLogged(what, work, Console.Error, TimeProvider.System);
        static string Shown(string text) => Markup.Escape(Fit(text, Terminal.Profile.Width - SpinnerColumns));
        return Terminal.Status().Spinner(Spinner.Known.Dots).Start(Shown(what), line => work(text => line.Status = Shown(text)));
    }

    /// <summary>Runs work, and every ten seconds writes the text that is current.</summary>
    internal static T WhileLogged<T>(string what, Func<Action<string>, T> work, TextWriter log, TimeProvider time)
    {
        var begin = time.GetTimestamp();
        using var timer = time.CreateTimer(_ => log.WriteLine(
            $"{Volatile.Read(ref what)} (after {time.GetElapsedTime(begin).TotalSeconds:0} s)"), null, Interval, Interval);
        return work(text => Volatile.Write(ref what, text));
    }

    /// <summary>A text in one line of at most so many columns; what is cut off is replaced by an ellipsis.</summary>
    internal static string Fit(string text, int columns)
    {
        const int FirstWide = 0x1100; // letters from here on may take two columns, as those of Chinese do
        var (line, used) = (new StringBuilder(), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var shown = Rune.IsControl(rune) ? new Rune(' ') : rune;
            var width = shown.Value >= FirstWide && Rune.IsLetter(shown) ? 2 : 1;
            if (used + width > columns)
            {
                while (line.Length > 0 && used >= columns) // the ellipsis needs a column
                {
                    used -= line[^1] >= FirstWide ? 2 : 1;
                    line.Length -= char.IsLowSurrogate(line[^1]) ? 2 : 1;
                }
                return columns < 1 ? "" : $"{line}…";
            }
            used += width;
            line.Append(shown.ToString());
        }
        return line.ToString();
    }
}
