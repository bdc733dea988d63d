// Recognises the kind of an audio file by its first bytes. The file name's extension is often wrong, so it is not used.
using System.Text;

namespace Qwen3Tts.Audio;

static class AudioKind
{
    /// <summary>The kind of a recording by name, or null if the first bytes belong to no known kind of audio.</summary>
    /// <param name="head">The first 12 bytes of the file, or all of it if it is shorter.</param>
    public static string? Recognise(ReadOnlySpan<byte> head) => IsWav(head) ? "WAV" : Encoding.Latin1.GetString(head) switch
    {
        ['I', 'D', '3', ..] => "MP3",
        ['\xFF', '\xF1' or '\xF9' or '\xF0' or '\xF8', ..] => "AAC (ADTS)",
        ['\xFF', >= '\xE0', ..] => "MP3",
        ['O', 'g', 'g', 'S', ..] => "Ogg (Vorbis or Opus)",
        ['f', 'L', 'a', 'C', ..] => "FLAC",
        [_, _, _, _, 'f', 't', 'y', 'p', ..] => "MP4 or M4A",
        ['\x1A', '\x45', '\xDF', '\xA3', ..] => "WebM or Matroska",
        ['F', 'O', 'R', 'M', ..] => "AIFF",
        ['c', 'a', 'f', 'f', ..] => "Apple Core Audio (CAF)",
        ['R', 'I', 'F', 'X', ..] => "big-endian WAV (RIFX)",
        ['R', 'I', 'F', 'F', ..] => "RIFF of another kind (AVI, for example)",
        ['r', 'i', 'f', 'f', ..] => "Wave64",
        ['.', 's', 'n', 'd', ..] => "Sun audio (AU)",
        ['#', '!', 'A', 'M', 'R', ..] => "AMR",
        ['\x30', '\x26', '\xB2', '\x75', ..] => "Windows Media (ASF)",
        _ => null,
    };

    /// <summary>The file is MP3, FLAC or Ogg, or a tag comes first, behind which MP3 or FLAC follows.</summary>
    public static bool IsCompressed(ReadOnlySpan<byte> head) =>
        head.StartsWith("ID3"u8) || head.StartsWith("fLaC"u8) || head.StartsWith("OggS"u8)
        || head is [0xFF, >= 0xE0 and not (0xF0 or 0xF1 or 0xF8 or 0xF9), ..];

    /// <summary>The file is RIFF, or one of the two variants of RIFF for more than 4 GB (RF64, BW64).</summary>
    public static bool IsWav(ReadOnlySpan<byte> head) => head.Length >= 12 && head.Slice(8, 4).SequenceEqual("WAVE"u8)
        && Encoding.Latin1.GetString(head[..4]) is "RIFF" or "RF64" or "BW64";
}
