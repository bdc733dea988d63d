// The readers of compressed recordings. Half of the mutated Ogg files get the right checksums again, so that the decoders see the damage.
using System.Buffers.Binary;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Fuzz;

static class CompressedTargets
{
    const int PageHeader = 27, PageChecksum = 22;

    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["flac"] = _ => Create("speech_16.flac", "stereo_24.flac"),
        ["mp3"] = _ => Create("speech_MP3.mp3", "stereo_MP3.mp3"),
        ["opus"] = _ => Create("speech_Opus.opus", "stereo_Opus.opus"),
        ["vorbis"] = _ => Create("speech_Vorbis.ogg", "stereo_Vorbis.ogg"),
    };

    static FuzzTarget Create(params string[] names)
    {
        var folder = Path.Combine(AllTargets.Repository, "tests", "Golden", "audio", "compressed");
        var files = names.ToDictionary(n => n, n => File.ReadAllBytes(Path.Combine(folder, n)));
        string? mutated = null;
        return new()
        {
            Files = files,
            Cost = 4,
            Mutate = (m, file, content) =>
            {
                mutated = file;
                var result = m.MutateBytes(content);
                if (m.Random.Next(2) == 0)
                    RepairPages(result);
                return result;
            },
            Read = (place, problems) =>
            {
                foreach (var file in mutated is null ? files.Keys.ToList() : [mutated])
                    AudioTargets.Judge(AudioFile.Read(Path.Combine(place, file)), file, problems);
            },
        };
    }

    /// <summary>Writes the right checksum into every page of Ogg, as far as pages follow one another.</summary>
    static void RepairPages(byte[] file)
    {
        for (var at = 0; at + PageHeader < file.Length && file.AsSpan(at).StartsWith("OggS"u8);)
        {
            var sizes = file.AsSpan(at + PageHeader, Math.Min(file[at + PageHeader - 1], file.Length - at - PageHeader));
            var length = PageHeader + sizes.Length;
            foreach (var size in sizes)
                length += size;
            if (at + length > file.Length)
                return;
            file.AsSpan(at + PageChecksum, 4).Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + PageChecksum), Checksum.Ogg.Of(file.AsSpan(at, length)));
            at += length;
        }
    }
}
