// Training brings libtorch, hundreds of megabytes that whoever only speaks need not install. Its commands live in a second program;
// here they are known by name, and the command line is handed over as it is.
using Qwen3Tts.CommandLine;
using Qwen3Tts.Listening;

namespace Qwen3Tts.Cli;

static class HandOver
{
    const string Program = "qwen3tts-train";

    /// <summary>Commands of the other program.</summary>
    public static readonly (string Name, string Description)[] Commands =
    [
        ("import", "Reads recordings as other programs list them, and chooses what is held out."),
        ("prepare", "Turns recordings into training data."),
        ("train", "Fine-tunes a model on prepared data."),
        ("voice", "From recordings to a voice in one command."),
        ("export", "Writes prepared data for a trainer of many machines."),
        ("demo", "Prepares, trains and speaks with the embedded model and recordings."),
        ("bench", "Measures what a training step costs here."),
    ];

    /// <summary>Protects what follows a foreign command from this program's parser: even --help belongs to the other one.</summary>
    public static string[] Protect(string[] arguments) =>
        arguments is [var first, .. var rest] && Commands.Any(c => c.Name == first) ? [first, "--", .. rest] : arguments;

    /// <summary>Runs the other program with these arguments on this terminal; returns its exit code. It ends with this program.</summary>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static int Run(IReadOnlyList<string> arguments, CancellationToken stop)
    {
        var program = Find() ?? throw new FileNotFoundException(
            $"'{arguments[0]}' is a command of {Program}, which is neither beside this program nor on the PATH. "
            + "Build it in the repository (dotnet build -c Release src/Qwen3Tts.Training), "
            + "and add the folder artifacts/bin/Qwen3Tts.Training/release to the PATH.");
        // Ctrl-C reaches both programs, and all else this one alone: it passes on what it is told, and waits for how the other one ends.
        return ParentLink.Run(new(program, arguments) { UseShellExecute = false }, stop);
    }

    /// <summary>Beside this program, else on the PATH, else where the repository that this program was built in builds it.</summary>
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
