// A cache on the disk that survives Ctrl-C and a kill: a text file with one JSON object for each result, appended when the result is there.
// A line that is incomplete or damaged is ignored, so that its result is computed again.
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Qwen3Tts.Files;

/// <summary>Results by their keys. Several threads may use it.</summary>
/// <typeparam name="T">A line of the file.</typeparam>
sealed class Journal<T> : IDisposable where T : class
{
    const string FirstLine = "# What qwen3tts has computed. It may be removed: everything is computed again then.\n";

    readonly ConcurrentDictionary<string, T> _known = [];
    readonly GrowingFile _file;
    readonly string _path;
    readonly JsonTypeInfo<T> _type;
    readonly Func<T, string?> _keyOf;

    /// <param name="path">The file, which begins with the first result. If it was changed by others, it gets another name, and a new file
    /// goes on with what it has.</param>
    /// <param name="type">How a line is read and written.</param>
    /// <param name="keyOf">The key of a line; null if the line is not valid.</param>
    /// <exception cref="IOException">There is a file that this program did not write.</exception>
    public Journal(string path, JsonTypeInfo<T> type, Func<T, string?> keyOf)
    {
        (_path, _type, _keyOf) = (path, type, keyOf);
        var record = OutputRecord.At(Path.GetDirectoryName(FileIdentity.Resolve(path))!);
        TakeOver(record);
        var changed = GrowingFile.SetAside(path, record);
        _file = new(path, record);
        var text = File.Exists(changed ?? path) ? File.ReadAllText(changed ?? path) : "";
        foreach (var line in text.Split('\n').Select(Parse).OfType<T>())
            _known[keyOf(line)!] = line;
        if (!File.Exists(path) && _known.Count > 0)
            Append(string.Concat(_known.Values.Select(Line)));
        else if (File.Exists(path) && !text.EndsWith('\n'))
            Append("\n"); // ends an incomplete line
    }

    public T? Find(string key) => _known.GetValueOrDefault(key);

    /// <exception cref="IOException">The file cannot be written, or another program writes it, too.</exception>
    public void Add(T line)
    {
        _known[_keyOf(line)!] = line;
        lock (_file)
            Append(Line(line));
    }

    /// <summary>
    /// A file without an entry in the record, as earlier versions left it. Its lines show that this program wrote it: no other program
    /// writes such lines.
    /// </summary>
    void TakeOver(OutputRecord record)
    {
        var full = FileIdentity.Resolve(_path);
        if (!File.Exists(full) || SpecialFile.Is(full) || record.Knows(full))
            return;
        var bytes = WholeFile.Read(full);
        if (Encoding.UTF8.GetString(bytes).Split('\n').Any(line => Parse(line) is not null))
            record.Add(full, bytes.Length, SHA256.HashData(bytes));
    }

    string Line(T line) => JsonSerializer.Serialize(line, _type) + "\n";

    T? Parse(string line)
    {
        try
        {
            return line.StartsWith('{') && JsonSerializer.Deserialize(line, _type) is { } read && _keyOf(read) is not null ? read : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    void Append(string text)
    {
        if (!_file.Append(Encoding.UTF8.GetBytes(File.Exists(_path) ? text : FirstLine + text)))
            throw new IOException($"'{Printable.Text(_path)}' was changed by another program while this one wrote it. Wait until the other "
                + "one ends, then give the same command again.");
    }

    public void Dispose() => _file.Dispose();
}
