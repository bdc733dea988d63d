// Reads text files: UTF-8 with or without a byte order mark, or UTF-16 with one. Bytes that are not text are an error that names their
// place; they are never replaced silently.
using System.Text;

namespace Qwen3Tts.Files;

/// <summary>Reads text files.</summary>
static class TextFile
{
    /// <summary>The whole text, without a byte order mark.</summary>
    /// <exception cref="InvalidDataException">The bytes are not UTF-8, nor UTF-16 with a byte order mark.</exception>
    public static string Read(string path) => Decode(WholeFile.Read(path), path);

    /// <summary>The lines, without a byte order mark and without line ends.</summary>
    /// <exception cref="InvalidDataException">The bytes are not UTF-8, nor UTF-16 with a byte order mark.</exception>
    public static IEnumerable<string> ReadLines(string path)
    {
        using var reader = new StringReader(Read(path));
        while (reader.ReadLine() is { } line)
            yield return line;
    }

    /// <summary>Decodes the bytes of a text file.</summary>
    /// <param name="bytes">All of the file.</param>
    /// <param name="place">Name of the file in messages.</param>
    public static string Decode(ReadOnlySpan<byte> bytes, string place)
    {
        var (encoding, mark) = bytes switch
        {
            [0xEF, 0xBB, 0xBF, ..] => ((Encoding)new UTF8Encoding(false, throwOnInvalidBytes: true), 3),
            [0xFF, 0xFE, ..] => (new UnicodeEncoding(false, false, throwOnInvalidBytes: true), 2),
            [0xFE, 0xFF, ..] => (new UnicodeEncoding(true, false, throwOnInvalidBytes: true), 2),
            _ => (new UTF8Encoding(false, throwOnInvalidBytes: true), 0),
        };
        try
        {
            return encoding.GetString(bytes[mark..]);
        }
        catch (DecoderFallbackException e)
        {
            var at = Math.Max(0, mark + e.Index);
            var line = 1 + bytes[..Math.Min(at, bytes.Length)].Count((byte)'\n');
            throw new InvalidDataException($"{place}({line}): byte {at} is not part of UTF-8 text. Save the file as UTF-8.");
        }
    }
}
