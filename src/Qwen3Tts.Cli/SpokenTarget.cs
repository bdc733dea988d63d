// Where speech goes: to a file, to standard output, to a player, or to several of these. It is written while it is generated, so the memory
// does not grow with its length.
using Microsoft.Win32.SafeHandles;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Cli;

/// <param name="Given">The file, whose extension chooses the format; null if none is named.</param>
/// <param name="ToStandardOutput">True to write to standard output.</param>
/// <param name="Raw">True to leave out the WAV header on standard output.</param>
/// <param name="Samples">How samples are stored, if the format leaves a choice.</param>
/// <param name="Plays">True to play the speech.</param>
sealed record SpokenTarget(string? Given, bool ToStandardOutput, bool Raw, WavFormat Samples, bool Plays)
{
    /// <summary>Names of which the first unused one is taken when the speech is complete; null if a file is named, or none is
    /// written.</summary>
    public IEnumerable<string>? Usual { get; init; }

    /// <summary>The file that is written; null if none is, or if its name is not known yet.</summary>
    public string? File { get; private set; } = Given;

    /// <summary>True if standard output has speech in it, so that messages must go to standard error.</summary>
    public bool TakesStandardOutput => ToStandardOutput || File is not null && SpecialFile.Is(FileIdentity.Resolve(File));

    /// <summary>Writes all chunks, and takes each when it is there.</summary>
    /// <param name="chunks">The speech, which is generated while it is enumerated.</param>
    /// <param name="rate">Samples per second.</param>
    public void Write(IEnumerable<float[]> chunks, int rate)
    {
        if (ToStandardOutput)
            WriteToStandardOutput(chunks, rate);
        else if (Usual is not null)
            File = OutputFile.WriteUnused(Usual, stream => AudioFile.Write(stream, Usual.First(), rate, chunks, Samples));
        else if (File is null)
            foreach (var _ in chunks)
            {
                // the player has it
            }
        else
            OutputFile.WriteWithHead(File, stream => AudioFile.Write(stream, File, rate, chunks, Samples));
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
