// Training needs libtorch, which has hundreds of megabytes that are not needed to speak. So the training commands are in a second program,
// qwen3tts-train. This program only knows their names, and passes the command line on unchanged.
using System.Diagnostics;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Server;

namespace Qwen3Tts.Cli;

static class HandOver
{
    const string Program = "qwen3tts-train", End = "--";

    /// <summary>Commands of qwen3tts-train, with their descriptions.</summary>
    public static readonly (string Name, string Description)[] Commands =
    [
        ("slice", "Cuts long recordings into clips for training."),
        ("import", "Reads lists of recordings in many formats, and chooses the held-out clips."),
        ("review", "Opens a page to listen to recordings, correct their texts and drop clips."),
        ("prepare", "Turns recordings into training data."),
        ("train", "Fine-tunes a model on prepared data."),
        ("export", "Writes prepared data for a trainer that uses many machines."),
        ("demo", "Prepares, trains and speaks with the model and recordings of the repository."),
    ];

    /// <summary>
    /// Hides the arguments of such a command from this program's parser, because even --help belongs to the other program. So does the
    /// completion of a line that begins with such a command.
    /// </summary>
    public static string[] Protect(string[] arguments) => arguments switch
    {
        [var first, .. var rest] when IsForeign(first) || VoiceCommand.IsOfTheTrainer(arguments) => [first, End, .. rest],
        [['[', ..] directive, var line] when line.Split(' ') is [var first, _, ..] && IsForeign(first) => [first, End, directive, line],
        _ => arguments,
    };

    static bool IsForeign(string command) => Commands.Any(c => c.Name == command);

    /// <summary>What the other program gets for a command and its arguments.</summary>
    public static IReadOnlyList<string> Arguments(string command, IReadOnlyList<string> rest) =>
        rest is [['[', ..], _] ? rest : [command, .. rest];

    /// <summary>
    /// Runs the other program with these arguments on this terminal; returns its exit code. It ends when this program ends.
    /// </summary>
    /// <exception cref="FileNotFoundException">The program was not found.</exception>
    public static int Run(IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var program = Find() ?? throw new FileNotFoundException(
            $"'{arguments[0]}' is a command of {Program}, which is neither beside this program nor on the PATH. "
            + "Build it in the repository (dotnet build -c Release src/Qwen3Tts.Training), "
            + "and add the folder artifacts/bin/Qwen3Tts.Training/release to the PATH.");
        // Ctrl-C reaches both programs, all other signals only this one. It passes a request to stop on, and waits for the other program's
        // exit code.
        return ParentLink.Run(new(program, arguments) { UseShellExecute = false }, stop);
    }

    /// <summary>Runs the other program in the background; null if it is not found.</summary>
    public static TrainerRun? InBackground() => Find() is not { } program ? null : (arguments, line, stop) =>
    {
        void Read(object _, DataReceivedEventArgs e) => line(e.Data ?? "");
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        return ParentLink.Run(start, stop, child =>
        {
            child.OutputDataReceived += Read;
            child.ErrorDataReceived += Read;
            child.BeginOutputReadLine();
            child.BeginErrorReadLine();
        });
    };

    /// <summary>Looks for the program beside this one, then on the PATH, then in the build folder of the repository.</summary>
    static string? Find()
    {
        var file = OperatingSystem.IsWindows() ? $"{Program}.exe" : Program;
        var beside = Path.Combine(AppContext.BaseDirectory, file);
        if (File.Exists(beside))
            return beside;
        if (ExternalProgram.OnPath(Program) is { } installed)
            return installed;
        // artifacts/bin/<project>/<configuration>
        var configuration = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var built = Path.Combine(configuration.Parent?.Parent?.FullName ?? "", "Qwen3Tts.Training", configuration.Name, file);
        return File.Exists(built) ? built : null;
    }
}
