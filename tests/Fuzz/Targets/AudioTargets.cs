// The reader of WAV files, from files and from pipes, and the checks of recordings after it.
using Qwen3Tts.Audio;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Fuzz;

static class AudioTargets
{
    const int MostSamples = 10_000_000; // for a file that announces more samples, only reading is tested

    public static readonly Dictionary<string, Func<string, FuzzTarget>> All = new()
    {
        ["wav"] = _ => Wav(path => WavFile.Read(path)),
        ["wav-pipe"] = _ => Wav(path =>
        {
            using var pipe = new Pipe(File.ReadAllBytes(path));
            return WavFile.Read(pipe, path);
        }),
    };

    static FuzzTarget Wav(Func<string, Waveform> read)
    {
        string? mutated = null;
        var files = Seeds();
        return new()
        {
            Files = files,
            Mutate = (m, file, content) =>
            {
                mutated = file;
                return m.MutateBytes(m.Random.Next(3) == 0 ? content : content[..Math.Min(content.Length, 4000)]);
            },
            Read = (folder, problems) =>
            {
                foreach (var file in mutated is null ? files.Keys.ToList() : [mutated])
                    Judge(read(Path.Combine(folder, file)), file, problems);
            },
        };
    }

    internal static void Judge(Waveform wave, string file, List<string> problems)
    {
        if (wave.Samples.Length > MostSamples)
            return;
        if (RecordingChecks.Problem(wave, ClipLevels.Measure(wave)) is { } problem)
            problems.Add($"{file}: the recording {problem}"); // and it is used nevertheless, as by callers that do not check
        try
        {
            new ClipShape().Apply(wave.ToRate(24000), 1920);
        }
        catch (InvalidDataException)
        {
            // the recording has no speech; callers put the place before this message
        }
        WavFile.Write(new MemoryStream(), wave, WavFormat.Float32);
    }

    static Dictionary<string, byte[]> Seeds()
    {
        var files = Directory.GetFiles(Path.Combine(AllTargets.Repository, "tests", "Golden", "audio", "files"), "*.wav")
            .ToDictionary(f => Path.GetFileName(f), f => File.ReadAllBytes(f)).Where(f => IsRead(f.Value))
                .ToDictionary(f => f.Key, f => f.Value.Length > 20000 ? f.Value[..20000] : f.Value);
        foreach (var (format, bits) in new[] { (1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64), (6, 8), (7, 8) })
            files[$"format{format}-{bits}.wav"] = Write(writer =>
            {
                var data = new byte[bits / 8 * 2 * 50];
                writer.Write("RIFF"u8); writer.Write(36 + data.Length); writer.Write("WAVEfmt "u8); writer.Write(16); writer.Write(
                    (short)format);
                writer.Write((short)2); writer.Write(16000); writer.Write(16000 * 2 * bits / 8); writer.Write(
                    (short)(2 * bits / 8)); writer.Write((short)bits);
                writer.Write("LIST"u8); writer.Write(3); writer.Write(new byte[4]); writer.Write("data"u8); writer.Write(
                    data.Length); writer.Write(data);
            });
        foreach (var name in new[] { "RF64", "BW64" })
            files[$"{name}.wav"] = Write(writer =>
            {
                writer.Write(System.Text.Encoding.ASCII.GetBytes(name)); writer.Write(-1); writer.Write("WAVEds64"u8); writer.Write(
                    28); writer.Write(100L);
                writer.Write(200L); writer.Write(100L); writer.Write(0); writer.Write("fmt "u8); writer.Write(16); writer.Write(
                    (short)1); writer.Write((short)1);
                writer.Write(8000); writer.Write(16000); writer.Write((short)2); writer.Write((short)16);
                writer.Write("data"u8); writer.Write(-1); writer.Write(new byte[200]);
            });
        return files;
    }

    static bool IsRead(byte[] content)
    {
        try
        {
            WavFile.Read(new MemoryStream(content), "seed");
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    static byte[] Write(Action<BinaryWriter> write)
    {
        var stream = new MemoryStream();
        write(new(stream));
        return stream.ToArray();
    }

    /// <summary>A stream that cannot seek and returns a few bytes at a time.</summary>
    sealed class Pipe(byte[] bytes) : Stream
    {
        int _at;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var n = Math.Min(Math.Min(count, 333), bytes.Length - _at);
            Array.Copy(bytes, _at, buffer, offset, n);
            _at += n;
            return n;
        }

        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
