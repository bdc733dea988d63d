using System.Formats.Tar;

namespace Qwen3Tts.Files;

static class SpecialFile
{
    /// <summary>True for devices, pipes and sockets, which are written to directly and never replaced. Does not open the path.</summary>
    public static bool Is(string path)
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
}
