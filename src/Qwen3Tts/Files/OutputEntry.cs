// One line of the record of a folder, and the check whether a file still has the content that the line describes.
using System.Text.Json.Serialization;

namespace Qwen3Tts.Files;

/// <summary>A file that this program wrote.</summary>
/// <param name="Path">Path relative to the record's folder, with '/' between its parts; the path of a folder ends with '/'.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="Sha256">Hash of the file, in hexadecimal.</param>
/// <param name="From">For a file that is appended to: its length before the last append.</param>
sealed record OutputEntry(
    [property: JsonRequired] string Path, [property: JsonRequired] long Bytes, [property: JsonRequired] string Sha256, long? From = null)
{
    /// <summary>True if the file has exactly these bytes.</summary>
    public bool Is(FileInfo file) => file.Length == Bytes && BeginsWith(file);

    /// <summary>True if the file begins with these bytes. False if the file cannot be read.</summary>
    public bool BeginsWith(FileInfo file)
    {
        try
        {
            using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return HashOfFirst(stream, Bytes) == Sha256;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>
    /// True if the file is the result of an append that was killed: it has all bytes before the append, and a part of the new ones.
    /// </summary>
    public static bool IsCutOff(FileInfo file, OutputEntry[] entries) =>
        entries is [var before, { From: { } from } last] && before.Bytes == from
        && file.Length > from && file.Length < last.Bytes && before.BeginsWith(file);

    static string HashOfFirst(Stream stream, long bytes)
    {
        var hash = new Sha256();
        var buffer = new byte[1 << 16];
        while (bytes > 0 && stream.Read(buffer, 0, (int)Math.Min(bytes, buffer.Length)) is > 0 and var n)
        {
            hash.Add(buffer.AsSpan(0, n));
            bytes -= n;
        }
        return Convert.ToHexStringLower(hash.Current());
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OutputEntry))]
sealed partial class OutputRecordJson : JsonSerializerContext;
