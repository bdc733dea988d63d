// The only way in which this program writes files. A file appears under its name only when it is complete. An existing file that this
// program did not write is not replaced. A device or a pipe is written to directly. No output may be an input.
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
            if (isRead && !SpecialFile.Is(full))
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
        if (!File.Exists(full) || SpecialFile.Is(full) || (record?.Owns(full) ?? false)
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
    /// <exception cref="IOException">There is a file of that name that this program did not write, or the disk is full. The message says
    /// what to do.</exception>
    public static void Write(string path, Action<Stream> write, OutputRecord? record = null) =>
        WriteWithHead(path, stream => { write(stream); return null; }, record);

    /// <summary>As <see cref="Write"/>, for formats whose first bytes are known only at the end, as a header with the length.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes the content, and returns the first bytes of the file, which replace as many of those that it wrote; null
    /// to leave them. A device or a pipe keeps what was written.</param>
    /// <param name="record">As for <see cref="Write"/>.</param>
    /// <exception cref="IOException">As for <see cref="Write"/>.</exception>
    public static void WriteWithHead(string path, Func<Stream, byte[]?> write, OutputRecord? record = null)
    {
        var full = FileIdentity.Resolve(path);
        if (WriteThrough(path, full, write))
            return;
        CheckIsFree(path, record);
        record ??= OutputRecord.At(Path.GetDirectoryName(full)!);
        Try(path, () => { record.MakeFolder(Path.GetDirectoryName(full)!); return 0; });
        WriteAside(path, write, record);
    }

    /// <summary>As <see cref="WriteWithHead"/>, under the first name that no file has when all is written.</summary>
    /// <param name="names">Names in one folder, which exists.</param>
    /// <param name="write">As for <see cref="WriteWithHead"/>.</param>
    /// <returns>The name. Another process may have taken the one that was free at the beginning.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static string WriteUnused(IEnumerable<string> names, Func<Stream, byte[]?> write)
    {
        var unused = names.Where(name => !Path.Exists(name));
        return WriteAside(unused.First(), write, OutputRecord.At(Path.GetDirectoryName(FileIdentity.Resolve(unused.First()))!), unused);
    }

    /// <summary>
    /// Writes a file in one step and replaces any existing file: for users of the library, who decide themselves what may be replaced, and
    /// for this program's own folders. The commands use <see cref="Write"/>. No entry is added to a record.
    /// </summary>
    public static void Replace(string path, Action<Stream> write)
    {
        var full = FileIdentity.Resolve(path);
        byte[]? Write(Stream stream)
        {
            write(stream);
            return null;
        }
        if (WriteThrough(path, full, Write))
            return;
        Try(path, () => Directory.CreateDirectory(Path.GetDirectoryName(full)!));
        WriteAside(path, Write, null);
    }

    /// <summary>Writes to a device or a pipe; returns false if the path is neither.</summary>
    static bool WriteThrough(string path, string full, Func<Stream, byte[]?> write)
    {
        if (!File.Exists(full) || !SpecialFile.Is(full))
            return false;
        using var device = Try(path, () => new FileStream(full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1));
        using var stream = new OutputStream(device, path);
        write(stream);
        return true;
    }

    static string WriteAside(string path, Func<Stream, byte[]?> write, OutputRecord? record, IEnumerable<string>? unused = null)
    {
        var full = FileIdentity.Resolve(path);
        foreach (var abandoned in TemporaryName.AbandonedOf(full).Where(File.Exists))
            TemporaryName.RemoveFile(abandoned);
        var temporary = TemporaryName.Take(full, TemporaryName.New);
        try
        {
            var (bytes, hash) = Fill(path, temporary, write);
            return (unused ?? [path]).First(name => TryName(temporary, name, mayReplace: unused is null));

            bool TryName(string temporary, string name, bool mayReplace)
            {
                var target = FileIdentity.Resolve(name);
                var entry = record?.Add(target, bytes, hash);
                try
                {
                    Try(name, () => { File.Move(temporary, target, mayReplace); return 0; });
                }
                catch (IOException) when (!mayReplace && Path.Exists(target))
                {
                    return false; // another process was faster
                }
                record?.Remember(target, entry!);
                return true;
            }
        }
        finally
        {
            if (File.Exists(temporary)) // the temporary name was unused, so the file is this process's own
                File.Delete(temporary);
            TemporaryName.Release(temporary);
        }
    }

    /// <summary>Writes a new file; returns its length and hash.</summary>
    static (long Bytes, byte[] Sha256) Fill(string path, string temporary, Func<Stream, byte[]?> write)
    {
        var file = Try(path, () => new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16));
        try
        {
            using var stream = new OutputStream(file, path);
            var head = write(stream);
            if (head is not null)
                Try(path, () => { file.Position = 0; file.Write(head); return 0; });
            Try(path, () => { file.Flush(flushToDisk: true); return 0; });
            if (head is null)
                return (stream.Position, stream.Hash());
            file.Position = 0; // the hash of what was written counts the first bytes as they were
            return (stream.Position, Sha256.Of(file));
        }
        finally
        {
            Try(path, () => { file.Dispose(); return 0; }); // Dispose tries to write the rest again, and its error is reported
        }
    }

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    public static void WriteText(string path, string text, OutputRecord? record = null) =>
        Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)), record);

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
