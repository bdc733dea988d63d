// qwen3tts-train review: a page on this machine to listen to recordings and to correct their texts.
using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Review;

namespace Qwen3Tts.Training.Commands;

sealed class ReviewCommand : DocumentedCommand
{
    readonly Argument<string> _recordings = new("recordings")
    {
        Description = "Folder of recordings and TXT files of equal names, or any list that 'import' reads.",
    };
    readonly Option<string?> _model = new("--model", "-m")
    {
        Description = "Base model that also asks whether each text fits its recording. It prepares the recordings first.",
        HelpName = "DIR|ID",
    };
    readonly Option<bool> _noOpen = new("--no-open") { Description = "Print the page's address, and open no browser." };

    public ReviewCommand() : base("review",
        "Opens a page to listen to recordings, correct their texts, drop clips and choose the reference. Nothing leaves this machine.",
        "qwen3tts-train review clips/",
        "qwen3tts-train review metadata.csv --model models/mini --no-open")
    {
        Add(_recordings);
        Add(_model);
        Add(_noOpen);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var recordings = parsed.GetRequiredValue(_recordings);
        var warnings = CommonOptions.NamedModel(parsed.GetValue(_model)) is { } model
            ? ReviewWarnings.Of(ConsoleWork.Prepare(model, new()
            {
                Input = recordings,
                Output = PrepareCommand.DefaultOutput(recordings),
                SkipBad = true,
                CompareTexts = true,
            }, stop))
            : StatusLine.While($"Reading {recordings}", line =>
                ReviewWarnings.Find(recordings, (done, of) => line($"Reading recordings: {done} of {of}"), stop));
        var session = new ReviewSession(recordings, warnings);
        using var server = new ReviewServer(session);
        Console.Out.WriteLine($"Review: {server.Address}\nEach change is saved at once. End with the page's button Finish, or Ctrl-C.");
        if (!parsed.GetValue(_noOpen))
            Open(server.Address);
        server.Run(stop);
        var clips = session.List().Clips;
        Console.Out.WriteLine($"{clips.Count(c => c.Checked)} of {clips.Count} clips checked, {clips.Count(c => c.Dropped)} dropped.\n" +
            $"Next: qwen3tts-train prepare {ShellWord.Quoted(recordings)} --model DIR");
        return CommandRun.Done;
    }

    static void Open(Uri address)
    {
        try
        {
            using var browser = Process.Start(new ProcessStartInfo(address.ToString()) { UseShellExecute = true });
        }
        catch (Win32Exception)
        {
            Console.Error.WriteLine("No browser could be opened. Open the address yourself.");
        }
    }
}
