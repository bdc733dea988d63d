// A file that lines are appended to: a log, a journal. Before each append the record gets the length and hash of the file as it is going to
// be, so that the file is ours in every state in which this program left it, and in no other: a user's edit makes it his, wherever it is.
// A kill in the middle of an append leaves a part of what was to come; that is ours too, until the next state is on record. What somebody
// edited is never removed; where this program has to write there all the same, it is kept under another name.
using System.Globalization;
using System.Security.Cryptography;

namespace Qwen3Tts.Files;

/// <summary>Appends to a file, and keeps it on record. Not for several threads at once.</summary>
sealed class GrowingFile : IDisposable
{
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly string _full;
    readonly OutputRecord _record;
    long _length;
    bool _open;

    /// <param name="path">The file, which need not exist.</param>
    /// <param name="record">Where it stands on record.</param>
    /// <exception cref="IOException">A file is there that this program did not write.</exception>
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

    /// <summary>Appends; where the file is not there, begins it.</summary>
    /// <returns>False, and nothing is written, if somebody else changed the file meanwhile: it is no longer ours.</returns>
    /// <exception cref="IOException">It cannot be written; it is as it was before.</exception>
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
        (_length, _open) = (-1, false); // until all went well
        _hash.AppendData(bytes);
        var entry = TryAdd(before + bytes.Length, before);
        try
        {
            file.Write(bytes);
        }
        catch
        {
            file.SetLength(before); // a line is there or not
            throw;
        }
        (_length, _open) = (before + bytes.Length, true);
        if (entry is not null)
            _record.Remember(_full, entry);
        return true;
    }

    /// <summary>Null where the record cannot be written: the file is not known as ours then, until a later state stands there.</summary>
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

    /// <summary>Renames a file that this program wrote and somebody changed since.</summary>
    /// <returns>Its new path; null where there is no such file.</returns>
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

    /// <summary>Closes the file: from now on only its last state is ours.</summary>
    public void Dispose()
    {
        if (_open)
            TryAdd(_length, from: null);
        _open = false;
        _hash.Dispose();
    }
}
