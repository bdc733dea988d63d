// Writes TensorBoard's log byte by byte: records of length, CRC and a protobuf message of a few fields. The file is opened and closed for
// each event, so a killed run leaves at most one incomplete record, which TensorBoard skips. Training does not need this file: if it cannot
// be written, one warning is given, and training goes on.
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Pages;

/// <summary>The events of one session of a run: from its start, or from where it was resumed.</summary>
sealed class EventFile : IDisposable
{
    readonly string _path;
    readonly Action<string>? _warn;
    readonly OutputRecord _record;
    GrowingFile? _file;
    bool _failed;

    /// <param name="folder">Folder of the log; TensorBoard reads all files in it as one run.</param>
    /// <param name="after">The step that this session was resumed from; events of later steps in other files become invalid.</param>
    /// <param name="record">The record that gets the entry of the file; null takes that of the folder.</param>
    /// <param name="warn">Receives one message if the log cannot be written.</param>
    public EventFile(string folder, int after, Action<string>? warn = null, OutputRecord? record = null)
    {
        (_warn, _record) = (warn, record ?? OutputRecord.At(folder));
        _path = Path.Combine(folder, FormattableString.Invariant($"events.out.tfevents.{Seconds():0.000}.{Environment.MachineName}"));
        Write(e => e.Text(3, "brain.Event:2"));
        if (after > 0)
            Write(e => e.Number(2, after + 1).Message(7, session => session.Number(1, 1))); // session_log: START purges later steps
    }

    /// <summary>Writes numbers of one step.</summary>
    public void Scalars(int step, IEnumerable<(string Tag, double? Value)> values) => Write(e => e.Number(2, step).Message(5, summary =>
    {
        foreach (var (tag, value) in values)
            if (value is { } v)
                summary.Message(1, entry => entry.Text(1, tag).Float(2, (float)v));
    }));

    /// <summary>Writes audio of one step, which the browser can play.</summary>
    public void Sound(int step, string tag, Waveform speech)
    {
        var wav = new MemoryStream();
        WavFile.Write(wav, speech);
        Write(e => e.Number(2, step).Message(5, summary => summary.Message(1, entry => entry.Text(1, tag).Message(6, audio =>
            audio.Float(1, speech.SampleRate).Number(2, 1).Number(3, speech.Samples.Length).Bytes(4, wav.ToArray()).Text(5,
                "audio/wav")))));
    }

    static double Seconds() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    void Write(Action<Protobuf> fill)
    {
        if (_failed)
            return;
        var message = new Protobuf().Double(1, Seconds());
        fill(message);
        try
        {
            var bytes = Record(message.ToArray());
            _file ??= new(_path, _record);
            if (!_file.Append(bytes))
                throw new IOException("Another program changed it.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _failed = true;
            _warn?.Invoke($"Warning: '{_path}' for TensorBoard cannot be written: {e.Message} Training goes on without it; log.jsonl has " +
                $"the same numbers.");
        }
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>Writes one record: length, CRC of the length, data, CRC of the data.</summary>
    internal static byte[] Record(byte[] data)
    {
        var record = new byte[12 + data.Length + 4];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc(record.AsSpan(0, 8)));
        data.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), MaskedCrc(data));
        return record;
    }

    /// <summary>CRC-32C, rotated and offset as the format requires.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
            crc = BitOperations.Crc32C(crc, b);
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xA282EAD8;
    }

    /// <summary>The protobuf wire types that the log needs.</summary>
    sealed class Protobuf
    {
        readonly MemoryStream _bytes = new();

        public byte[] ToArray() => _bytes.ToArray();

        public Protobuf Number(int field, long value)
        {
            Key(field, 0);
            VarInt((ulong)value);
            return this;
        }

        public Protobuf Double(int field, double value)
        {
            Key(field, 1);
            _bytes.Write(BitConverter.GetBytes(value));
            return this;
        }

        public Protobuf Float(int field, float value)
        {
            Key(field, 5);
            _bytes.Write(BitConverter.GetBytes(value));
            return this;
        }

        public Protobuf Bytes(int field, byte[] value)
        {
            Key(field, 2);
            VarInt((ulong)value.Length);
            _bytes.Write(value);
            return this;
        }

        public Protobuf Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public Protobuf Message(int field, Action<Protobuf> fill)
        {
            var inner = new Protobuf();
            fill(inner);
            return Bytes(field, inner.ToArray());
        }

        void Key(int field, int wireType) => VarInt((ulong)(field << 3 | wireType));

        void VarInt(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
                _bytes.WriteByte((byte)(value | 0x80));
            _bytes.WriteByte((byte)value);
        }
    }
}
