// TensorBoard's log: records of length and CRC around a protobuf message, whose types TorchSharp brings along. TorchSharp's own writer
// keeps its file open, buffers, and purges nothing when a run resumes; this log is opened for each
// event and closed again, so a killed run leaves at most half a record, which TensorBoard skips. No run needs it: where it cannot be
// written, that is told once, and the run goes on.
using System.Buffers.Binary;
using System.Numerics;
using Google.Protobuf;
using Qwen3Tts.Audio;
using Qwen3Tts.Files;
using Tensorboard;

namespace Qwen3Tts.Training.Pages;

/// <summary>The events of one session of a run.</summary>
sealed class EventFile : IDisposable
{
    readonly string _path;
    readonly Action<string>? _warn;
    readonly OutputRecord _record;
    GrowingFile? _file;
    bool _failed;

    /// <param name="folder">Of the log; TensorBoard reads all its files as one run.</param>
    /// <param name="after">The step that this session goes on from: what other files say about later steps is no longer true.</param>
    /// <param name="record">Where the file is put on record; null is that of the folder.</param>
    /// <param name="warn">Told once when the log cannot be written.</param>
    public EventFile(string folder, int after, Action<string>? warn = null, OutputRecord? record = null)
    {
        (_warn, _record) = (warn, record ?? OutputRecord.At(folder));
        _path = Path.Combine(folder, FormattableString.Invariant($"events.out.tfevents.{Seconds():0.000}.{Environment.MachineName}"));
        Write(new() { FileVersion = "brain.Event:2" });
        if (after > 0) // steps later than this are purged
            Write(new() { Step = after + 1, SessionLog = new() { Status = SessionLog.Types.SessionStatus.Start } });
    }

    /// <summary>Numbers of one step.</summary>
    public void Scalars(int step, IEnumerable<(string Tag, double? Value)> values)
    {
        var summary = new Summary();
        foreach (var (tag, value) in values)
            if (value is { } v)
                summary.Value.Add(new Summary.Types.Value { Tag = tag, SimpleValue = (float)v });
        Write(new() { Step = step, Summary = summary });
    }

    /// <summary>A sound of one step, to be played in the browser.</summary>
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

    /// <summary>Length, its CRC, data, its CRC.</summary>
    internal static byte[] Record(byte[] data)
    {
        var record = new byte[12 + data.Length + 4];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc(record.AsSpan(0, 8)));
        data.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), MaskedCrc(data));
        return record;
    }

    /// <summary>CRC-32C, turned and offset as the format asks, so that a CRC over CRCs stays one.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var b in data)
            crc = BitOperations.Crc32C(crc, b);
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xA282EAD8;
    }
}
