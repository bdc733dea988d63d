// Reads a whole file at once, although another program may be writing it.
namespace Qwen3Tts.Files;

/// <summary>Reads whole files.</summary>
static class WholeFile
{
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
