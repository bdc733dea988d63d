// A file to which lines are appended, such as a log. Before each append, the record of the folder gets the length and hash that the file is
// going to have. So every state in which this program left the file is known as its own, and no other state is: a file that a user edited
// belongs to the user. A process that is killed during an append leaves a part of the new bytes; this part also counts as this program's
// own until the next state is recorded. An edited file is never removed; if this program must write at its path, it renames the edited
// file.
using System.Globalization;
using System.Security.Cryptography;

namespace Qwen3Tts.Files;

/// <summary>Appends to a file, and records each state. Only one thread may use it at a time.</summary>
sealed class GrowingFile : IDisposable
{
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly string _full;
    readonly OutputRecord _record;
    long _length;
    bool _open;

    /// <param name="path">The file, which need not exist.</param>
    /// <param name="record">The record that the file is entered in.</param>
    /// <exception cref="IOException">There is a file that this program did not write.</exception>
    public GrowingFile(string path, OutputRecord record)
    {
        (_full, _record) = (FileIdentity.Resolve(path), record);
        OutputFile.CheckIsFree(path, record);
        if (!File.Exists(_full))
            return;
        using var stream = new FileStream(_full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var buffer = new byte[1 << 16];
        for (int n; (n = stream.Read(buffer)) > 0; _length += n)
            _hash.AppendData(buffer, 0, n);
    }

    /// <summary>Appends bytes; creates the file if it does not exist.</summary>
    /// <returns>False if another program changed the file since the last append; then nothing is written, because the file is no longer
    /// this program's own.</returns>
    /// <exception cref="IOException">The file cannot be written; its content is as it was before.</exception>
    public bool Append(ReadOnlySpan<byte> bytes)
    {
        if (!File.Exists(_full))
        {
            Begin(bytes.ToArray());
            return true;
        }
        using var file = new FileStream(_full, FileMode.Append, FileAccess.Write, FileShare.Read, 1);
        if (file.Length != _length)
            return false;
        var before = _length;
        (_length, _open) = (-1, false); // until the append has succeeded
        _hash.AppendData(bytes);
        var entry = TryAdd(before + bytes.Length, before);
        try
        {
            file.Write(bytes);
        }
        catch
        {
            file.SetLength(before); // undoes an incomplete append
            throw;
        }
        (_length, _open) = (before + bytes.Length, true);
        if (entry is not null)
            _record.Remember(_full, entry);
        return true;
    }

    /// <summary>
    /// The entry of the file, or null if the record cannot be written. Then the file does not count as this program's own until a later
    /// state is recorded.
    /// </summary>
    OutputEntry? TryAdd(long length, long? from)
    {
        try
        {
            return _record.Add(_full, length, _hash.GetCurrentHash(), from);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Renames a file that this program wrote and that was changed since.</summary>
    /// <returns>The new path; null if there is no such file.</returns>
    public static string? SetAside(string path, OutputRecord record)
    {
        if (!File.Exists(path) || !record.Knows(path) || record.Owns(path))
            return null;
        for (var i = 1; ; i++)
            if (string.Create(CultureInfo.InvariantCulture, $"{path}.changed-{i}") is var aside && !Path.Exists(aside))
            {
                File.Move(path, aside);
                return aside;
            }
    }

    void Begin(byte[] bytes)
    {
        OutputFile.Write(_full, stream => stream.Write(bytes), _record);
        _hash.GetHashAndReset();
        _hash.AppendData(bytes);
        (_length, _open) = (bytes.Length, false);
    }

    /// <summary>Closes the file. From now on only its last state counts as this program's own.</summary>
    public void Dispose()
    {
        if (_open)
            TryAdd(_length, from: null);
        _open = false;
        _hash.Dispose();
    }
}
