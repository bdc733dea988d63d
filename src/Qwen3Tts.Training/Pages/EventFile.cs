// Writes the log that TensorBoard reads: records of length, CRC and a protobuf message. TorchSharp brings the types of the messages along.
// Its own writer is not used: it keeps the file open, buffers, and does not purge later steps when a run resumes. Here the file is opened
// and closed for each event, so a killed run leaves at most one incomplete record, which TensorBoard skips. Training does not need this
// file: if it cannot be written, one warning is given, and training goes on.
using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Tensorboard;

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
        Write(new() { FileVersion = "brain.Event:2" });
        if (after > 0) // steps later than this are purged
            Write(new() { Step = after + 1, SessionLog = new() { Status = SessionLog.Types.SessionStatus.Start } });
    }

    /// <summary>Writes numbers of one step.</summary>
    public void Scalars(int step, IEnumerable<(string Tag, double? Value)> values)
    {
        var summary = new Summary();
        foreach (var (tag, value) in values)
            if (value is { } v)
                summary.Value.Add(new Summary.Types.Value { Tag = tag, SimpleValue = (float)v });
        Write(new() { Step = step, Summary = summary });
    }

    /// <summary>Writes audio of one step, which the browser can play.</summary>
    public void Sound(int step, string tag, Waveform speech)
    {
        var wav = new MemoryStream();
        WavFile.Write(wav, speech);
        var audio = new Summary.Types.Audio
        {
            SampleRate = speech.SampleRate,
            NumChannels = 1,
            LengthFrames = speech.Samples.Length,
            EncodedAudioString = ByteString.CopyFrom(wav.ToArray()),
            ContentType = "audio/wav",
        };
        Write(new() { Step = step, Summary = new() { Value = { new Summary.Types.Value { Tag = tag, Audio = audio } } } });
    }

    static double Seconds() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    void Write(Event message)
    {
        if (_failed)
            return;
        message.WallTime = Seconds();
        try
        {
            var bytes = Record(message.ToByteArray());
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
}
