// The files that prepare writes, and the check that none of them is also read.
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Data;

static class PreparedFiles
{
    /// <summary>
    /// Path of each changed recording: in a folder beside the list, under the recording's own name. The folder is another one if recordings
    /// are read from it, as from the folder clips that 'slice' writes by default.
    /// </summary>
    public static Dictionary<string, string> Shaped(List<Clip> clips, string output)
    {
        var read = clips.SelectMany(c => new[] { c.Audio, c.Reference }).OfType<string>()
            .Select(file => FileIdentity.Resolve(Path.GetDirectoryName(file)!)).ToHashSet();
        var folder = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(output))!, "clips");
        if (read.Contains(FileIdentity.Resolve(folder)))
            folder = Path.Combine(Path.GetDirectoryName(folder)!, "prepared");
        var (files, taken) = (new Dictionary<string, string>(), new HashSet<string>(StringComparer.OrdinalIgnoreCase));
        foreach (var audio in clips.Select(c => c.Audio).Distinct())
        {
            var stem = Path.GetFileNameWithoutExtension(audio);
            var name = stem;
            for (var i = 2; !taken.Add(name); i++)
                name = $"{stem}-{i}";
            files[audio] = Path.Combine(folder, name + ".wav");
        }
        return files;
    }

    /// <summary>Path of a spliced recording, in a folder beside the list.</summary>
    public static string Spliced(string output, int number) =>
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(output))!, "spliced", $"{number + 1:0000}.wav");

    /// <summary>Paths of all spliced recordings.</summary>
    public static IEnumerable<string> Spliced(PreparationOptions options) =>
        Enumerable.Range(0, options.Splice).Select(i => Spliced(options.Output, i));

    /// <summary>The list, and the files that are written beside it.</summary>
    public static string[] Lists(string output) =>
        [output, output + ".cache", Path.ChangeExtension(output, ".changes.tsv"), Path.ChangeExtension(output, ".html")];

    /// <summary>Refuses, before anything is written, outputs that are inputs or files that this program did not write.</summary>
    public static void Check(PreparationOptions options, List<Clip> clips, IEnumerable<string> shaped)
    {
        var folder = OutputRecord.At(Path.GetDirectoryName(Path.GetFullPath(options.Output))!);
        // A cache that a user changed is kept under another name.
        OutputFile.CheckAreNoInputs(
            [.. Lists(options.Output).Where(file => !file.EndsWith(".cache", StringComparison.Ordinal) || !folder.Knows(file)), .. shaped],
            [options.Input, options.Reference, .. clips.SelectMany(c => new[] { c.Audio, c.Reference, Transcript(c) })], folder);
    }

    /// <summary>Path of the text of a recording that no list names; the file need not exist.</summary>
    public static string Transcript(Clip clip) => Path.ChangeExtension(clip.Audio, ".txt");

    /// <summary>Writes a changed recording. Its entry is in the record of the list's folder, which is one level above.</summary>
    /// <param name="path">The recording.</param>
    /// <param name="wave">Its sound.</param>
    /// <param name="list">The list, which is written afterwards.</param>
    public static void Write(string path, Waveform wave, string list) =>
        ListedSound.Write(path, wave, list, OutputRecord.At(Path.GetDirectoryName(Path.GetDirectoryName(path))!));
}
