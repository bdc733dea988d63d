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

    /// <summary>All bytes of a file.</summary>
    /// <exception cref="IOException">The file became shorter while it was read, or cannot be read.</exception>
    public static byte[] Read(string path)
    {
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
