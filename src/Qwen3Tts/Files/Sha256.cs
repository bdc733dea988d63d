// SHA-256 (FIPS 180-4). On Linux, .NET takes it from libssl, and where that is missing, as in small containers, it ends the whole process.
// To speak must not need it. The trainer hashes gigabytes and takes that of .NET: 1.1 GB a second instead of 0.15.
using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Qwen3Tts.Files;

/// <summary>Computes the SHA-256 of bytes that are added one after another.</summary>
sealed class Sha256
{
    const int Block = 64, LengthBytes = 8;

    // The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    static readonly uint[] K =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    readonly IncrementalHash? _system = UsesSystem ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    // The first 32 bits of the fractional parts of the square roots of the first 8 primes.
    readonly uint[] _state =
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    readonly byte[] _rest = new byte[Block]; // the beginning of the next block
    long _length;

    /// <summary>True to take .NET's implementation for all hashes that are begun from now on.</summary>
    public static bool UsesSystem { get; set; } = !OperatingSystem.IsLinux();

    /// <summary>The hash of these bytes.</summary>
    public static byte[] Of(ReadOnlySpan<byte> bytes)
    {
        var hash = new Sha256();
        hash.Add(bytes);
        return hash.Current();
    }

    /// <summary>The hash of what is left of a stream.</summary>
    public static byte[] Of(Stream stream)
    {
        var (hash, buffer) = (new Sha256(), new byte[1 << 16]);
        while (stream.Read(buffer) is > 0 and var n)
            hash.Add(buffer.AsSpan(0, n));
        return hash.Current();
    }

    /// <summary>Adds bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_system is not null)
        {
            _system.AppendData(bytes);
            return;
        }
        var begun = (int)(_length % Block);
        _length += bytes.Length;
        if (begun > 0)
        {
            var part = bytes[..Math.Min(Block - begun, bytes.Length)];
            part.CopyTo(_rest.AsSpan(begun));
            bytes = bytes[part.Length..];
            if (begun + part.Length < Block)
                return;
            Compress(_state, _rest);
        }
        for (; bytes.Length >= Block; bytes = bytes[Block..])
            Compress(_state, bytes);
        bytes.CopyTo(_rest);
    }

    /// <summary>The hash of all bytes so far, 32 bytes. More may be added afterwards.</summary>
    public byte[] Current()
    {
        if (_system is not null)
            return _system.GetCurrentHash();
        var (state, begun) = ((uint[])_state.Clone(), (int)(_length % Block));
        var end = new byte[begun + 1 + LengthBytes <= Block ? Block : 2 * Block]; // the rest, a bit, zeros, and the number of bits
        _rest.AsSpan(0, begun).CopyTo(end);
        end[begun] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(end.AsSpan(end.Length - LengthBytes), _length * 8);
        for (var at = 0; at < end.Length; at += Block)
            Compress(state, end.AsSpan(at));
        var result = new byte[state.Length * sizeof(uint)];
        for (var i = 0; i < state.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(result.AsSpan(i * sizeof(uint)), state[i]);
        return result;
    }

    static void Compress(uint[] state, ReadOnlySpan<byte> block)
    {
        Span<uint> w = stackalloc uint[Block];
        for (var i = 0; i < 16; i++)
            w[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(i * sizeof(uint))..]);
        for (var i = 16; i < w.Length; i++)
            w[i] = w[i - 16] + w[i - 7]
                + (BitOperations.RotateRight(w[i - 15], 7) ^ BitOperations.RotateRight(w[i - 15], 18) ^ w[i - 15] >> 3)
                + (BitOperations.RotateRight(w[i - 2], 17) ^ BitOperations.RotateRight(w[i - 2], 19) ^ w[i - 2] >> 10);
        uint a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
        for (var i = 0; i < w.Length; i++)
        {
            var t = h + (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25))
                + (g ^ e & (f ^ g)) + K[i] + w[i];
            h = g;
            g = f;
            f = e;
            e = d + t;
            d = c;
            t += (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22))
                + (a & b | c & (a | b));
            c = b;
            b = a;
            a = t;
        }
        (state[0], state[1], state[2], state[3]) = (state[0] + a, state[1] + b, state[2] + c, state[3] + d);
        (state[4], state[5], state[6], state[7]) = (state[4] + e, state[5] + f, state[6] + g, state[7] + h);
    }
}
