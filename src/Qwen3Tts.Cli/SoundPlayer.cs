// Plays speech through a program on the PATH, because sound output needs native code. Players that read standard input get the samples
// while they are generated, as 16-bit integers; the others get a temporary WAV file at the end.
using System.Diagnostics;
using System.Globalization;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Cli;

/// <summary>A program that plays sound.</summary>
/// <param name="Name">Its name on the PATH.</param>
/// <param name="ReadsInput">True if it plays raw samples from its standard input.</param>
/// <param name="Arguments">With $RATE for the sample rate, and $FILE for a WAV file.</param>
sealed record SoundPlayer(string Name, bool ReadsInput, params IReadOnlyList<string> Arguments)
{
    static readonly SoundPlayer FFplay =
        new("ffplay", true, "-nodisp", "-autoexit", "-loglevel", "error", "-f", "s16le", "-sample_rate", "$RATE", "-i", "pipe:0");

    /// <summary>The players of this system; those that play while the speech is generated come first.</summary>
    static IReadOnlyList<SoundPlayer> Known =>
        OperatingSystem.IsWindows()
            ? [FFplay, new("powershell", false, "-NoProfile", "-Command", "(New-Object Media.SoundPlayer '$FILE').PlaySync()")]
        : OperatingSystem.IsMacOS() ? [FFplay, new("afplay", false, "$FILE")]
        : [
            new("paplay", true, "--raw", "--format=s16le", "--channels=1", "--rate=$RATE"),
            new("aplay", true, "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "$RATE", "-"),
            FFplay,
            new("pw-play", false, "$FILE"),
        ];

    /// <summary>The first player that is on the PATH.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static SoundPlayer Find() => Known.FirstOrDefault(p => ExternalProgram.OnPath(p.Name) is not null)
        ?? throw new FileNotFoundException("--play needs a program that plays sound, and none of "
            + $"{string.Join(", ", Known.Select(p => p.Name))} is on the PATH. "
            + "Install one of them (ffplay comes with ffmpeg), or write a file with --output.");

    /// <summary>Begins to play.</summary>
    /// <param name="rate">Samples per second.</param>
    /// <param name="stop">Ends the program.</param>
    public Playing Start(int rate, CancellationToken stop) => new(this, rate, stop);
}

/// <summary>Sound that is being played.</summary>
sealed class Playing : IDisposable
{
    readonly SoundPlayer _player;
    readonly int _rate;
    readonly CancellationToken _stop;
    readonly Process? _reader;
    readonly Task<string>? _errors;
    readonly string? _file;
    readonly Stream _sound;
    long _samples;
    bool _broken;

    public Playing(SoundPlayer player, int rate, CancellationToken stop)
    {
        (_player, _rate, _stop) = (player, rate, stop);
        if (player.ReadsInput)
        {
            (_reader, _errors) = Begin(input: true);
            _sound = _reader.StandardInput.BaseStream;
            return;
        }
        _file = Path.Combine(Path.GetTempPath(), $"qwen3tts-{Guid.NewGuid():N}.wav");
        _sound = new FileStream(_file, FileMode.CreateNew, FileAccess.Write);
        _sound.Write(WavFile.Header(rate, WavFormat.Pcm16, samples: null));
    }

    /// <summary>Plays samples, or keeps them for a player that needs a file. After an error of the player it does nothing.</summary>
    public void Write(ReadOnlySpan<float> samples)
    {
        if (_broken)
            return;
        try
        {
            WavFile.WriteSamples(_sound, samples, WavFormat.Pcm16);
            _sound.Flush();
            _samples += samples.Length;
        }
        catch (IOException) when (_reader is not null)
        {
            _broken = true; // Finish says why; a file that is written at the same time is more important
        }
    }

    /// <summary>Waits until all was played, or until it is stopped.</summary>
    /// <param name="isAlone">True if the speech goes nowhere else: then an error of the player is an error of the command.</param>
    /// <exception cref="IOException">The player failed.</exception>
    public void Finish(bool isAlone)
    {
        if (_stop.IsCancellationRequested)
            return;
        if (_file is not null)
        {
            _sound.Position = 0;
            _sound.Write(WavFile.Header(_rate, WavFormat.Pcm16, _samples));
        }
        Close();
        var (process, errors) = _reader is null ? Begin(input: false) : (_reader, _errors!);
        using var _ = process;
        using (_stop.Register(() => End(process)))
            process.WaitForExit();
        if (process.ExitCode == 0 && !_broken || _stop.IsCancellationRequested)
            return;
        var message = $"{_player.Name} could not play the speech and ended with {process.ExitCode}: "
            + $"{Printable.Text(errors.Result.Trim())}. Check the sound output of this machine, or write a file with --output.";
        if (isAlone)
            throw new IOException(message);
        Console.Error.WriteLine(message);
    }

    public void Dispose()
    {
        Close();
        if (_reader is not null)
            End(_reader);
        _reader?.Dispose();
        if (_file is not null)
            File.Delete(_file);
    }

    (Process, Task<string>) Begin(bool input)
    {
        var rate = _rate.ToString(CultureInfo.InvariantCulture);
        var arguments = _player.Arguments.Select(a => a.Replace("$RATE", rate, StringComparison.Ordinal)
            .Replace("$FILE", _file, StringComparison.Ordinal));
        var process = Process.Start(new ProcessStartInfo(ExternalProgram.OnPath(_player.Name)!, arguments)
        {
            RedirectStandardInput = input,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine(); // standard output may have speech in it
        return (process, process.StandardError.ReadToEndAsync());
    }

    void Close()
    {
        try
        {
            _sound.Dispose();
        }
        catch (IOException)
        {
            _broken = true;
        }
    }

    static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // it has ended by itself
        }
    }
}
