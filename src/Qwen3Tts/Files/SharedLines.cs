// A file of lines that several processes append to and read at the same time. Each of them opens it for the moment of one line only.
namespace Qwen3Tts.Files;

/// <param name="path">The file, which need not exist.</param>
sealed class SharedLines(string path)
{
    long _read;

    public bool Exists => File.Exists(path);

    /// <summary>Appends a line. If another process was killed while it wrote, its incomplete line ends here.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Append(ReadOnlySpan<byte> line)
    {
        try
        {
            using var stream = Open(FileMode.OpenOrCreate, FileAccess.ReadWrite);
            stream.Seek(0, SeekOrigin.End);
            stream.Write((byte[])[(byte)'\n', .. line, (byte)'\n']);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"'{path}', the record of what was written there, cannot be written: {e.Message} Make room, or choose a "
                + "folder that can be written to.", e);
        }
    }

    /// <summary>The complete lines that were appended since the last call. The file may change while it is read.</summary>
    /// <param name="isOther">True if the file is gone, or is shorter than before and so another one; then all lines are new.</param>
    public List<byte[]> ReadOn(out bool isOther)
    {
        var file = new FileInfo(path);
        isOther = !file.Exists || file.Length < _read;
        if (isOther)
            _read = 0;
        if (!file.Exists || file.Length == _read)
            return [];
        using var stream = Open(FileMode.Open, FileAccess.Read);
        stream.Position = _read;
        var bytes = new byte[Math.Max(0, stream.Length - _read)];
        ReadOnlySpan<byte> complete = bytes.AsSpan(0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
        complete = complete[..(complete.LastIndexOf((byte)'\n') + 1)]; // an incomplete last line is left for the next call
        _read += complete.Length;
        var lines = new List<byte[]>();
        foreach (var range in complete.Split((byte)'\n'))
            if (complete[range] is { Length: > 0 } line)
                lines.Add(line.ToArray());
        return lines;
    }

    public void Delete() => File.Delete(path);

    /// <summary>Opens the file for this process alone. Waits a moment if another process has it open.</summary>
    FileStream Open(FileMode mode, FileAccess access)
    {
        for (var tries = 0; ; tries++)
            try
            {
                return new(path, mode, access, FileShare.None, 1 << 16);
            }
            catch (IOException e) when (Exists && !Directory.Exists(path))
            {
                if (tries == 200) // 2 s; writing one line takes far less
                    throw new IOException(
                        $"'{path}', the record of what was written there, is held by another program. End that one, then try again.", e);
                Thread.Sleep(10); // the other process has it open to write one line
            }
    }
}
