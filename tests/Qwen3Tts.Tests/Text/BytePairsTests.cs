using System.Text;
using CsCheck;
using Qwen3Tts.Text;

namespace Qwen3Tts.Tests.Text;

public sealed class BytePairsTests
{
    [Fact]
    public void HeapGivesWhatThePlainLoopGives()
    {
        var merges = Gen.Select(Gen.Int[0, 60], Gen.Int[0, 60]).Array[0, 60];
        var text = Gen.Char["abcdé"].Array[1, 40].Select(c => new string(c));
        Gen.Select(merges, text).Sample((rules, piece) =>
        {
            var ranks = new List<(int Left, int Right)>(); // the merge of rank r makes symbol 256 + r
            foreach (var (l, r) in rules)
            {
                var pair = (Symbol(l, ranks.Count), Symbol(r, ranks.Count));
                if (!ranks.Contains(pair))
                    ranks.Add(pair);
            }
            var pairs = new BytePairs([.. Enumerable.Range(0, 256)], 1000, ranks.Count);
            for (var r = 0; r < ranks.Count; r++)
                pairs.Add(ranks[r].Left, ranks[r].Right, 256 + r);
            var ids = new List<int>();
            pairs.Encode(piece, ids);
            Assert.Equal(Plain(Encoding.UTF8.GetBytes(piece), ranks), ids);
        }, iter: 5000);

        static int Symbol(int choice, int made) =>
            choice < 8 || made == 0 ? "abcd"[choice % 4] : choice < 12 ? Encoding.UTF8.GetBytes("é")[choice % 2] : 256 + choice % made;
    }

    static List<int> Plain(byte[] bytes, List<(int, int)> ranks)
    {
        var symbols = bytes.Select(b => (int)b).ToList();
        while (true)
        {
            var (best, at) = (int.MaxValue, -1);
            for (var i = 0; i + 1 < symbols.Count; i++)
                if (ranks.IndexOf((symbols[i], symbols[i + 1])) is >= 0 and var rank && rank < best)
                    (best, at) = (rank, i);
            if (at < 0)
                return symbols;
            symbols[at] = 256 + best;
            symbols.RemoveAt(at + 1);
        }
    }

    [Fact]
    public void LettersStandForBytesOneToOne()
    {
        Assert.Equal(256, Enumerable.Range(0, 256).Select(b => BytePairs.Letter((byte)b)).Distinct().Count());
        Assert.All(Enumerable.Range(0, 256), b => Assert.Equal(b, BytePairs.Byte(BytePairs.Letter((byte)b))));
        Assert.Equal('Ġ', BytePairs.Letter((byte)' '));
        Assert.Equal(-1, BytePairs.Byte('你'));
    }
}
