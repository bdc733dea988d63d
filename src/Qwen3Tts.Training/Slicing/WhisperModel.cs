// Whisper in this process: whisper.cpp, through Whisper.net, with a model file of the user's own. Nothing is downloaded.
using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Qwen3Tts.Listening;
using Qwen3Tts.Sequence;
using Whisper.net;
using Whisper.net.Logger;

namespace Qwen3Tts.Training.Slicing;

sealed class WhisperModel : IDisposable
{
    const int MostThreads = 8; // with more, whisper.cpp gets hardly faster

    readonly WhisperFactory _factory;
    readonly WhisperProcessor _processor;

    WhisperModel(WhisperFactory factory, WhisperProcessor processor) => (_factory, _processor) = (factory, processor);

    /// <param name="path">A ggml file of whisper.cpp.</param>
    /// <param name="language">The name of the language that is spoken; null: Whisper decides.</param>
    /// <exception cref="ArgumentException">Whisper does not know the language.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not a Whisper model.</exception>
    /// <exception cref="NotSupportedException">whisper.cpp cannot be loaded on this machine.</exception>
    public static WhisperModel Open(string path, string? language)
    {
        GgmlFile.Check(path);
        var languages = Languages();
        var code = language is null ? "auto" : LanguageNames.CodeOf(language) is { } known && languages.Contains(known) ? known
            : throw new ArgumentException($"Whisper does not know the language '{Printable.Text(language)}'. Leave --language out, and "
                + "Whisper decides, or use --transcribe-command.");
        string? cause = null;
        using var log = LogProvider.AddLogger((level, text) => cause = level == WhisperLogLevel.Error ? text : cause);
        var factory = WhisperFactory.FromPath(path);
        try
        {
            return new(factory, factory.CreateBuilder().WithLanguage(code).WithThreads(Math.Min(MostThreads, Environment.ProcessorCount))
                .Build());
        }
        catch (WhisperModelLoadException e)
        {
            factory.Dispose();
            throw new InvalidDataException($"{Printable.Path(path)}: whisper.cpp does not load it: "
                + $"{Printable.Text((cause ?? e.Message).Trim())}. Name a file of whisper.cpp such as ggml-base.bin.", e);
        }
    }

    /// <summary>The codes of the languages that Whisper knows. This loads whisper.cpp.</summary>
    static List<string> Languages()
    {
        try
        {
            return [.. WhisperFactory.GetSupportedLanguages()];
        }
        catch (Exception e) // Whisper.net throws exceptions of any type
        {
            throw new NotSupportedException($"whisper.cpp cannot be loaded on this machine: {e.Message.Trim().TrimEnd('.')}. On Linux it "
                + "needs libgomp (apt-get install libgomp1); or use a recogniser of your own with --transcribe-command.", e);
        }
    }

    /// <summary>What is said, without descriptions of sounds.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public string Hear(Waveform clip, CancellationToken stop)
    {
        float[] samples = [.. SpeechRecogniser.Prepare(clip).Select(s => s / 32768f)];
        return CueFile.Clean(string.Concat(_processor.ProcessAsync(samples, stop).ToBlockingEnumerable(stop).Select(s => s.Text)));
    }

    public void Dispose()
    {
        _processor.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _factory.Dispose();
    }
}
