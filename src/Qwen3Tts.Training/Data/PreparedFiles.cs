// What prepare writes, and that none of it is a file that it reads.
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Data;

static class PreparedFiles
{
    /// <summary>Where each recording goes that is changed: beside the list, under its own name.</summary>
    public static Dictionary<string, string> Shaped(List<Clip> clips, string output)
    {
        var folder = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(output))!, "clips");
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

    /// <summary>The list, and what is written beside it.</summary>
    public static string[] Lists(string output) =>
        [output, output + ".cache", Path.ChangeExtension(output, ".changes.tsv"), Path.ChangeExtension(output, ".html")];

    /// <summary>Refuses, before anything is written, outputs that are inputs or files of somebody else.</summary>
    public static void Check(PreparationOptions options, List<Clip> clips, IEnumerable<string> shaped)
    {
        var folder = OutputRecord.At(Path.GetDirectoryName(Path.GetFullPath(options.Output))!);
        // A cache that somebody changed is kept under another name.
        OutputFile.CheckAreNoInputs(
            [.. Lists(options.Output).Where(file => !file.EndsWith(".cache", StringComparison.Ordinal) || !folder.Knows(file)), .. shaped],
            [options.Input, options.Reference, .. clips.SelectMany(c => new[] { c.Audio, c.Reference, Transcript(c) })], folder);
    }

    /// <summary>Where the text of a recording lies that no list names; it need not be there.</summary>
    public static string Transcript(Clip clip) => Path.ChangeExtension(clip.Audio, ".txt");

    /// <summary>Writes a changed recording; it stands on the record of the list's folder, one above.</summary>
    public static void Write(string path, Waveform wave) =>
        WavFile.WriteOutput(path, wave, OutputRecord.At(Path.GetDirectoryName(Path.GetDirectoryName(path))!));
}
