// One process at a time works in a folder. The system holds the lock and frees it when its process ends, however it ends; a note beside it
// tells others whom to look for.
using System.Diagnostics;
using System.Globalization;

namespace Qwen3Tts.Files;

/// <summary>A folder that this process alone works in, until it is disposed of.</summary>
sealed class FolderLock : IDisposable
{
    /// <summary>Its first line is the process, its second the machine.</summary>
    public const string FileName = ".qwen3tts-lock";

    readonly FileStream _held;
    readonly bool _madeFolder;

    FolderLock(FileStream held, bool madeFolder) => (_held, _madeFolder) = (held, madeFolder);

    /// <summary>Takes a folder, made if missing. A lock that a dead process left is taken over.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="what">What the folder is called in the message, such as "The run".</param>
    /// <exception cref="IOException">Another process has it.</exception>
    public static FolderLock Take(string folder, string what = "The folder")
    {
        var isNew = !Directory.Exists(folder);
        OutputRecord.At(folder).MakeFolder(folder);
        var path = Path.Combine(FileIdentity.Resolve(folder), FileName);
        FileStream held;
        try
        {
            held = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new IOException($"{what} '{folder}' is in use{Owner(path + "-owner")}. Wait until it ends, or name another folder.", e);
        }
        var begun = Process.GetCurrentProcess().StartTime.ToUniversalTime();
        File.WriteAllText(path + "-owner",
            string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n{Environment.MachineName}\n{begun:O}\n"));
        return new(held, isNew);
    }

    static string Owner(string path)
    {
        try
        {
            return File.ReadAllLines(path) is [var process, var machine, ..]
                ? $" by process {Printable.Text(process)} on {Printable.Text(machine)}" : " by another process";
        }
        catch (IOException)
        {
            return " by another process";
        }
    }

    /// <summary>
    /// Gives the folder back. The empty lock file stays: removing it would let two others lock different files of one name. Only a folder
    /// that was made for this lock, and in which nothing was written, goes again: its file is removed while it is still held.
    /// </summary>
    public void Dispose()
    {
        File.Delete(_held.Name + "-owner");
        var folder = Path.GetDirectoryName(_held.Name)!;
        try
        {
            if (_madeFolder && Directory.EnumerateFileSystemEntries(folder).All(path => path == _held.Name))
            {
                File.Delete(_held.Name);
                Directory.Delete(folder);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // where an open file cannot be removed, as on Windows, an empty folder stays
        }
        _held.Dispose();
    }
}
