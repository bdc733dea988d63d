// MD5 (RFC 1321), which FLAC has as the checksum of all samples. That of .NET needs libssl on Linux; Sha256.cs says more.
using System.Buffers.Binary;
using System.Numerics;

namespace Qwen3Tts.Audio;

/// <summary>Computes the MD5 of bytes that are added one after another.</summary>
sealed class Md5
{
    const int Block = 64, LengthBytes = 8;

    static readonly int[] Shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]; // four for each group of 16 rounds
    static readonly uint[] K = [.. Enumerable.Range(1, Block).Select(i => (uint)(Math.Abs(Math.Sin(i)) * (1L << 32)))];

    readonly uint[] _state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
    readonly byte[] _rest = new byte[Block]; // the beginning of the next block
    long _length;

    /// <summary>Adds bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var begun = (int)(_length % Block);
            var part = bytes[..Math.Min(Block - begun, bytes.Length)];
            part.CopyTo(_rest.AsSpan(begun));
            _length += part.Length;
            bytes = bytes[part.Length..];
            if (begun + part.Length == Block)
                Compress();
        }
    }

    /// <summary>Ends the bytes. Nothing may be added afterwards.</summary>
    /// <returns>The hash, 16 bytes.</returns>
    public byte[] Finish()
    {
        var bits = _length * 8;
        Add([0x80]);
        Add(new byte[(2 * Block - LengthBytes - (int)(_length % Block)) % Block]);
        var end = new byte[LengthBytes];
        BinaryPrimitives.WriteInt64LittleEndian(end, bits);
        Add(end);
        var result = new byte[_state.Length * sizeof(uint)];
        for (var i = 0; i < _state.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(i * sizeof(uint)), _state[i]);
        return result;
    }

    void Compress()
    {
        var (a, b, c, d) = (_state[0], _state[1], _state[2], _state[3]);
        for (var i = 0; i < Block; i++)
        {
            var (mixed, word) = (i / 16) switch
            {
                0 => (b & c | ~b & d, i),
                1 => (d & b | ~d & c, 5 * i + 1),
                2 => (b ^ c ^ d, 3 * i + 5),
                _ => (c ^ (b | ~d), 7 * i),
            };
            mixed += a + K[i] + BinaryPrimitives.ReadUInt32LittleEndian(_rest.AsSpan(word % 16 * sizeof(uint)));
            (a, d, c, b) = (d, c, b, b + BitOperations.RotateLeft(mixed, Shifts[i / 16 * 4 + i % 4]));
        }
        (_state[0], _state[1], _state[2], _state[3]) = (_state[0] + a, _state[1] + b, _state[2] + c, _state[3] + d);
    }
}
