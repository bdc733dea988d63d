// The only way in which this program writes files. A file appears under its name only when it is complete. An existing file that this
// program did not write is not replaced. A device or a pipe is written to directly. No output may be an input.
using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;

namespace Qwen3Tts.Files;

/// <summary>Writes files without destroying files of others.</summary>
static class OutputFile
{
    /// <summary>Refuses an output that is also an input, or an output in the place of a file that this program did not write.</summary>
    /// <param name="output">File or folder that is going to be written.</param>
    /// <param name="inputs">Files and folders that are read; null entries are ignored.</param>
    /// <exception cref="ArgumentException">The output is also an input.</exception>
    /// <exception cref="IOException">There is a file that this program did not write.</exception>
    public static void CheckIsNoInput(string output, params IEnumerable<string?> inputs)
    {
        CheckAreNoInputs([output], inputs);
    }

    /// <summary>For a folder that is read completely, such as a model's: the folder and every file in it. For a file: the file.</summary>
    public static IEnumerable<string> Whole(string? folder)
    {
        if (folder is null)
            return [];
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Prepend(folder) : [folder];
    }

    /// <summary>As <see cref="CheckIsNoInput"/>, for several outputs.</summary>
    /// <param name="outputs">Files and folders that are going to be written.</param>
    /// <param name="inputs">Files and folders that are read.</param>
    /// <param name="record">The record that has the entries of the outputs; null takes for each output the record of its own
    /// folder.</param>
    public static void CheckAreNoInputs(IEnumerable<string> outputs, IEnumerable<string?> inputs, OutputRecord? record = null)
    {
        var all = outputs.ToList();
        CheckAreOthers(all, inputs);
        foreach (var output in all.Where(o => !Directory.Exists(FileIdentity.Resolve(o))))
            CheckIsFree(output, record);
    }

    /// <summary>Refuses outputs that are also inputs. Does not check whether there are other files at these paths.</summary>
    public static void CheckAreOthers(IEnumerable<string> outputs, IEnumerable<string?> inputs)
    {
        var names = StringComparer.FromComparison(FileIdentity.Names);
        var read = inputs.OfType<string>().Where(i => i.Length > 0).Select(FileIdentity.Resolve).ToHashSet(names);
        var links = read.Where(File.Exists).ToLookup(path => new FileInfo(path) is var f ? (f.Length, f.LastWriteTimeUtc) : default);
        foreach (var output in outputs)
        {
            if (output == "-")
                throw new ArgumentException("'-' is not a file, and standard output is not written to here. Name a file, such as ./out.");
            var full = FileIdentity.Resolve(output);
            var isRead = read.Contains(full)
                || File.Exists(full) && new FileInfo(full) is var file
                    && links[(file.Length, file.LastWriteTimeUtc)].Any(i => FileIdentity.Same(i, full));
            if (isRead && !IsSpecial(full))
                throw new ArgumentException(
                    $"'{Printable.Text(output)}' is to be written and is also read. Name another " +
                        $"{(Directory.Exists(full) ? "folder" : "file")} for the output.");
        }
    }

    /// <summary>Refuses to replace a file that this program did not write.</summary>
    /// <param name="path">File that is going to be written.</param>
    /// <param name="record">The record that would have an entry of it; null takes the record of its own folder.</param>
    /// <exception cref="IOException">There is such a file.</exception>
    public static void CheckIsFree(string path, OutputRecord? record = null)
    {
        var full = FileIdentity.Resolve(path);
        if (Directory.Exists(full))
            throw new IOException(
                $"'{Printable.Text(path)}' is a folder, and a file is to be written there. Name another file for the output.");
        if (!File.Exists(full) || IsSpecial(full) || (record?.Owns(full) ?? false)
            || OutputRecord.At(Path.GetDirectoryName(full)!).Owns(full))
            return;
        throw new IOException(
            $"'{Printable.Text(path)}' is there already, and this program did not write it as it is now. Name another file for the " +
                $"output, or move that one away first.");
    }

    /// <summary>Writes a file in one step: it appears complete or not at all. Creates its folder.</summary>
    /// <param name="path">The file. A device or a pipe is written to directly.</param>
    /// <param name="write">Writes the content to a stream that cannot seek.</param>
    /// <param name="record">The record that gets an entry of the file; null takes the record of its own folder.</param>
    /// <param name="head">The first bytes of the file, if they are known only at the end, such as a header with the length. They replace
    /// as many of those that were written. A device or a pipe keeps what was written.</param>
    /// <exception cref="IOException">There is a file of that name that this program did not write, or the disk is full. The message says
    /// what to do.</exception>
    public static void Write(string path, Action<Stream> write, OutputRecord? record = null, Func<byte[]>? head = null)
    {
        var full = FileIdentity.Resolve(path);
        if (WriteThrough(path, full, write))
            return;
        CheckIsFree(path, record);
        record ??= OutputRecord.At(Path.GetDirectoryName(full)!);
        Try(path, () => { record.MakeFolder(Path.GetDirectoryName(full)!); return 0; });
        WriteAside(path, full, write, record, head);
    }

    /// <summary>
    /// Writes a file in one step and replaces any existing file: for users of the library, who decide themselves what may be replaced, and
    /// for this program's own folders. The commands use <see cref="Write"/>. No entry is added to a record.
    /// </summary>
    public static void Replace(string path, Action<Stream> write)
    {
        var full = FileIdentity.Resolve(path);
        if (WriteThrough(path, full, write))
            return;
        Try(path, () => Directory.CreateDirectory(Path.GetDirectoryName(full)!));
        WriteAside(path, full, write, null, null);
    }

    /// <summary>Writes to a device or a pipe; returns false if the path is neither.</summary>
    static bool WriteThrough(string path, string full, Action<Stream> write)
    {
        if (!File.Exists(full) || !IsSpecial(full))
            return false;
        using var device = Try(path, () => new FileStream(full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1));
        using var stream = new OutputStream(device, path);
        write(stream);
        return true;
    }

    static void WriteAside(string path, string full, Action<Stream> write, OutputRecord? record, Func<byte[]>? head)
    {
        foreach (var abandoned in TemporaryName.AbandonedOf(full).Where(File.Exists))
            TemporaryName.RemoveFile(abandoned);
        var temporary = TemporaryName.Take(full, TemporaryName.New);
        try
        {
            var (bytes, hash) = Fill(path, temporary, write, head);
            var entry = record?.Add(full, bytes, hash);
            Try(path, () => { File.Move(temporary, full, overwrite: true); return 0; });
            record?.Remember(full, entry!);
        }
        finally
        {
            if (File.Exists(temporary)) // the temporary name was unused, so the file is this process's own
                File.Delete(temporary);
            TemporaryName.Release(temporary);
        }
    }

    /// <summary>Writes a new file; returns its length and hash.</summary>
    static (long Bytes, byte[] Sha256) Fill(string path, string temporary, Action<Stream> write, Func<byte[]>? head)
    {
        var file = Try(path, () => new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16));
        try
        {
            using var stream = new OutputStream(file, path);
            write(stream);
            if (head is not null)
                Try(path, () => { file.Position = 0; file.Write(head()); return 0; });
            Try(path, () => { file.Flush(flushToDisk: true); return 0; });
            if (head is null)
                return (stream.Position, stream.Sha256());
            file.Position = 0; // the hash of what was written counts the first bytes as they were
            return (stream.Position, SHA256.HashData(file));
        }
        finally
        {
            Try(path, () => { file.Dispose(); return 0; }); // Dispose tries to write the rest again, and its error is reported
        }
    }

    /// <summary>Takes a name that no file has: an empty file of this program stands there, which <see cref="Write"/> replaces.</summary>
    /// <param name="path">The file.</param>
    /// <returns>False if there is a file of that name, of another process perhaps.</returns>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static bool TryTakeName(string path)
    {
        var full = FileIdentity.Resolve(path);
        if (Path.Exists(path))
            return false;
        try
        {
            Try(path, () => new FileStream(full, FileMode.CreateNew, FileAccess.Write)).Dispose();
        }
        catch (IOException) when (Path.Exists(full))
        {
            return false;
        }
        OutputRecord.At(Path.GetDirectoryName(full)!).Add(full, 0, SHA256.HashData([]));
        return true;
    }

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    public static void WriteText(string path, string text, OutputRecord? record = null) =>
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)), record);

    /// <summary>True for devices, pipes and sockets, which are written to directly and never replaced. Does not open the path.</summary>
    public static bool IsSpecial(string path)
    {
        if (OperatingSystem.IsWindows())
            return path.StartsWith(@"\\.\", StringComparison.Ordinal);
        var file = new FileInfo(path);
        if (file.LinkTarget is not null)
            return true; // an entry of /proc for an open file; other links are resolved
        if (!file.Exists || file.Length > 0)
            return false;
        using var archive = new MemoryStream(); // TarWriter is the only part of .NET that tells the kinds of files apart
        try
        {
            using (var writer = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
                writer.WriteEntry(path, "kind");
        }
        catch (IOException)
        {
            return true; // a socket, which an archive cannot hold
        }
        archive.Position = 0;
        using var reader = new TarReader(archive);
        return reader.GetNextEntry()?.EntryType is TarEntryType.CharacterDevice or TarEntryType.BlockDevice or TarEntryType.Fifo;
    }

    /// <summary>Runs an operation on the output. If the system refuses it, the error says what to do.</summary>
    internal static T Try<T>(string path, Func<T> act)
    {
        const int NoSpace = 28, NoSpaceOnWindows = unchecked((int)0x80070070), Quota = 122, NoReader = 32;
        try
        {
            return act();
        }
        catch (IOException e) when (e.HResult is NoSpace or NoSpaceOnWindows or Quota)
        {
            throw new IOException(
                $"'{Printable.Text(path)}' cannot be written: the disk is full. Make room there, or choose a folder on another disk.", e);
        }
        catch (IOException e) when (e.HResult is NoReader && !OperatingSystem.IsWindows())
        {
            throw new IOException($"'{Printable.Text(path)}' cannot be written to the end: the program that reads it has ended. "
                + "Let that program read everything, or write a file.", e);
        }
        catch (PathTooLongException e)
        {
            throw new IOException($"'{Printable.Text(path)}' cannot be written: the name is too long, because while it is written, "
                + "the file has an addition to its name. Give a shorter name.", e);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException && e.InnerException is null)
        {
            throw new IOException($"'{Printable.Text(path)}' cannot be written: {e.Message} Choose a folder that can be written to.", e);
        }
    }
}
