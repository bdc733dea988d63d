// A line of the record, and whether a file is still what it says.
using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace Qwen3Tts.Files;

/// <summary>A file that this program wrote.</summary>
/// <param name="Path">Relative to the record's folder, with '/'; a folder that was made ends with it.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Sha256">Of these bytes, in hexadecimal.</param>
/// <param name="From">For a file that is appended to: its length before the last append.</param>
sealed record OutputEntry(
    [property: JsonRequired] string Path, [property: JsonRequired] long Bytes, [property: JsonRequired] string Sha256, long? From = null)
{
    /// <summary>True if the file has these bytes and no others.</summary>
    public bool Is(FileInfo file) => file.Length == Bytes && BeginsWith(file);

    /// <summary>True if the file begins with these bytes. What cannot be read cannot be shown to be ours.</summary>
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

    /// <summary>An append that a kill ended in the middle: the bytes before it, and fewer than were to come.</summary>
    public static bool IsCutOff(FileInfo file, OutputEntry[] entries) =>
        entries is [var before, { From: { } from } last] && before.Bytes == from
        && file.Length > from && file.Length < last.Bytes && before.BeginsWith(file);

    static string HashOfFirst(Stream stream, long bytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        while (bytes > 0 && stream.Read(buffer, 0, (int)Math.Min(bytes, buffer.Length)) is > 0 and var n)
        {
            hash.AppendData(buffer, 0, n);
            bytes -= n;
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OutputEntry))]
sealed partial class OutputRecordJson : JsonSerializerContext;
