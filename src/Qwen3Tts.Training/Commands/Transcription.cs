// The recognisers that slice can use: whisper.cpp, or any command that writes what is said in a WAV file to its standard output.
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
    /// <param name="whisper">True for whisper.cpp.</param>
    /// <param name="model">The file of its model; null takes that of the environment variable.</param>
    /// <param name="command">A command line with {wav} where the recording's path stands.</param>
    /// <exception cref="ArgumentException">The options contradict each other, or the recogniser is not there.</exception>
    public static Transcriber? From(bool whisper, string? model, string? command)
    {
        if (whisper && command is not null)
            throw new ArgumentException("--transcribe and --transcribe-command contradict each other; give one of them.");
        if (model is not null && !whisper)
            throw new ArgumentException("--whisper-model needs --transcribe whisper; give both.");
        if (command is not null)
            return FromCommand(command);
        if (!whisper)
            return null;
        var found = WhisperCli.Find(out var reason, model) ?? throw new ArgumentException(
            $"Whisper cannot be used: {reason}. Install whisper.cpp, and give its model with --whisper-model FILE.");
        return new(found.Name, (clips, stop) => Tried("--transcribe whisper", () => found.Hear(clips, stop)));
    }

    static Transcriber FromCommand(string command)
    {
        var words = Words().Matches(command).Select(m => m.Value.Replace("\"", "", StringComparison.Ordinal)).ToList();
        if (words.Count < 2 || !words.Any(w => w.Contains(Place, StringComparison.Ordinal)))
            throw new ArgumentException(
                $"--transcribe-command is '{Printable.Text(command)}'; it needs {Place} where the recording's path stands, such as "
                + $"\"my-recogniser {Place}\".");
        return new(command, (clips, stop) => Tried("--transcribe-command", () => Hear(words, clips, stop)));
    }

    static List<string> Hear(List<string> words, IReadOnlyList<Waveform> clips, CancellationToken stop)
    {
        var folder = Directory.CreateTempSubdirectory("qwen3tts-hear-").FullName;
        try
        {
            var heard = new List<string>();
            foreach (var (i, clip) in clips.Index())
            {
                var file = Path.Combine(folder, $"{i}.wav");
                WavFile.Write(file, clip);
                var arguments = words.Skip(1).Select(w => w.Replace(Place, file, StringComparison.Ordinal));
                heard.Add(ExternalProgram.Output(words[0], arguments, stop).Trim());
            }
            return heard;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A program of the user that fails is no fault of this one.</summary>
    static T Tried<T>(string option, Func<T> hear)
    {
        try
        {
            return hear();
        }
        catch (InvalidOperationException e)
        {
            throw new IOException($"{option}: {e.Message}", e);
        }
    }

    [GeneratedRegex("""(?:"[^"]*"|[^\s"])+""")]
    private static partial Regex Words();
}
