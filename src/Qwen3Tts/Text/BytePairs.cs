// Byte pair encoding. The bytes of a piece of text are symbols. Of all neighbouring symbols that may merge, the pair with the lowest rank
// merges first, and of equal ranks the leftmost; this repeats until no pair may merge. A heap holds the candidates, so a long piece without
// blanks, such as a page of Chinese, costs n log n.
//
// Microsoft.ML.Tokenizers 2.0.1 was tried. Its merges give the same ids, but it takes 400 ms to load this vocabulary and half a second for
// a piece of 20,000 characters. Normal form, pre-tokenizers and control tokens would still have to be written here.
using System.Text;

namespace Qwen3Tts.Text;

/// <param name="bytes">Ids of the 256 single bytes.</param>
/// <param name="highestId">The largest id of the vocabulary.</param>
/// <param name="merges">Expected number of merges, for the initial capacity.</param>
sealed class BytePairs(int[] bytes, int highestId, int merges)
{
    readonly Dictionary<long, (int Rank, int Id)> _merges = new(merges);
    int _next;

    /// <summary>Adds the merge with the next rank.</summary>
    public void Add(int left, int right, int merged) => _merges[Key(left, right)] = (_next++, merged);

    /// <summary>Appends the ids of one piece.</summary>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        Span<byte> few = stackalloc byte[256];
        var most = Encoding.UTF8.GetMaxByteCount(piece.Length);
        var utf8 = most <= few.Length ? few : new byte[most];
        utf8 = utf8[..Encoding.UTF8.GetBytes(piece, utf8)];
        if (utf8.Length == 1)
            ids.Add(bytes[utf8[0]]);
        else
            Merge(utf8, ids);
    }

    void Merge(ReadOnlySpan<byte> utf8, List<int> ids)
    {
        var symbols = new int[utf8.Length]; // -1: merged into the symbol before it
        var (previous, next) = (new int[utf8.Length], new int[utf8.Length]); // indices of the neighbours, -1 at both ends
        for (var i = 0; i < utf8.Length; i++)
            (symbols[i], previous[i], next[i]) = (bytes[utf8[i]], i - 1, i + 1 < utf8.Length ? i + 1 : -1);

        var candidates = new PriorityQueue<(int At, int Left, int Right), (int Rank, int At)>();
        for (var i = 0; i < utf8.Length; i++)
            Offer(i);
        while (candidates.TryDequeue(out var pair, out _))
        {
            var right = next[pair.At];
            if (right < 0 || symbols[pair.At] != pair.Left || symbols[right] != pair.Right)
                continue; // one of the two symbols has merged with another one since
            symbols[pair.At] = _merges[Key(pair.Left, pair.Right)].Id;
            symbols[right] = -1;
            next[pair.At] = next[right];
            if (next[right] >= 0)
                previous[next[right]] = pair.At;
            if (previous[pair.At] >= 0)
                Offer(previous[pair.At]);
            Offer(pair.At);
        }
        for (var i = 0; i >= 0; i = next[i])
            ids.Add(symbols[i]);

        void Offer(int at)
        {
            if (next[at] >= 0 && _merges.TryGetValue(Key(symbols[at], symbols[next[at]]), out var merge))
                candidates.Enqueue((at, symbols[at], symbols[next[at]]), (merge.Rank, at));
        }
    }

    long Key(int left, int right) => left * (highestId + 1L) + right; // one key for each pair

    /// <summary>
    /// The letter that stands for a byte in the tokenizer files (GPT-2's rule): printable Latin-1 characters stand for themselves, the
    /// other 68 bytes are numbered from U+0100 on.
    /// </summary>
    public static char Letter(byte value) => Letters[value];

    /// <summary>The byte that a letter of the tokenizer files stands for; -1 for any other character.</summary>
    public static int Byte(char letter) => Letters.IndexOf(letter);

    static readonly string Letters = Spell();

    static string Spell()
    {
        var letters = new char[256];
        var others = 0;
        for (var b = 0; b < 256; b++)
            letters[b] = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? (char)b : (char)(256 + others++);
        return new(letters);
    }
}
