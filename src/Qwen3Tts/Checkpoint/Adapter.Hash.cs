// The hash that tells which weights an adapter was trained on.
using System.Text;
using Qwen3Tts.Files;

namespace Qwen3Tts.Checkpoint;

sealed partial class Adapter
{
    /// <summary>
    /// SHA-256 of the tensors of a part, the talker if none is named: the hash of their names and their own hashes in the order of the
    /// names, so that it does not depend on shards.
    /// </summary>
    public static string HashOf(Weights weights, string part = TensorNames.Talker)
    {
        var tensors = weights.Entries.Where(e => TensorNames.IsIn(e.Name, part))
            .OrderBy(e => e.Name, StringComparer.Ordinal).ToList();
        var each = new byte[tensors.Count][];
        Parallel.For(0, each.Length, i => each[i] = HashOf(weights.FileOf(tensors[i].Name), tensors[i]));
        var all = new Sha256();
        for (var i = 0; i < each.Length; i++)
        {
            all.Add(Encoding.UTF8.GetBytes(tensors[i].Name));
            all.Add(each[i]);
        }
        return Convert.ToHexStringLower(all.Current());
    }

    static byte[] HashOf(SafetensorsFile file, TensorEntry tensor)
    {
        var hash = new Sha256();
        var block = new byte[Math.Min(tensor.Bytes, 1 << 20)];
        for (long from = 0; from < tensor.Bytes; from += block.Length)
        {
            var part = block.AsSpan(0, (int)Math.Min(block.Length, tensor.Bytes - from));
            file.Read(tensor with { Offset = tensor.Offset + from, Bytes = part.Length }, part);
            hash.Add(part);
        }
        return hash.Current();
    }
}
