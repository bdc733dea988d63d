// Facts about speech that its file carries, such as the model and the seed. WAV has them in a chunk LIST of the kind INFO, FLAC and Opus in
// a Vorbis comment.
using System.Buffers.Binary;
using System.Text;

namespace Qwen3Tts.Audio;

/// <param name="Facts">Names in capital letters, and values.</param>
sealed record AudioTags(IReadOnlyList<(string Name, string Value)> Facts)
{
    public const string Maker = "qwen3tts";

    /// <summary>A Vorbis comment: the name of the program, then one line for each fact.</summary>
    public static byte[] VorbisComment(AudioTags? tags)
    {
        var bytes = new MemoryStream();
        Put(Maker);
        var facts = tags?.Facts ?? [];
        Number(facts.Count);
        foreach (var (name, value) in facts)
            Put($"{name}={value}");
        return bytes.ToArray();

        void Number(int value)
        {
            Span<byte> four = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(four, value);
            bytes.Write(four);
        }

        void Put(string text)
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            Number(utf8.Length);
            bytes.Write(utf8);
        }
    }

    /// <summary>A chunk LIST: the program, and all facts in one comment.</summary>
    public byte[] RiffInfo()
    {
        var body = new MemoryStream();
        body.Write("INFO"u8);
        Put("ISFT"u8, Maker);
        Put("ICMT"u8, string.Join("; ", Facts.Select(f => $"{f.Name}={f.Value}")));
        return Chunk("LIST"u8, body.ToArray());

        void Put(ReadOnlySpan<byte> kind, string text) => body.Write(Chunk(kind, [.. Encoding.UTF8.GetBytes(text), 0]));
    }

    static byte[] Chunk(ReadOnlySpan<byte> kind, byte[] content)
    {
        var chunk = new byte[8 + content.Length + (content.Length & 1)]; // chunks of odd length are padded
        kind.CopyTo(chunk);
        BinaryPrimitives.WriteInt32LittleEndian(chunk.AsSpan(4), content.Length);
        content.CopyTo(chunk, 8);
        return chunk;
    }
}
