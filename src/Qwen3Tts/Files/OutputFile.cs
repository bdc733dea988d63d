// The one way to write a file. A file appears under its name only when it is complete; what is there already and was not written by this
// program stays; a device or a pipe is written to; and no output is ever an input.
using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Qwen3Tts.Files;

/// <summary>Writes files without destroying any.</summary>
static partial class OutputFile
{
    static int _count;

    /// <summary>Refuses an output that is an input, or that stands where a file is which this program did not write.</summary>
    /// <param name="output">File or folder that is to be written.</param>
    /// <param name="inputs">Files and folders that are read; null ones are not given.</param>
    /// <exception cref="ArgumentException">Output and input are one.</exception>
    /// <exception cref="IOException">A file is there that this program did not write.</exception>
    public static void CheckIsNoInput(string output, params IEnumerable<string?> inputs)
    {
        CheckAreNoInputs([output], inputs);
    }

    /// <summary>As <see cref="CheckIsNoInput"/>, for many outputs.</summary>
    /// <param name="outputs">Files and folders that are to be written.</param>
    /// <param name="inputs">Files and folders that are read.</param>
    /// <param name="record">Where the outputs stand on record; null is that of each one's own folder.</param>
    public static void CheckAreNoInputs(IEnumerable<string> outputs, IEnumerable<string?> inputs, OutputRecord? record = null)
    {
        var names = StringComparer.FromComparison(FileIdentity.Names);
        var read = inputs.OfType<string>().Where(i => i.Length > 0).Select(FileIdentity.Resolve).ToHashSet(names);
        var links = read.Where(File.Exists).ToLookup(path => new FileInfo(path) is var f ? (f.Length, f.LastWriteTimeUtc) : default);
        foreach (var output in outputs)
        {
            var full = FileIdentity.Resolve(output);
            if (read.Contains(full) || File.Exists(full) && new FileInfo(full) is var file && links[(file.Length, file.LastWriteTimeUtc)].Any(i => FileIdentity.Same(i, full)))
                throw new ArgumentException($"'{Printable.Text(output)}' is to be written and is also read. Name another {(Directory.Exists(full) ? "folder" : "file")} for the output.");
            if (!Directory.Exists(full))
                CheckIsFree(output, record);
        }
    }

    /// <summary>Refuses to replace a file that this program did not write.</summary>
    /// <param name="path">File that is to be written.</param>
    /// <param name="record">Where it would stand on record; null is that of its own folder.</param>
    /// <exception cref="IOException">There is one.</exception>
    public static void CheckIsFree(string path, OutputRecord? record = null)
    {
        var full = FileIdentity.Resolve(path);
        if (Directory.Exists(full))
            throw new IOException($"'{Printable.Text(path)}' is a folder, and a file is to be written there. Name another file for the output.");
        if (!File.Exists(full) || IsSpecial(full) || (record?.Owns(full) ?? false) || OutputRecord.At(Path.GetDirectoryName(full)!).Owns(full))
            return;
        throw new IOException($"'{Printable.Text(path)}' is there already, and this program did not write it as it is now. Name another file for the output, or move that one away first.");
    }

    /// <summary>Writes a file in one step: it appears whole or not at all. Makes its folder.</summary>
    /// <param name="path">The file; a device or a pipe is written to.</param>
    /// <param name="write">Gets a stream that cannot seek.</param>
    /// <param name="record">Where it is put on record; null is that of its own folder.</param>
    /// <exception cref="IOException">A file of that name is there that this program did not write, or the disk is full; the message names the remedy.</exception>
    public static void Write(string path, Action<Stream> write, OutputRecord? record = null)
    {
        var full = FileIdentity.Resolve(path);
        if (WriteThrough(path, full, write))
            return;
        CheckIsFree(path, record);
        record ??= OutputRecord.At(Path.GetDirectoryName(full)!);
        Try(path, () => { record.MakeFolder(Path.GetDirectoryName(full)!); return 0; });
        WriteAside(path, full, write, record);
    }

    /// <summary>
    /// Writes a file in one step and replaces whatever file is there: for callers of the library, who decide that themselves, and for
    /// folders of our own. The commands use <see cref="Write"/>. Nothing is put on record.
    /// </summary>
    public static void Replace(string path, Action<Stream> write)
    {
        var full = FileIdentity.Resolve(path);
        if (WriteThrough(path, full, write))
            return;
        Try(path, () => Directory.CreateDirectory(Path.GetDirectoryName(full)!));
        WriteAside(path, full, write, null);
    }

    /// <summary>Writes to a device or a pipe; false where the path is neither.</summary>
    static bool WriteThrough(string path, string full, Action<Stream> write)
    {
        if (!File.Exists(full) || !IsSpecial(full))
            return false;
        using var device = Try(path, () => new FileStream(full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 1));
        using var stream = new OutputStream(device, path);
        write(stream);
        return true;
    }

    static void WriteAside(string path, string full, Action<Stream> write, OutputRecord? record)
    {
        RemoveAbandoned(full);
        var temporary = string.Create(CultureInfo.InvariantCulture, $"{full}.{Environment.ProcessId}-{Interlocked.Increment(ref _count)}.qwen3tts-tmp");
        var made = false;
        OutputEntry? entry;
        try
        {
            using (var file = Try(path, () => new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16)))
            {
                made = true;
                using var stream = new OutputStream(file, path);
                write(stream);
                Try(path, () => { file.Flush(flushToDisk: true); return 0; });
                entry = record?.Add(full, stream.Position, stream.Sha256());
            }
            Try(path, () => { File.Move(temporary, full, overwrite: true); return 0; });
            made = false;
            record?.Remember(full, entry!);
        }
        finally
        {
            if (made)
                File.Delete(temporary);
        }
    }

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    public static void WriteText(string path, string text, OutputRecord? record = null) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)), record);

    /// <summary>True for what is written through and never replaced: devices, pipes and sockets. Does not open them.</summary>
    public static bool IsSpecial(string path)
    {
        if (OperatingSystem.IsWindows())
            return path.StartsWith(@"\\.\", StringComparison.Ordinal);
        var file = new FileInfo(path);
        if (file.LinkTarget is not null)
            return true; // an open file of /proc; other links are resolved
        if (!file.Exists || file.Length > 0)
            return false;
        using var archive = new MemoryStream(); // the one part of .NET that tells the kinds of files apart
        try
        {
            using (var writer = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
                writer.WriteEntry(path, "kind");
        }
        catch (IOException)
        {
            return true; // a socket: an archive cannot hold it
        }
        archive.Position = 0;
        using var reader = new TarReader(archive);
        return reader.GetNextEntry()?.EntryType is TarEntryType.CharacterDevice or TarEntryType.BlockDevice or TarEntryType.Fifo;
    }

    /// <summary>Temporary files of this output that processes left which are no more.</summary>
    static void RemoveAbandoned(string full)
    {
        foreach (var path in Directory.EnumerateFiles(Path.GetDirectoryName(full)!, "*.qwen3tts-tmp"))
            if (path.StartsWith(full + ".", StringComparison.Ordinal) && Temporary().Match(path[full.Length..]) is { Success: true } match && !IsAlive(match.Groups[1].Value))
                try
                {
                    using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                        File.Delete(path);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // held by a process of another machine, or not ours to remove
                }
    }

    [GeneratedRegex(@"^\.(\d+)-\d+\.qwen3tts-tmp$")]
    private static partial Regex Temporary();

    static bool IsAlive(string process)
    {
        try
        {
            using var found = Process.GetProcessById(int.Parse(process, CultureInfo.InvariantCulture));
            return !found.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>Does something with the output, and says what can be done where the system refuses.</summary>
    internal static T Try<T>(string path, Func<T> act)
    {
        const int NoSpace = 28, NoSpaceOnWindows = unchecked((int)0x80070070), Quota = 122;
        try
        {
            return act();
        }
        catch (IOException e) when (e.HResult is NoSpace or NoSpaceOnWindows or Quota)
        {
            throw new IOException($"'{Printable.Text(path)}' cannot be written: the disk is full. Make room there, or choose a folder on another disk.", e);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException && e.InnerException is null)
        {
            throw new IOException($"'{Printable.Text(path)}' cannot be written: {e.Message} Choose a folder that can be written to.", e);
        }
    }
}
