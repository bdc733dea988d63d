// Formats whose encoders are not here are written by the program ffmpeg, if it is installed. It is a separate program and never linked.
using Qwen3Tts.Files;

namespace Qwen3Tts.Audio;

static class Ffmpeg
{
    const string Program = "ffmpeg";

    /// <summary>The full path of the program.</summary>
    /// <param name="extension">Extension of the file that needs it, for the message.</param>
    /// <exception cref="IOException">It is not on the PATH.</exception>
    public static string Find(string extension) => ExternalProgram.OnPath(Program) ?? throw new IOException(
        $"{extension} files are written by the program {Program}, which is not on the PATH. "
        + "Install it, or name a file that ends in .wav, .flac or .opus.");

    /// <summary>Writes a file in the format of an extension.</summary>
    /// <param name="stream">The stream, which need not seek.</param>
    /// <param name="rate">Samples per second.</param>
    /// <param name="chunks">The samples, which are generated while they are enumerated; they are collected in a temporary file.</param>
    /// <param name="extension">The extension, with its dot.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number.</exception>
    /// <exception cref="IOException">The program is not there, or failed.</exception>
    public static void Write(Stream stream, int rate, IEnumerable<float[]> chunks, string extension)
    {
        var program = Find(extension);
        var folder = Directory.CreateTempSubdirectory("qwen3tts-ffmpeg-").FullName;
        try
        {
            // The program writes a file, not a pipe: some formats get their header at the end.
            var (from, to) = (Path.Combine(folder, "in.wav"), Path.Combine(folder, "out" + extension.ToLowerInvariant()));
            WavFile.WriteOutput(from, rate, chunks, WavFormat.Float32);
            ExternalProgram.Run(program, ["-nostdin", "-v", "error", "-i", from, "-fflags", "+bitexact", to]);
            using var made = File.OpenRead(to);
            made.CopyTo(stream);
        }
        catch (Exception e) when (e is InvalidOperationException or FileNotFoundException)
        {
            throw new IOException($"{Program} did not write the {extension} file: {e.Message} Name a file that ends in .wav or .flac.", e);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
