// Reads FLAC (RFC 9639). The checksums of frames and of all samples are compared, so a file that is read is the one that was written. No
// size in a header is trusted: the samples that really arrive are counted.
using System.Buffers.Binary;

namespace Qwen3Tts.Audio;

/// <param name="file">The whole file.</param>
/// <param name="at">Position of the letters fLaC.</param>
/// <param name="errors">Makes the messages.</param>
sealed class FlacReader(byte[] file, int at, AudioErrors errors)
{
    int _at = at;
    int _frame; // number of the frame that is read

    /// <summary>The recording, mono, at its own rate.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or not complete.</exception>
    public Waveform Read()
    {
        var stream = ReadHeader();
        var hash = new Md5();
        var mixer = new MonoMixer(stream.Channels, errors);
        var samples = new long[stream.Channels][];
        while (stream.Samples == 0 || mixer.Count < stream.Samples)
        {
            if (stream.Samples == 0 && IsEnd())
                break;
            if (_at >= file.Length)
                throw errors.Bad($"it ends after {mixer.Count} of {stream.Samples} samples", AudioErrors.Again, "it ends too early");
            var count = ReadFrame(stream, samples);
            if (stream.Samples > 0 && mixer.Count + count > stream.Samples)
                throw errors.Bad($"it has more than the {stream.Samples} samples that it announces", AudioErrors.Again,
                    "it has too many samples");
            FlacStream.AddTo(hash, samples, count, stream.Bits);
            mixer.Add(Amplitudes(samples, count, stream.Bits));
        }
        if (stream.Md5.Any(b => b != 0) && !hash.Finish().AsSpan().SequenceEqual(stream.Md5))
            throw errors.Bad("the checksum (MD5) of its samples is wrong", AudioErrors.Again);
        return mixer.Finish(stream.Rate);
    }

    /// <summary>Nothing follows, or a tag that programs for MP3 append to any file.</summary>
    bool IsEnd() => _at >= file.Length || file.AsSpan(_at).StartsWith("TAG"u8);

    FlacStream ReadHeader()
    {
        _at += 4;
        FlacStream? stream = null;
        for (var last = false; !last;)
        {
            if (_at + 4 > file.Length)
                throw errors.Bad("it ends in the middle of its header", AudioErrors.Again);
            var head = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(_at));
            var (type, size) = ((int)(head >> 24 & 0x7F), (int)(head & 0xFFFFFF));
            last = head >> 31 != 0;
            _at += 4;
            if (size > file.Length - _at)
                throw errors.Bad("it ends in the middle of its header", AudioErrors.Again);
            if (stream is null)
                stream = type == FlacStream.Type && size == FlacStream.Bytes ? FlacStream.Read(file, _at, errors)
                    : throw errors.Bad($"its header begins with a block of type {type} and {size} bytes, not with its format",
                        AudioErrors.Again, "its header is damaged");
            _at += size;
        }
        return stream!;
    }

    /// <summary>Reads the next frame; returns its number of samples.</summary>
    /// <param name="stream">The format of the file.</param>
    /// <param name="samples">out: samples [channel][n]; the arrays may be longer.</param>
    int ReadFrame(FlacStream stream, long[][] samples)
    {
        var begin = _at;
        _frame++;
        Exception Bad(string what) => errors.Bad($"frame {_frame} at byte {begin}: {what}", AudioErrors.Again, "a frame is damaged");
        if (!FlacFrame.BeginsAt(file, begin))
            throw Bad("there is no frame");
        try
        {
            var bits = new BitReader(file, begin);
            var frame = FlacFrame.Read(file, bits, stream, Bad);
            var subframe = new FlacSubframe(bits, Bad);
            for (var c = 0; c < samples.Length; c++)
            {
                var isSide = frame.Stereo == FlacStereo.SideAndRight ? c == 0 : frame.Stereo != FlacStereo.Separate && c == 1;
                if (samples[c] is null || samples[c].Length < frame.Samples)
                    samples[c] = new long[frame.Samples];
                subframe.Read(samples[c].AsSpan(0, frame.Samples), stream.Bits + (isSide ? 1 : 0));
            }
            bits.ToNextByte();
            var end = bits.Position;
            if (bits.Bits(16) != Checksum.Flac16.Of(file.AsSpan(begin, end - begin)))
                throw Bad("its checksum is wrong");
            _at = bits.Position;
            Separate(samples, frame);
            return frame.Samples;
        }
        catch (EndOfStreamException e)
        {
            throw errors.Bad($"it ends in the middle of frame {_frame}", AudioErrors.Again, "it ends too early", e);
        }
    }

    /// <summary>Turns side and mid into left and right. The side is left minus right, and the mid lacks the lowest bit of their sum, which
    /// is the lowest bit of the side.</summary>
    static void Separate(long[][] samples, FlacFrame frame)
    {
        for (var t = 0; frame.Stereo != FlacStereo.Separate && t < frame.Samples; t++)
        {
            var (a, b) = (samples[0][t], samples[1][t]);
            (samples[0][t], samples[1][t]) = frame.Stereo switch
            {
                FlacStereo.LeftAndSide => (a, a - b),
                FlacStereo.SideAndRight => (a + b, b),
                _ => ((a << 1 | b & 1) + b >> 1, (a << 1 | b & 1) - b >> 1),
            };
        }
    }

    static float[] Amplitudes(long[][] samples, int count, int bits)
    {
        var result = new float[count * samples.Length];
        var scale = (float)(1L << bits - 1);
        for (var t = 0; t < count; t++)
            for (var c = 0; c < samples.Length; c++)
                result[t * samples.Length + c] = samples[c][t] / scale;
        return result;
    }
}
