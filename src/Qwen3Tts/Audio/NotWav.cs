// People give whatever their player plays. A file that is no WAV is named by its first bytes, since the name's ending is often wrong.
using System.Text;

namespace Qwen3Tts.Audio;

static class NotWav
{
    /// <summary>One sentence about what the file is, and one with the remedy.</summary>
    /// <param name="head">Its first 12 bytes, fewer if it is shorter.</param>
    /// <param name="name">What to call it.</param>
    public static string Describe(ReadOnlySpan<byte> head, string name)
    {
        if (head.IsEmpty)
            return $"{name}: the file is empty, not a WAV file. Copy or record it again.";
        if (Kind(head) is { } kind)
            return $"{name}: this is {kind}, not a WAV file. Convert it with: ffmpeg -i \"{name}\" out.wav";
        return $"{name}: this is not a WAV file; it begins with the bytes {Convert.ToHexStringLower(head)}. If it is audio, convert it with: ffmpeg -i \"{name}\" out.wav";
    }

    static string? Kind(ReadOnlySpan<byte> head) => Encoding.Latin1.GetString(head) switch
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
}
