// The recognisers that slice can use: Whisper in this process, or any command that writes what is said in a WAV file to standard output.
using System.Text.RegularExpressions;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Qwen3Tts.Listening;
using Qwen3Tts.Training.Slicing;

namespace Qwen3Tts.Training.Commands;

static partial class Transcription
{
    const string Place = "{wav}";

    /// <summary>The recogniser that the options name; null if they name none.</summary>
    /// <param name="whisper">True for Whisper.</param>
    /// <param name="model">The file of its model; null takes that of the environment variable.</param>
    /// <param name="command">A command line with {wav} where the recording's path stands.</param>
    /// <param name="language">The name of the language that is spoken; null: Whisper decides.</param>
    /// <exception cref="ArgumentException">The options contradict each other, or the model is not there.</exception>
    /// <exception cref="InvalidDataException">The model's file is none.</exception>
    /// <exception cref="NotSupportedException">whisper.cpp cannot be loaded on this machine.</exception>
    public static Transcriber? From(bool whisper, string? model, string? command, string? language)
    {
        if (whisper && command is not null)
            throw new ArgumentException("--transcribe and --transcribe-command contradict each other; give one of them.");
        if (model is not null && !whisper)
            throw new ArgumentException("--whisper-model needs --transcribe whisper; give both.");
        if (command is not null)
            return FromCommand(command);
        if (!whisper)
            return null;
        var named = model is null ? $"${WhisperCli.ModelVariable}" : "--whisper-model";
        model ??= Environment.GetEnvironmentVariable(WhisperCli.ModelVariable);
        if (string.IsNullOrEmpty(model))
            throw new ArgumentException("--transcribe whisper needs a model: name a ggml file of whisper.cpp, such as ggml-base.bin, with "
                + $"--whisper-model or ${WhisperCli.ModelVariable}.");
        if (!File.Exists(model))
            throw new ArgumentException($"{named} is '{Printable.Path(model)}', and this is "
                + $"{(Directory.Exists(model) ? "a folder" : "no file")}. Name a ggml file of whisper.cpp there, or use "
                + "--transcribe-command.");
        var opened = WhisperModel.Open(model, language);
        return new($"Whisper, {Path.GetFileNameWithoutExtension(model)}, {language ?? "any language"}", opened.Hear, opened);
    }

    static Transcriber FromCommand(string command)
    {
        var words = Words().Matches(command).Select(m => m.Value.Replace("\"", "", StringComparison.Ordinal)).ToList();
        if (words.Count < 2 || !words.Any(w => w.Contains(Place, StringComparison.Ordinal)))
            throw new ArgumentException(
                $"--transcribe-command is '{Printable.Text(command)}'; give a program, and {Place} where the path of the recording "
                + $"stands, such as \"my-recogniser {Place}\".");
        return new(command, (clip, stop) => Hear(words, clip, stop));
    }

    static string Hear(List<string> words, Waveform clip, CancellationToken stop)
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("qwen3tts-hear-").FullName, "clip.wav");
        try
        {
            WavFile.Write(file, clip);
            var arguments = words.Skip(1).Select(w => w.Replace(Place, file, StringComparison.Ordinal));
            return ExternalProgram.Output(words[0], arguments, stop).Trim();
        }
        catch (InvalidOperationException e) // a program of the user that fails is no fault of this one
        {
            throw new IOException($"--transcribe-command: {e.Message}", e);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }

    [GeneratedRegex("""(?:"[^"]*"|[^\s"])+""")]
    private static partial Regex Words();
}
