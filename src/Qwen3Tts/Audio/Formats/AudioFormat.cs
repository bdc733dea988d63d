// The formats that are written, by the extensions of their files.
using Qwen3Tts.Files;

namespace Qwen3Tts.Audio;

/// <summary>A format of files that are written.</summary>
enum AudioFormat
{
    Wav,
    Flac,
    /// <summary>Opus in Ogg.</summary>
    Opus,
    /// <summary>A format that the program ffmpeg writes.</summary>
    Ffmpeg,
}

static class AudioFormats
{
    /// <summary>The extensions, in words.</summary>
    public const string Writable = ".wav, .flac, .opus, .ogg, .mp3, .m4a or .aac";

    /// <summary>The format of a file, by its extension; WAV for a device or a pipe of another name.</summary>
    /// <exception cref="ArgumentException">The extension is another one.</exception>
    public static AudioFormat Of(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".wav" => AudioFormat.Wav,
        ".flac" => AudioFormat.Flac,
        ".opus" or ".ogg" => AudioFormat.Opus,
        ".mp3" or ".m4a" or ".aac" => AudioFormat.Ffmpeg,
        _ when SpecialFile.Is(FileIdentity.Resolve(path)) => AudioFormat.Wav,
        var other => throw new ArgumentException($"'{Printable.Text(path)}' "
            + (other.Length > 1 ? "would not be what its name says: no such format is written" : "does not end in a known format")
            + $". Name '{Printable.Text(Path.ChangeExtension(path, ".wav"))}', or another file that ends in {Writable}."),
    };

    /// <summary>Refuses an output that cannot be written, before anything is computed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="samples">How samples are to be stored; null takes what is usual for the format.</param>
    /// <exception cref="ArgumentException">The extension is unknown, or the format does not store such samples.</exception>
    /// <exception cref="IOException">The program ffmpeg is needed and is not on the PATH.</exception>
    public static void Check(string path, WavFormat? samples)
    {
        var format = Of(path);
        if (samples is not null && format is AudioFormat.Opus or AudioFormat.Ffmpeg)
            throw new ArgumentException(
                $"'{Printable.Text(path)}' is compressed and has no bits of a sample. Leave the number of bits out, or name a .wav or "
                + ".flac file.");
        if (format == AudioFormat.Flac)
            FlacBits(samples ?? WavFormat.Pcm16);
        if (format == AudioFormat.Ffmpeg)
            Ffmpeg.Find(Path.GetExtension(path));
    }

    /// <summary>Bits of a sample in FLAC.</summary>
    /// <exception cref="ArgumentException">FLAC does not store such samples.</exception>
    public static int FlacBits(WavFormat samples) => samples switch
    {
        WavFormat.Pcm16 => 16,
        WavFormat.Pcm24 => 24,
        _ => throw new ArgumentException("FLAC stores integers, not floating point. Choose 16 or 24 bits, or name a .wav file."),
    };
}
