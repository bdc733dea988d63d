// Random changes of valid files. This part changes bytes. The other parts know JSON, lists and safetensors, so that a mutated file passes
// the first check of its reader.
using System.Buffers.Binary;

namespace Qwen3Tts.Fuzz;

/// <summary>Makes one mutated input; the same seed makes the same input.</summary>
public sealed partial class Mutator(int seed)
{
    public Random Random { get; } = new(seed);

    T Pick<T>(IReadOnlyList<T> from) => from[Random.Next(from.Count)];

    /// <summary>
    /// One to three changes of bytes: flipped, overwritten, removed, inserted, repeated, lengths replaced, the end cut off.
    /// </summary>
    public byte[] MutateBytes(byte[] content)
    {
        var bytes = new List<byte>(content);
        for (var n = Random.Next(1, 4); n > 0; n--)
            MutateOnce(bytes);
        return [.. bytes];
    }

    void MutateOnce(List<byte> bytes)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)Random.Next(256));
            return;
        }
        var at = Random.Next(3) == 0 ? Random.Next(Math.Min(bytes.Count, 64)) : Random.Next(bytes.Count); // headers more often
        switch (Random.Next(10))
        {
            case 0: bytes[at] ^= (byte)(1 << Random.Next(8)); break;
            case 1: bytes[at] = (byte)Random.Next(256); break;
            case 2: bytes.RemoveRange(at, bytes.Count - at); break;
            case 3: bytes.RemoveRange(at, Math.Min(Random.Next(1, 64), bytes.Count - at)); break;
            case 4: bytes.InsertRange(at, RandomBytes(Random.Next(1, 64))); break;
            case 5: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(Random.Next(1, 256), bytes.Count - at))); break;
            case 6: Overwrite(bytes, at, Number(4, bytes.Count)); break;
            case 7: Overwrite(bytes, Random.Next(2) == 0 ? 0 : at, Number(8, bytes.Count)); break;
            case 8: Overwrite(bytes, at, Number(2, bytes.Count)); break;
            default: Overwrite(bytes, at, new byte[Random.Next(1, 512)]); break;
        }
    }

    byte[] RandomBytes(int count)
    {
        var result = new byte[count];
        Random.NextBytes(result);
        return result;
    }

    /// <summary>A number that readers use as a length: extreme, or near the length of the file.</summary>
    byte[] Number(int width, long length)
    {
        var result = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(result,
            Random.Next(8) switch
            {
                0 => 0,
                1 => -1,
                2 => long.MaxValue,
                3 => int.MaxValue,
                4 => length,
                5 => length - width,
                6 => 1L << 31,
                _ => Random.NextInt64()
            });
        return result[..width];
    }

    static void Overwrite(List<byte> bytes, int at, byte[] by)
    {
        for (var i = 0; i < by.Length && at + i < bytes.Count; i++)
            bytes[at + i] = by[i];
    }
}
