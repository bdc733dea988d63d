using System.Buffers.Binary;
using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests.Audio;

/// <summary>Damaged files are read or refused, without any other exception, and without memory for what a header announces.</summary>
public sealed class DamagedAudioTests
{
    const int Seeds = 600;
    const long MostBytes = 60_000_000;

    public static TheoryData<string> Files => [.. AudioFileTests.Compressed.Select(f => Path.GetFileName(f)!)];

    [Theory]
    [MemberData(nameof(Files))]
    public void ADamagedFileIsReadOrRefused(string name)
    {
        var file = File.ReadAllBytes(Golden.File("audio", "compressed", name));
        for (var seed = 0; seed < Seeds; seed++)
        {
            var damaged = Damaged(file, new Random(seed));
            if (seed % 2 == 0)
                RepairPages(damaged); // otherwise no damage would reach the decoder behind the checksums
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                AudioFileTests.Read(damaged);
            }
            catch (InvalidDataException e)
            {
                Assert.Matches(@"^a\.audio: .*\. [A-Z].*(again\.|out\.wav|recording\.)$", e.Message);
            }
            catch (Exception e)
            {
                Assert.Fail($"{name}, seed {seed}: {e}");
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
        }
    }

    static byte[] Damaged(byte[] file, Random random)
    {
        byte[] result = random.Next(4) == 0 ? file[..random.Next(file.Length)] : [.. file];
        for (var n = random.Next(1, 4); n > 0 && result.Length > 0; n--)
            result[random.Next(2) == 0 ? random.Next(Math.Min(200, result.Length)) : random.Next(result.Length)] = (byte)random.Next(256);
        return result;
    }

    static void RepairPages(byte[] file)
    {
        for (var at = 0; at + 27 < file.Length && file.AsSpan(at).StartsWith("OggS"u8);)
        {
            var sizes = file.AsSpan(at + 27, Math.Min(file[at + 26], file.Length - at - 27));
            var length = 27 + sizes.Length;
            foreach (var size in sizes)
                length += size;
            if (at + length > file.Length)
                return;
            file.AsSpan(at + 22, 4).Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + 22), Checksum.Ogg.Of(file.AsSpan(at, length)));
            at += length;
        }
    }

    /// <summary>
    /// The end of a Vorbis stream cuts samples off its last packet alone. An end before that packet is a mistake of the file, and the
    /// decoder would wait for ever.
    /// </summary>
    [Fact]
    public void AnEndBeforeTheLastPacketIsIgnored()
    {
        var packets = new OggPackets(File.ReadAllBytes(Golden.File("audio", "compressed", "speech_Vorbis.ogg")), new("a")).Read();
        var end = packets[^1].Granule!.Value;
        var whole = Read(null);
        Assert.Equal(end, Read(end).Length);
        Assert.True(whole.Length > end, "the file must end within its last packet");
        Assert.Equal(whole[..(int)(end - 7)], Read(end - 7));
        foreach (var wrong in new[] { 0, 1, end / 2, long.MinValue / 2, long.MaxValue })
            Assert.Equal(whole, Read(wrong));

        float[] Read(long? at)
        {
            packets[^1] = packets[^1] with { Granule = at };
            return new VorbisReader(packets, new("a")).Read().Samples;
        }
    }

    /// <summary>A codebook that announces more than any file has, so that the decoder would reserve gigabytes or wait for ever.</summary>
    [Theory]
    [InlineData("ffff ffffff 01")] // 65,535 values for each of 16,777,215 words
    [InlineData("0100 ffffff 01")] // in order, but no word of any length follows
    [InlineData("0100 ffffff 00")] // words without lengths
    public void LyingCodebooksAreRefused(string book)
    {
        var packets = new OggPackets(File.ReadAllBytes(Golden.File("audio", "compressed", "speech_Vorbis.ogg")), new("a")).Read();
        byte[] setup = [5, .. "vorbis"u8, 0, .. "BCV"u8, .. Convert.FromHexString(book.Replace(" ", "", StringComparison.Ordinal))];
        packets[2] = packets[2] with { Bytes = setup };
        Assert.Contains("codebooks are damaged",
            Assert.Throws<InvalidDataException>(() => new VorbisReader(packets, new("a")).Read()).Message, StringComparison.Ordinal);
    }
}
