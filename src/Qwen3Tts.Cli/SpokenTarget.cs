// Where speech goes: to a file, to standard output, to a player, or to several of these. WAV and raw samples are written while the speech
// is generated, so the memory does not grow with its length; the encoders of other formats get all samples at the end.
using Microsoft.Win32.SafeHandles;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Cli;

/// <param name="File">The file, whose extension chooses the format; null if none is written.</param>
/// <param name="ToStandardOutput">True to write to standard output.</param>
/// <param name="Raw">True to leave out the WAV header on standard output.</param>
/// <param name="Samples">How samples are stored, if the format leaves a choice.</param>
/// <param name="Player">The program that plays the speech; null if it is not played.</param>
sealed record SpokenTarget(string? File, bool ToStandardOutput, bool Raw, WavFormat Samples, SoundPlayer? Player) : IDisposable
{
    /// <summary>True if an empty file keeps the name for this process.</summary>
    public bool KeepsName { get; init; }

    /// <summary>Gives the name back if nothing was written.</summary>
    public void Dispose()
    {
        if (KeepsName && new FileInfo(File!) is { Exists: true, Length: 0 } empty)
            empty.Delete();
    }

    /// <summary>True if standard output has speech in it, so that messages must go to standard error.</summary>
    public bool TakesStandardOutput => ToStandardOutput || File is not null && OutputFile.IsSpecial(FileIdentity.Resolve(File));

    /// <summary>Writes all chunks, and takes each when it is there.</summary>
    /// <param name="chunks">The speech, which is generated while it is enumerated.</param>
    /// <param name="rate">Samples per second.</param>
    public void Write(IEnumerable<float[]> chunks, int rate)
    {
        if (ToStandardOutput)
            WriteToStandardOutput(chunks, rate);
        else if (File is null)
            foreach (var _ in chunks)
            {
                // the player has it
            }
        else if (AudioFormats.Of(File) == AudioFormat.Wav)
            WavFile.WriteOutput(File, rate, chunks, Samples);
        else
            AudioFile.WriteOutput(File, new([.. chunks.SelectMany(c => c)], rate), Samples);
    }

    void WriteToStandardOutput(IEnumerable<float[]> chunks, int rate)
    {
        using var output = OpenStandardOutput();
        using var pipe = new OutputStream(output, "standard output");
        if (!Raw)
            pipe.Write(WavFile.Header(rate, Samples, samples: null));
        foreach (var chunk in chunks)
        {
            WavFile.WriteSamples(pipe, chunk, Samples);
            pipe.Flush();
        }
    }

    /// <summary>
    /// Standard output. The console's own stream hides that the reader of a pipe has ended, and speech would be generated for nobody. A
    /// file is written through it, because it leaves the position of the file to the programs that share it.
    /// </summary>
    static Stream OpenStandardOutput()
    {
        if (OperatingSystem.IsWindows())
            return Console.OpenStandardOutput();
        var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return pipe.CanSeek ? Console.OpenStandardOutput() : pipe;
    }
}
