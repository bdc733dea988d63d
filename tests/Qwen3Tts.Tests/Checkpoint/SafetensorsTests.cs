using System.Buffers.Binary;
using System.Text;
using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Tests.Checkpoint;

public sealed class SafetensorsTests
{
    static string Raw(string header, int data = 0, ulong? announced = null)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + data];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, announced ?? (ulong)json.Length);
        json.CopyTo(bytes, 8);
        var path = Path.Combine(Scratch.New(), "model.safetensors");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    [Fact]
    public void WrittenIsReadBack()
    {
        var random = new Random(1);
        var folder = Scratch.New();
        float[] a = [.. Enumerable.Range(0, 35).Select(_ => random.NextSingle())];
        ushort[] b = [.. Enumerable.Range(0, 12).Select(_ => (ushort)random.Next(0x7F80))];
        var path = Path.Combine(folder, "model.safetensors");
        SafetensorsWriter.Write(path,
            [TensorToWrite.FromArray("a", [5, 7], a), TensorToWrite.FromArray("b", [3, 4], b),
                TensorToWrite.FromArray("none", [0, 4], Array.Empty<float>())]);
        using var file = SafetensorsFile.Open(path);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal(a, file.Float32("a"));
        Assert.Equal(b, file.BFloat16("b").ToArray());
        Assert.Equal(b.Select(v => BitConverter.UInt32BitsToSingle((uint)v << 16)), file.Float32("b"));
        Assert.Empty(file.Float32("none"));
        Assert.Equal(0, file.Entry("a").Offset % 8);
        Assert.Equal([path], Directory.GetFiles(folder));
    }

    [Fact]
    public void HalfPrecisionIsWidened()
    {
        var path = Raw("""{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}""", 4);
        var bytes = File.ReadAllBytes(path);
        BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan()[^4..], (Half)1.5f);
        BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan()[^2..], (Half)(-0.25f));
        File.WriteAllBytes(path, bytes);
        using var file = SafetensorsFile.Open(path);
        Assert.Equal([1.5f, -0.25f], file.Float32("h"));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "overlapping")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "truncated")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "appended")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}""", 2, "F8_E4M3")]
    [InlineData("""{"a":{"dtype":"0","shape":[2],"data_offsets":[0,4]}}""", 4, "'0'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "negative")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "do not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""", 8, "more elements")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775807]}}""", 8, "do not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", 8, "JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16, "twice")]
    [InlineData("not json", 0, "JSON")]
    public void HostileHeadersGiveOneClearError(string header, int data, string says)
    {
        var path = Raw(header, data);
        var e = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));
        Assert.Contains(says, e.Message);
        Assert.Contains(path, e.Message);
    }

    [Theory]
    [InlineData(1UL << 60)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1000UL)]
    public void HugeHeaderLengthsAllocateNothing(ulong announced)
    {
        var path = Raw("{}", 0, announced);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void EveryTruncationIsFound()
    {
        var whole = File.ReadAllBytes(Golden.File("forward", "rope.safetensors"));
        var path = Path.Combine(Scratch.New(), "cut.safetensors");
        for (var length = 0; length < whole.Length; length += 997)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));
        }
    }

    [Fact]
    public void AWriterThatFailsLeavesTheOldFile()
    {
        var path = Path.Combine(Scratch.New(), "model.safetensors");
        SafetensorsWriter.Write(path, [TensorToWrite.FromArray("a", [1], new float[] { 1 })]);
        Assert.Throws<IOException>(() =>
            SafetensorsWriter.Write(path, [new("a", ElementType.F32, [1], _ => throw new IOException("disk full"))]));
        using var file = SafetensorsFile.Open(path);
        Assert.Equal([1f], file.Float32("a"));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }
}
