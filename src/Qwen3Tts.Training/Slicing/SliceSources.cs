// The recordings that are cut, and the file with the text of each.
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Slicing;

/// <param name="Audio">Full path of the recording.</param>
/// <param name="Stem">Beginning of the names of its clips; no other recording has it.</param>
sealed record SliceSource(string Audio, string Stem)
{
    /// <summary>The file beside the recording that has its text, or null.</summary>
    public string? TextFile { get; } = CueFile.Extensions.Select(e => Path.ChangeExtension(Audio, e)).FirstOrDefault(File.Exists);

    /// <summary>The recordings in the order of the arguments; those of a folder by name. Files of the output are none.</summary>
    /// <exception cref="FileNotFoundException">There is no such file or folder.</exception>
    /// <exception cref="InvalidDataException">No recording is there.</exception>
    public static List<SliceSource> Find(IEnumerable<string> inputs, string output)
    {
        var own = FileIdentity.Resolve(output) + Path.DirectorySeparatorChar;
        var (sources, stems) = (new List<SliceSource>(), new HashSet<string>(StringComparer.OrdinalIgnoreCase));
        var found = inputs.SelectMany(Recordings).DistinctBy(FileIdentity.Resolve).ToList();
        foreach (var audio in found.Where(a => !FileIdentity.Resolve(a).StartsWith(own, FileIdentity.Names)))
        {
            var stem = Path.GetFileNameWithoutExtension(audio);
            var name = stem;
            for (var i = 2; !stems.Add(name); i++)
                name = $"{stem}-{i}";
            sources.Add(new(audio, name));
        }
        return sources.Count > 0 ? sources
            : found.Count > 0 ? throw new InvalidDataException($"All recordings are in '{Printable.Text(output)}', the folder of the "
                + "clips. Name another folder with --output.")
            : throw new InvalidDataException($"There is no recording in {string.Join(", ", inputs.Select(i => $"'{Printable.Text(i)}'"))}. "
                + $"Name files or folders of {AudioFile.Readable}.");
    }

    static IEnumerable<string> Recordings(string input) =>
        File.Exists(input) ? [Path.GetFullPath(input)]
        : Directory.Exists(input) ? Directory.EnumerateFiles(Path.GetFullPath(input), "*", SearchOption.AllDirectories)
            .Where(f => !Path.GetFileName(f).StartsWith('.')
                && AudioFile.Extensions.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)
        : throw new FileNotFoundException($"There is no '{Printable.Text(input)}'. Name a recording, or a folder of recordings.");
}
