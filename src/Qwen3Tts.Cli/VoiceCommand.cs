// qwen3tts voice: voices in files of their own. Making a voice by training is a command of qwen3tts-train.
using System.CommandLine;
using System.Globalization;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Voices;

namespace Qwen3Tts.Cli;

sealed class VoiceCommand : DocumentedCommand
{
    static readonly string[] Parts = ["create", "show", "list", "mix", "export"];

    readonly Argument<string[]> _rest = new("arguments") { Arity = ArgumentArity.ZeroOrMore, Hidden = true };

    public VoiceCommand() : base("voice",
        "Keeps voices in files: creates them from recordings or designs, mixes, shows and exports them. 'qwen3tts-train voice' makes a "
        + "voice by training.",
        "qwen3tts voice create --recording me.wav --transcript \"What I say in it.\" --model models/mini -o me.voice.safetensors",
        "qwen3tts voice show me.voice.safetensors")
    {
        Add(_rest);
        Add(new VoiceCreateCommand());
        Add(new VoiceShowCommand());
        Add(new VoiceListCommand());
        Add(new VoiceMixCommand());
        Add(new VoiceExportCommand());
        this.Does((parsed, _) => throw new ArgumentException(
            "Name what to do: " + string.Join(", ", Parts) + ". Making a voice by training is 'qwen3tts-train voice "
            + $"{string.Join(' ', (parsed.GetValue(_rest) ?? []).Take(1).Select(Printable.Text).DefaultIfEmpty("RECORDINGS"))} …'."
            + string.Concat((parsed.GetValue(_rest) ?? []).Take(1).Select(typed => TypedArguments.Meant(typed, Parts)))));
    }

    /// <summary>True for the old form of a command that trains: recordings instead of a command. It gets a message of its own.</summary>
    public static bool IsOfTheTrainer(string[] arguments) =>
        arguments is ["voice", var next, ..] && !Parts.Contains(next) && next is not ("--help" or "-h" or "-?" or "--debug" or "--");

    /// <summary>The facts of a voice, a line each.</summary>
    public static IEnumerable<string> Facts(VoiceFile file)
    {
        yield return $"name        {Printable.Text(file.Name)}";
        yield return $"vector      {file.Voice.Vector.Length} numbers, norm {Number(Norm(file.Voice.Vector))}";
        yield return file.Voice.Transcript is { } said ? $"in context  {file.Voice.Frames.Count} frames: {Printable.Text(said)}"
            : "in context  no: the vector alone";
        if (file.Language is { } language)
            yield return $"language    {Printable.Text(language)}";
        foreach (var part in file.Parts)
            yield return $"made from   {Printable.Text(part.Kind)} {Printable.Text(part.Name)}"
                + (part.Weight < 1 ? $", share {Number(part.Weight)}" : "")
                + (part.Sha256 is { } hash ? $", sha256 {VoiceMix.Short(hash)}…" : "");
        yield return $"made        {Printable.Text(file.Made)} by {Printable.Text(file.MadeBy)}";
        yield return $"encoder     sha256 {Printable.Text(file.EncoderSha256)}";
        yield return $"codec       sha256 {Printable.Text(file.CodecSha256)}";
        foreach (var warning in file.Voice.Warnings)
            yield return $"warning     {Printable.Text(warning)}";
    }

    /// <summary>Writes a voice and reports it.</summary>
    public static int Write(VoiceFile file, string output)
    {
        file.Write(output, OutputRecord.At(Path.GetDirectoryName(Path.GetFullPath(output))!));
        foreach (var warning in file.Voice.Warnings)
            Console.Error.WriteLine(warning);
        Console.WriteLine($"{output}: the voice '{Printable.Text(file.Name)}'"
            + $"{(file.Voice.Transcript is null ? "" : $", {file.Voice.Frames.Count} frames in context")}. "
            + $"Speak with it: qwen3tts say \"Good morning.\" --voice '{output}' -o out.wav");
        return CommandRun.Done;
    }

    public static Option<string> Output(string what) =>
        new("--output", "-o") { Description = what, HelpName = "FILE", Required = true };

    /// <summary>Refuses a file for a voice that is also read, is another program's, or would not be what its name says.</summary>
    public static void CheckOutput(string output, IEnumerable<string> inputs)
    {
        OutputFile.CheckIsNoInput(output, inputs);
        if (Path.GetExtension(output) is { Length: > 0 } other && !other.Equals(".safetensors", StringComparison.OrdinalIgnoreCase))
            throw new ArgumentException($"'{Printable.Text(output)}' would not be what its name says: a voice file is safetensors. Name "
                + $"'{Printable.Text(Path.ChangeExtension(output, VoiceFile.Extension))}'.");
    }

    /// <summary>The name of a voice: the given one, or that of its file without extensions.</summary>
    public static string NameOf(string? given, string output) => given ?? Path.GetFileName(output).Split('.')[0];

    static double Norm(float[] vector) => Math.Sqrt(vector.Sum(v => (double)v * v));

    static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}

sealed class VoiceShowCommand : DocumentedCommand
{
    readonly Argument<string> _file = new("file") { Description = "The voice file." };

    public VoiceShowCommand() : base("show", "Prints all facts of a voice file, and its warnings.",
        "qwen3tts voice show me.voice.safetensors")
    {
        Add(_file);
        this.Does((parsed, _) =>
        {
            foreach (var fact in VoiceCommand.Facts(VoiceFile.Read(parsed.GetRequiredValue(_file))))
                Console.WriteLine(fact);
            return CommandRun.Done;
        });
    }
}

sealed class VoiceListCommand : DocumentedCommand
{
    readonly Argument<string> _folder = new("folder") { Description = "The folder.", DefaultValueFactory = _ => "." };

    public VoiceListCommand() : base("list", $"Lists the voices of a folder: its files *{VoiceFile.Extension}.",
        "qwen3tts voice list voices")
    {
        Add(_folder);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var folder = parsed.GetRequiredValue(_folder);
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"There is no folder '{Printable.Text(folder)}'. Name the folder of your voices.");
        var files = Directory.GetFiles(folder, $"*{VoiceFile.Extension}").Order(StringComparer.Ordinal).ToList();
        foreach (var path in files)
            Console.WriteLine($"{Printable.Path(path)}: {Describe(path)}");
        if (files.Count == 0)
            Console.WriteLine($"'{Printable.Text(folder)}' holds no *{VoiceFile.Extension}. Make one: qwen3tts voice create --help");
        return CommandRun.Done;
    }

    static string Describe(string path)
    {
        try
        {
            var file = VoiceFile.Read(path);
            return $"{Printable.Text(file.Name)}, {file.Voice.Vector.Length} numbers, "
                + $"{(file.Voice.Transcript is null ? "vector alone" : "in context")}, {Printable.Text(file.Made)}"
                + (file.Voice.Warnings.Count > 0 ? $", warnings: {file.Voice.Warnings.Count}" : "");
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return e.Message;
        }
    }
}

sealed class VoiceMixCommand : DocumentedCommand
{
    readonly Argument<string[]> _voices = new("voices")
    {
        Description = "Voice files, each with its weight behind a colon; without one, the weight is 1. Weights are divided by their sum.",
        Arity = ArgumentArity.OneOrMore,
    };
    readonly Option<string?> _name = new("--name") { Description = "Name of the new voice. Default: that of the file.", HelpName = "NAME" };
    readonly Option<string> _output = VoiceCommand.Output("The voice file to write.");

    public VoiceMixCommand() : base("mix", "Mixes voices: the weighted mean of their vectors. The result has no reference recording.",
        "qwen3tts voice mix a.voice.safetensors:0.7 b.voice.safetensors:0.3 -o c.voice.safetensors")
    {
        Add(_voices);
        Add(_name);
        Add(_output);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var parts = parsed.GetRequiredValue(_voices).Select(Part).ToList();
        var output = parsed.GetRequiredValue(_output);
        VoiceCommand.CheckOutput(output, parts.Select(p => p.Path));
        return VoiceCommand.Write(VoiceMix.Mix([.. parts.Select(p => (VoiceFile.Read(p.Path), p.Weight))],
            VoiceCommand.NameOf(parsed.GetValue(_name), output)), output);
    }

    static (string Path, double Weight) Part(string given)
    {
        if (File.Exists(given) || given.LastIndexOf(':') is not (> 0 and var colon))
            return (given, 1);
        return double.TryParse(given[(colon + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var weight)
            ? (given[..colon], weight)
            : throw new ArgumentException(
                $"'{Printable.Text(given)}' has no number behind its colon. Write it as a.voice.safetensors:0.7.");
    }
}
