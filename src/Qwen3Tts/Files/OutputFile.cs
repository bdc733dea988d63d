// The one way to write a file. A file appears under its name only when it is complete; what is there already and was not written by this
// program stays; a device or a pipe is written to; and no output is ever an input.
using System.Text;

namespace Qwen3Tts.Files;

/// <summary>Writes files without destroying any.</summary>
static class OutputFile
{
    /// <summary>Refuses an output that is the same file as one of the inputs.</summary>
    /// <param name="output">File that is to be written.</param>
    /// <param name="inputs">Files that are read; null ones are not given.</param>
    /// <exception cref="ArgumentException">They are one file.</exception>
    public static void CheckIsNoInput(string output, params IEnumerable<string?> inputs)
    {
        var full = Path.GetFullPath(output);
        foreach (var input in inputs)
            if (input is not null && Path.GetFullPath(input) == full)
                throw new ArgumentException($"'{Printable.Text(output)}' is to be written and is also read. Name another file for the output.");
    }

    /// <summary>Writes a file in one step: it appears whole or not at all. Makes its folder.</summary>
    /// <exception cref="IOException">A file of that name is there that this program did not write, or the disk is full; the message names the remedy.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = $"{full}.{Environment.ProcessId}.qwen3tts-tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
}
