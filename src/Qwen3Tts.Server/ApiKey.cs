// Keys are kept as hashes only, so neither the memory nor, if the operator likes, the file has one. All are compared in constant time.
using System.Security.Cryptography;
using System.Text;

namespace Qwen3Tts.Server;

/// <summary>A key that requests may have, as its hash.</summary>
public sealed class ApiKey
{
    const string Hashed = "sha256:";
    const int Shortest = 16;

    readonly byte[] _hash;

    ApiKey(byte[] hash) => (_hash, Name) = (hash, Convert.ToHexStringLower(hash)[..8]);

    /// <summary>The beginning of the hash: tells clients apart in the queue.</summary>
    public string Name { get; }

    /// <summary>Reads a file of keys: a key on each line, or <c>sha256:</c> and the hash of one. Lines that begin with # are
    /// comments.</summary>
    /// <param name="lines">The lines of the file.</param>
    /// <param name="file">Its name for messages.</param>
    /// <exception cref="InvalidDataException">There is no key, or one is too short.</exception>
    public static IReadOnlyList<ApiKey> Read(IEnumerable<string> lines, string file)
    {
        var keys = lines.Select((l, i) => (Text: l.Trim(), Line: i + 1)).Where(l => l.Text.Length > 0 && l.Text[0] != '#')
            .Select(l => Parse(l.Text) ?? throw new InvalidDataException($"{file}({l.Line}): the key is too short or no hash. Give "
                + $"{Shortest} characters or more, or {Hashed} and the 64 digits of its hash.")).ToList();
        return keys.Count > 0 ? keys
            : throw new InvalidDataException($"{file} has no key. Write one into it, for example with: openssl rand -hex 24");
    }

    static ApiKey? Parse(string line) => !line.StartsWith(Hashed, StringComparison.Ordinal)
        ? line.Length < Shortest ? null : new(SHA256.HashData(Encoding.UTF8.GetBytes(line)))
        : line[Hashed.Length..] is { Length: 2 * SHA256.HashSizeInBytes } digits && digits.All(char.IsAsciiHexDigit)
            ? new(Convert.FromHexString(digits)) : null;

    /// <summary>The key that a request has; null if it has none of them.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="given">What the request has.</param>
    public static ApiKey? Find(IReadOnlyList<ApiKey> keys, string given)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(given));
        ApiKey? found = null;
        foreach (var key in keys) // all of them, so that the time tells nothing
            if (CryptographicOperations.FixedTimeEquals(hash, key._hash))
                found = key;
        return found;
    }
}
