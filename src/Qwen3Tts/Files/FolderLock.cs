// One process at a time works in a folder. The system holds the lock and frees it when the process ends, for whatever reason. A small file
// beside the lock tells other processes who holds it.
using System.Diagnostics;
using System.Globalization;

namespace Qwen3Tts.Files;

/// <summary>Reserves a folder for this process until it is disposed.</summary>
sealed class FolderLock : IDisposable
{
    /// <summary>Name of the file that describes the owner: the process on its first line, the machine on its second.</summary>
    public const string FileName = ".qwen3tts-lock";

    readonly FileStream _held;
    readonly bool _madeFolder;

    FolderLock(FileStream held, bool madeFolder) => (_held, _madeFolder) = (held, madeFolder);

    /// <summary>Locks a folder, and creates it if it is missing. A lock that a dead process left is taken over.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="what">Name of the folder in the message, such as "The run".</param>
    /// <exception cref="IOException">Another process holds the lock.</exception>
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
        try
        {
            var begun = Process.GetCurrentProcess().StartTime.ToUniversalTime();
            File.WriteAllText(path + "-owner",
                string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n{Environment.MachineName}\n{begun:O}\n"));
            return new(held, isNew);
        }
        catch
        {
            held.Dispose();
            throw;
        }
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
    /// Releases the folder. The empty lock file stays, because removing it would let two other processes lock two different files of one
    /// name. If the folder was created for this lock and nothing was written into it, the file is removed while it is still locked, and
    /// then the folder.
    /// </summary>
    public void Dispose()
    {
        using var held = _held;
        var folder = Path.GetDirectoryName(_held.Name)!;
        try
        {
            File.Delete(_held.Name + "-owner");
            if (_madeFolder && Directory.EnumerateFileSystemEntries(folder).All(path => path == _held.Name))
            {
                File.Delete(_held.Name);
                Directory.Delete(folder);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // where an open file cannot be removed, as on Windows, the empty folder stays; or the folder is gone
        }
    }
}
