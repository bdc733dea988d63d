// Reads a whole file at once, although another program may be writing it.
namespace Qwen3Tts.Files;

/// <summary>Reads whole files.</summary>
static class WholeFile
{
    /// <summary>Number of bytes of a file, where a link counts as what it leads to; -1 if there is none.</summary>
    public static long Size(string path)
    {
        try
        {
            using var handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            return RandomAccess.GetLength(handle);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return -1;
        }
    }

    /// <summary>Refuses a path without a file, in plainer words than the system's.</summary>
    /// <param name="path">A file that is going to be read.</param>
    /// <exception cref="IOException">It is a folder.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static void CheckIsThere(string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"'{Printable.Path(path)}' is a folder, and a file is read here. Name the file.");
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{Printable.Path(path)}'. Check the path.", path);
    }

    /// <summary>All bytes of a file.</summary>
    /// <exception cref="IOException">The file became shorter while it was read, or cannot be read.</exception>
    public static byte[] Read(string path)
    {
        CheckIsThere(path);
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (EndOfStreamException e)
        {
            throw new IOException(
                $"{Printable.Path(path)} became shorter while it was read. "
                + "Wait until the program that writes it is done, then try again.", e);
        }
    }
}
