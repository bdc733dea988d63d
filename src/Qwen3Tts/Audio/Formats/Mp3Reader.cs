// Reads MP3, and the layers I and II of MPEG audio. NLayer decodes a frame; finding the frames is done here, so that damage is an error
// with its place. The silence that encoders add at both ends is cut off if the file says how long it is.
//
// Three defects of NLayer 3.0.1 were found by comparing it with libsndfile. It decodes 8 kHz wrongly, so files of this rate are refused.
// At 44.1 and 48 kHz, sounds above 15.6 kHz in transients may have a wrong level; resampling to the models' 24 kHz removes these
// frequencies. At 24 kHz, the limit between two bands near 6.9 kHz is wrong by two of 576 lines, which is 60 dB below the speech.
using NLayer;

namespace Qwen3Tts.Audio;

/// <param name="file">The whole file.</param>
/// <param name="at">Position behind the tag at its beginning.</param>
/// <param name="errors">Makes the messages.</param>
sealed class Mp3Reader(byte[] file, int at, AudioErrors errors)
{
    /// <summary>Samples by which every decoder of layer III is late.</summary>
    const int DecoderDelay = 529;
    const int WrongRate = 8000; // see above

    static ReadOnlySpan<byte> Xing => "Xing"u8;
    static ReadOnlySpan<byte> Info => "Info"u8;
    static ReadOnlySpan<byte> Vbri => "VBRI"u8;

    readonly MpegFrameDecoder _decoder = new();
    int _at = at, _frame;

    /// <summary>The recording, mono, at its own rate.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or there is no frame of MPEG audio in it.</exception>
    public Waveform Read()
    {
        var first = FindFrame(_at) ?? throw errors.Bad("it begins like an MP3 file, but has no frame of MPEG audio",
            $"If it is audio, {char.ToLowerInvariant(errors.Convert[0])}{errors.Convert[1..]}");
        if (first.SampleRate == WrongRate && first.Layer == MpegLayer.LayerIII)
            throw errors.Bad($"it is MP3 of {WrongRate} Hz, which is not read", errors.Convert);
        var (skip, cut) = (0, 0);
        if (IsInformation(first))
        {
            (skip, cut) = Silence(first.Bytes);
            _at += first.FrameLength;
        }
        var mixer = new MonoMixer(first.Channels, errors);
        var sound = new float[2 * 1152];
        while (NextFrame(first) is { } frame)
            mixer.Add(sound.AsSpan(0, Decode(frame, sound, mixer.Count > 0)));
        return mixer.Finish(first.SampleRate, skip, mixer.Count - skip - (long)cut);
    }

    /// <summary>Moves to the first frame that another frame or the end of the file follows.</summary>
    Mp3Frame? FindFrame(int from)
    {
        for (var at = from; at + Mp3Frame.HeaderBytes <= file.Length; at++)
            if (Mp3Frame.At(file, at) is { } frame && at + frame.FrameLength is var next
                && (next == file.Length || Mp3Frame.At(file, next)?.IsLike(frame) == true || IsTag(next) && next <= file.Length))
            {
                _at = at;
                return frame;
            }
        return null;
    }

    /// <summary>The next frame, or null at the end. A frame that is cut off at the end of the file is left out.</summary>
    Mp3Frame? NextFrame(Mp3Frame first)
    {
        var left = file.AsSpan(Math.Min(_at, file.Length));
        if (left.Length < Mp3Frame.HeaderBytes || IsTag(_at) || left.IndexOfAnyExcept((byte)0) < 0)
            return null;
        _frame++;
        if (Mp3Frame.At(file, _at) is not { } frame)
            throw errors.Bad($"there is no frame {_frame} at byte {_at}", AudioErrors.Again, "a frame is missing");
        if (!frame.IsLike(first))
            throw errors.Bad($"frame {_frame} at byte {_at} has another format than the first one", errors.Convert,
                "its format changes");
        _at += frame.FrameLength;
        return _at <= file.Length ? frame : null;
    }

    /// <summary>A tag begins here, which ends the sound: ID3, Lyrics3 or APE.</summary>
    bool IsTag(int at) => at < file.Length && file.AsSpan(at) is var rest
        && (rest.StartsWith("TAG"u8) || rest.StartsWith("ID3"u8) || rest.StartsWith("LYRICS"u8) || rest.StartsWith("APETAGEX"u8));

    /// <summary>Decodes a frame; returns the number of values of all channels.</summary>
    int Decode(Mp3Frame frame, float[] sound, bool isLater)
    {
        try
        {
            var count = _decoder.DecodeFrame(frame, sound, 0);
            if (count > 0)
                return count;
        }
        catch (Exception e) when (e is not OutOfMemoryException && isLater) // the decoder has errors of many types for a damaged frame
        {
            throw errors.Bad($"frame {_frame} cannot be decoded", AudioErrors.Again, "a frame cannot be decoded", e);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
        }
        // The first frames of a recording that was cut out of another one need bits that are not there any more.
        sound.AsSpan().Clear();
        return frame.SampleCount * frame.Channels;
    }

    /// <summary>The frame describes the file and has no sound.</summary>
    static bool IsInformation(Mp3Frame frame)
    {
        var bytes = frame.Bytes;
        var begin = Mp3Frame.HeaderBytes + frame.SideBytes;
        return bytes.Length > begin && (bytes[begin..].StartsWith(Xing) || bytes[begin..].StartsWith(Info))
            || bytes.Length > 36 && bytes[36..].StartsWith(Vbri);
    }

    /// <summary>Numbers of samples that the encoder added at both ends, as LAME and others write them behind the letters Xing.</summary>
    static (int Begin, int End) Silence(ReadOnlySpan<byte> bytes)
    {
        var begin = bytes.IndexOf(Xing) is >= 0 and var x ? x : bytes.IndexOf(Info);
        if (begin < 0 || begin + 8 > bytes.Length)
            return default;
        var flags = bytes[begin + 7];
        var lame = bytes[Math.Min(bytes.Length, begin + 8 + ((flags & 1) != 0 ? 4 : 0) + ((flags & 2) != 0 ? 4 : 0)
            + ((flags & 4) != 0 ? 100 : 0) + ((flags & 8) != 0 ? 4 : 0))..];
        if (lame.Length < 24 || !(lame.StartsWith("LAME"u8) || lame.StartsWith("Lav"u8)))
            return default;
        var (delay, padding) = (lame[21] << 4 | lame[22] >> 4, (lame[22] & 15) << 8 | lame[23]);
        return delay + padding == 0 ? default : (delay + DecoderDelay, Math.Max(0, padding - DecoderDelay));
    }
}
