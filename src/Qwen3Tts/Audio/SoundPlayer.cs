using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Qwen3Tts.Files;

namespace Qwen3Tts.Audio;

/// <summary>
/// Plays sound through a program on the PATH, because sound output needs native code: paplay, aplay, ffplay or pw-play on Linux, ffplay or
/// afplay on macOS, ffplay or PowerShell on Windows. Samples are played as they are written, except by afplay, pw-play and PowerShell,
/// which begin at <see cref="Finish"/>, because they need a file. A program with its own audio device needs none of this.
/// </summary>
public sealed class SoundPlayer : IDisposable
{
    readonly PlayerProgram _program = PlayerProgram.Find();
    readonly int _rate;
    readonly CancellationToken _stop;
    readonly string? _file;
    readonly Stream _sound;
    Process? _process; // from the beginning if it plays its standard input; otherwise from Finish on
    Task<string>? _errors;
    CancellationTokenRegistration _ending; // ends the process, also while Write waits for it
    long _samples;
    bool _broken, _finished, _disposed;

    /// <summary>Begins to play.</summary>
    /// <param name="sampleRate">Samples per second.</param>
    /// <param name="stop">Ends the sound.</param>
    /// <exception cref="FileNotFoundException">No program that plays sound is on the PATH.</exception>
    /// <exception cref="IOException">The program could not be started.</exception>
    public SoundPlayer(int sampleRate, CancellationToken stop = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleRate);
        (_rate, _stop) = (sampleRate, stop);
        if (_program.ReadsInput)
        {
            _sound = Begin(input: true).StandardInput.BaseStream;
            return;
        }
        _file = Path.Combine(Path.GetTempPath(), $"qwen3tts-{Guid.NewGuid():N}.wav");
        _sound = new FileStream(_file, FileMode.CreateNew, FileAccess.Write);
        _sound.Write(WavFile.Header(sampleRate, WavFormat.Pcm16, samples: null));
    }

    /// <summary>Plays a sound, and returns when it was played or stopped.</summary>
    /// <param name="sound">The sound.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="FileNotFoundException">No program that plays sound is on the PATH.</exception>
    /// <exception cref="IOException">The program failed, for example because the machine has no audio device.</exception>
    public static void Play(Waveform sound, CancellationToken stop = default)
    {
        using var player = new SoundPlayer(sound.SampleRate, stop);
        player.Write(sound.Samples);
        player.Finish();
    }

    /// <summary>
    /// Plays more samples, and returns when the program has taken them, about a second before it has played them. If the program has
    /// failed, it does nothing, and <see cref="Finish"/> says why.
    /// </summary>
    /// <param name="samples">Amplitudes [n] within ±1, mono.</param>
    /// <exception cref="InvalidOperationException"><see cref="Finish"/> was called before.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public void Write(ReadOnlySpan<float> samples)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_finished)
            throw new InvalidOperationException("Finish has ended this sound. Play more samples with a new SoundPlayer.");
        if (_broken || _stop.IsCancellationRequested)
            return;
        try
        {
            WavFile.WriteSamples(_sound, samples, WavFormat.Pcm16);
            _sound.Flush();
            _samples += samples.Length;
        }
        catch (IOException) when (_file is null)
        {
            _broken = true; // a file that is written at the same time is more important
        }
    }

    /// <summary>Waits until all was played, or until it is stopped. A second call does nothing.</summary>
    /// <exception cref="IOException">The program failed, for example because the machine has no audio device.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public void Finish()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_finished || _stop.IsCancellationRequested)
            return;
        _finished = true;
        if (_file is not null)
        {
            _sound.Position = 0;
            _sound.Write(WavFile.Header(_rate, WavFormat.Pcm16, _samples));
        }
        Close();
        var process = _process ?? Begin(input: false);
        process.WaitForExit();
        if ((process.ExitCode != 0 || _broken) && !_stop.IsCancellationRequested)
            throw new IOException($"{_program.Name} could not play the speech and "
                + $"{ExternalProgram.Ended(process.ExitCode, Printable.Text(_errors!.Result.Trim()))}. "
                + "Check the sound output of this machine, or write a file.");
    }

    /// <summary>Ends the sound.</summary>
    public void Dispose()
    {
        _disposed = true;
        _ending.Dispose();
        Close();
        if (_process is not null)
            End(_process);
        _process?.Dispose();
        if (_file is not null)
            File.Delete(_file);
    }

    Process Begin(bool input)
    {
        var rate = _rate.ToString(CultureInfo.InvariantCulture);
        var arguments = _program.Arguments.Select(a => a.Replace("$RATE", rate, StringComparison.Ordinal)
            .Replace("$FILE", _file, StringComparison.Ordinal));
        try
        {
            var process = Process.Start(new ProcessStartInfo(ExternalProgram.OnPath(_program.Name) ?? _program.Name, arguments)
            {
                RedirectStandardInput = input,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.OutputDataReceived += (_, _) => { };
            process.BeginOutputReadLine(); // standard output may have speech in it
            (_process, _errors) = (process, process.StandardError.ReadToEndAsync());
            _ending = _stop.Register(() => End(process));
            return process;
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{_program.Name} could not be started: {e.Message}. Check that it is installed for this machine.", e);
        }
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
