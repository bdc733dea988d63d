using System.Buffers.Binary;
using System.Text;
using Qwen3Tts.Audio;
using Qwen3Tts.Training.Pages;

namespace Qwen3Tts.Tests;

/// <summary>TensorBoard's format, read by a reader that shares no code with the writer.</summary>
public sealed class EventFileTests
{
    [Fact]
    public void TheChecksumIsThatOfTheStandard()
    {
        // The CRC-32C of "123456789" is E3069283 in its specification; the mask is that of TFRecord.
        var crc = 0xE3069283;
        Assert.Equal((crc >> 15 | crc << 17) + 0xA282EAD8, EventFile.MaskedCrc("123456789"u8));
    }

    /// <summary>The records of a file; lengths and checksums are checked.</summary>
    static List<byte[]> Records(string folder)
    {
        var (bytes, records) = (File.ReadAllBytes(Assert.Single(Directory.GetFiles(folder, "events.out.tfevents.*"))), new List<byte[]>());
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(EventFile.MaskedCrc(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            records.Add(bytes[(at + 12)..(at + 12 + length)]);
            Assert.Equal(EventFile.MaskedCrc(records[^1]), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            at += 16 + length;
        }
        return records;
    }

    /// <summary>The fields of a protobuf message: numbers as numbers, all others as bytes.</summary>
    static List<(int Field, long Number, byte[] Bytes)> Fields(byte[] message)
    {
        var (at, fields) = (0, new List<(int, long, byte[])>());
        long VarInt()
        {
            long value = 0;
            for (var shift = 0; ; shift += 7)
            {
                value |= (long)(message[at] & 0x7F) << shift;
                if (message[at++] < 0x80)
                    return value;
            }
        }
        while (at < message.Length)
        {
            var key = VarInt();
            if ((key & 7) == 0)
            {
                fields.Add(((int)(key >> 3), VarInt(), []));
                continue;
            }
            var length = (key & 7) switch { 1 => 8, 5 => 4, _ => (int)VarInt() };
            fields.Add(((int)(key >> 3), 0, message[at..(at + length)]));
            at += length;
        }
        return fields;
    }

    [Fact]
    public void ScalarsAndSoundsComeBack()
    {
        var folder = Scratch.New();
        var events = new EventFile(folder, after: 0);
        events.Scalars(300, [("loss/talker", 2.5), ("held out/talker", null), ("tokens a second", 1e4)]);
        var speech = new Waveform([0, 0.5f, -0.5f], 24000);
        events.Sound(301, "take 1", speech);

        var records = Records(folder);
        Assert.Equal("brain.Event:2", Encoding.UTF8.GetString(Fields(records[0]).Single(f => f.Field == 3).Bytes));
        Assert.InRange(BitConverter.ToDouble(Fields(records[0]).Single(f => f.Field == 1).Bytes), 1.7e9, 1e11);
        Assert.Equal(300, Fields(records[1]).Single(f => f.Field == 2).Number);
        var values = Fields(Fields(records[1]).Single(f => f.Field == 5).Bytes).Select(v => Fields(v.Bytes))
            .Select(v => (Encoding.UTF8.GetString(v.Single(f => f.Field == 1).Bytes),
            BitConverter.ToSingle(v.Single(f => f.Field == 2).Bytes)));
        Assert.Equal([("loss/talker", 2.5f), ("tokens a second", 1e4f)], values);
        var sound = Fields(Fields(Fields(Fields(records[2]).Single(f => f.Field == 5).Bytes).Single().Bytes).Single(
            f => f.Field == 6).Bytes);
        Assert.Equal((24000f, 1, 3), (BitConverter.ToSingle(sound.Single(f => f.Field == 1).Bytes), sound.Single(f => f.Field == 2).Number,
            sound.Single(f => f.Field == 3).Number));
        Assert.Equal(speech.Samples, WavFile.Read(new MemoryStream(sound.Single(f => f.Field == 4).Bytes), "sound").Samples, (a, b) =>
            Math.Abs(a - b) < 1e-4);
    }

    [Fact]
    public void ASessionThatGoesOnTakesBackWhatCameAfter()
    {
        var folder = Scratch.New();
        _ = new EventFile(folder, after: 40);
        var start = Fields(Records(folder)[1]);
        Assert.Equal((41, 1), (start.Single(f => f.Field == 2).Number,
            Fields(start.Single(f => f.Field == 7).Bytes).Single(f => f.Field == 1).Number));
    }
}
