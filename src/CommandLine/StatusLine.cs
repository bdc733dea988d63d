// A status line shows that long work is going on: one line on an interactive terminal, rewritten in place, on standard error, so that
// output can be piped. If standard error is redirected, or in CI, nothing is shown.
using Spectre.Console;

namespace Qwen3Tts.CommandLine;

static class StatusLine
{
    static readonly IAnsiConsole Terminal = AnsiConsole.Create(new()
    {
        Out = new AnsiConsoleOutput(Console.Error),
        Interactive = Console.IsErrorRedirected ? InteractionSupport.No : InteractionSupport.Detect,
    });

    /// <summary>Runs work while a line shows <paramref name="what"/>. The work may change the text of the line.</summary>
    public static T While<T>(string what, Func<Action<string>, T> work)
    {
        if (!Terminal.Profile.Capabilities.Interactive)
            return work(_ => { });
        return Terminal.Status().Spinner(Spinner.Known.Dots).Start(Markup.Escape(what),
            line => work(text => line.Status = Markup.Escape(text)));
    }
}
