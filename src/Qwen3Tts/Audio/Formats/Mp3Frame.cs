// A frame of MPEG audio: its header, and its bits for the decoder NLayer. Frames have no marks but their first eleven bits, so a frame
// counts as one only if another frame, or the end of the file, follows at the place that its length leads to.
using System.Buffers.Binary;
using NLayer;

namespace Qwen3Tts.Audio;

/// <summary>A frame in a file.</summary>
sealed class Mp3Frame : IMpegFrame
{
    public const int HeaderBytes = 4;

    static readonly int[][] KiloBits =
    [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448], // version 1, layer I
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384], // version 1, layer II
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320], // version 1, layer III
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256], // versions 2 and 2.5, layer I
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160], // versions 2 and 2.5, layers II and III
    ];

    static readonly int[] FullRates = [44100, 48000, 32000];

    readonly byte[] _file;
    readonly int _at;
    readonly uint _header;
    long _bit;

    Mp3Frame(byte[] file, int at, uint header) => (_file, _at, _header) = (file, at, header);

    /// <summary>The frame at a place, or null if its header is none, or has no length.</summary>
    public static Mp3Frame? At(byte[] file, int at)
    {
        if (at + HeaderBytes > file.Length)
            return null;
        var header = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
        var frame = new Mp3Frame(file, at, header);
        var isFrame = header >> 21 == 0x7FF && (header >> 19 & 3) != 1 && (header >> 17 & 3) != 0 && frame.BitRateIndex is > 0 and < 15
            && frame.SampleRateIndex < 3;
        return isFrame && frame.FrameLength >= HeaderBytes + (frame.HasCrc ? 2 : 0) + frame.SideBytes ? frame : null;
    }

    /// <summary>The other frame may follow in the same recording.</summary>
    public bool IsLike(Mp3Frame other) =>
        Version == other.Version && Layer == other.Layer && SampleRate == other.SampleRate && Channels == other.Channels;

    /// <summary>The bytes of the frame, or those that are left in the file.</summary>
    public ReadOnlySpan<byte> Bytes => _file.AsSpan(_at, Math.Min(FrameLength, _file.Length - _at));

    /// <summary>Bytes between the header and the sound, which say how the sound is divided. Only layer III has them.</summary>
    public int SideBytes => Layer != MpegLayer.LayerIII ? 0 : IsFull ? Channels == 1 ? 17 : 32 : Channels == 1 ? 9 : 17;

    bool IsFull => Version == MpegVersion.Version1; // the other versions have half of the sample rates, or a quarter

    public int Channels => ChannelMode == MpegChannelMode.Mono ? 1 : 2;
    public int SampleRate => FullRates[SampleRateIndex] / (IsFull ? 1 : Version == MpegVersion.Version2 ? 2 : 4);
    public int SampleRateIndex => (int)(_header >> 10 & 3);
    public int BitRate => 1000 * KiloBits[IsFull ? (int)Layer - 1 : Layer == MpegLayer.LayerI ? 3 : 4][BitRateIndex];
    public int BitRateIndex => (int)(_header >> 12 & 15);
    public MpegVersion Version => (_header >> 19 & 3) switch
    {
        0 => MpegVersion.Version25,
        2 => MpegVersion.Version2,
        _ => MpegVersion.Version1,
    };
    public MpegLayer Layer => (MpegLayer)(4 - (_header >> 17 & 3));
    public MpegChannelMode ChannelMode => (MpegChannelMode)(_header >> 6 & 3);
    public int ChannelModeExtension => (int)(_header >> 4 & 3);
    public int SampleCount => Layer == MpegLayer.LayerI ? 384 : Layer == MpegLayer.LayerIII && !IsFull ? 576 : 1152;
    public bool IsCopyrighted => (_header & 8) != 0;
    public bool HasCrc => (_header & 0x10000) == 0;
    public bool IsCorrupted => false;
    int Padding => (int)(_header >> 9 & 1);

    public int FrameLength => Layer == MpegLayer.LayerI ? (12 * BitRate / SampleRate + Padding) * 4
        : SampleCount / 8 * BitRate / SampleRate + Padding;

    public void Reset() => _bit = 8 * (HeaderBytes + (HasCrc ? 2 : 0));

    public int ReadBits(int bitCount)
    {
        if (_bit + bitCount > 8L * Bytes.Length)
            throw new EndOfStreamException();
        var result = 0u;
        for (var i = 0; i < bitCount; i++, _bit++)
            result = result << 1 | (uint)(_file[_at + (int)(_bit >> 3)] >> 7 - (int)(_bit & 7) & 1);
        return (int)result;
    }
}
