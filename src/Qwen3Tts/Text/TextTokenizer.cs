// Text to the ids that the model reads, as the official package does it: normal form C, pieces, byte pairs. One thing differs on purpose:
// head, text and tail of a turn are tokenised apart, so no merge crosses a seam, and a text that spells a control token stays text.
using System.Buffers;
using System.Text;
using Qwen3Tts.Files;

namespace Qwen3Tts.Text;

/// <summary>The tokenizer of a model folder: byte-level byte pair encoding. May be used by several threads at once.</summary>
public sealed class TextTokenizer
{
    readonly BytePairs _pairs;
    readonly Lazy<Dictionary<int, string>> _tokens; // by id, spelled as in the files; only decoding needs it
    readonly Dictionary<string, int> _added;
    readonly string[] _longestFirst;
    readonly SearchValues<string> _anyAdded;
    readonly int[] _assistantHead;

    TextTokenizer(BytePairs pairs, Dictionary<string, int> vocabulary, Dictionary<string, int> added, PreTokenizer preTokenizer)
    {
        (_pairs, _added, PreTokenizer) = (pairs, added, preTokenizer);
        _tokens = new(() => added.Concat(vocabulary).DistinctBy(t => t.Value).ToDictionary(t => t.Value, t => t.Key));
        Count = vocabulary.Count + added.Keys.Count(t => !vocabulary.ContainsKey(t));
        _longestFirst = [.. added.Keys.OrderByDescending(t => t.Length)];
        _anyAdded = SearchValues.Create(_longestFirst, StringComparison.Ordinal);
        _assistantHead = Encode("<|im_start|>assistant\n", controlTokens: true);
    }

    /// <summary>Reads <c>vocab.json</c>, <c>merges.txt</c> and <c>tokenizer_config.json</c>, or what is missing of them from
    /// <c>tokenizer.json</c>, and,
    /// for <see cref="PreTokenizer.Auto"/>, <c>config.json</c>.</summary>
    /// <param name="folder">A model folder in the official layout.</param>
    /// <param name="preTokenizer">Which expression cuts text into pieces; the default is the official loader's choice for a local
    /// folder.</param>
    /// <exception cref="FileNotFoundException">One of the files is missing.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or they do not fit each other; the message names file, place and
    /// remedy.</exception>
    public static TextTokenizer Load(string folder, PreTokenizer preTokenizer = PreTokenizer.Auto)
    {
        var (vocabulary, pairs, added) = TokenizerFiles.Read(folder);
        return new(pairs, vocabulary, added, preTokenizer == PreTokenizer.Auto ? TokenizerFiles.OfficialRule(folder, vocabulary.Count)
            : preTokenizer);
    }

    /// <summary>The expression in use; never <see cref="PreTokenizer.Auto"/>.</summary>
    public PreTokenizer PreTokenizer { get; }

    /// <summary>Number of tokens, the added ones included. The model's embedding table may have more rows.</summary>
    public int Count { get; }

    /// <summary>Ids of <c>&lt;|im_start|&gt;assistant\n</c>, the role rows of every prompt.</summary>
    public int[] AssistantHead => [.. _assistantHead];

    /// <summary>Ids of a text alone: what is to be said, or the transcript of a reference.</summary>
    /// <param name="text">Any text; lone surrogates count as U+FFFD.</param>
    /// <param name="controlTokens">Whether the spelling of an added token means that token, as in the official package; text from users
    /// must not have that power.</param>
    public int[] Encode(string text, bool controlTokens = false)
    {
        var ids = new List<int>(text.Length / 2 + 4);
        if (controlTokens)
            EncodeWithControlTokens(text, ids);
        else
            EncodePlain(text, ids);
        return [.. ids];
    }

    /// <summary>Ids of the whole turn that says how to speak: <c>&lt;|im_start|&gt;user\n{text}&lt;|im_end|&gt;\n</c>.</summary>
    /// <param name="text">The instruction. Control tokens spelled in it stay text.</param>
    public int[] Instruct(string text) =>
        [.. Encode("<|im_start|>user\n", controlTokens: true), .. Encode(text), .. Encode("<|im_end|>\n", controlTokens: true)];

    /// <summary>
    /// The text that ids stand for. Bytes that are no UTF-8, as in a single id that holds part of a character, become U+FFFD.
    /// </summary>
    /// <exception cref="ArgumentException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids)
    {
        var bytes = new ArrayBufferWriter<byte>(4 * ids.Length + 1);
        foreach (var id in ids)
        {
            if (!_tokens.Value.TryGetValue(id, out var token))
                throw new ArgumentException(
                    $"Id {id} is not one of the {Count} tokens. Decode with the tokenizer of the model that the ids are for.", nameof(ids));
            if (_added.ContainsKey(token) || token.Any(letter => BytePairs.Byte(letter) < 0))
                Encoding.UTF8.GetBytes(token, bytes);
            else
                foreach (var letter in token)
                    bytes.Write([(byte)BytePairs.Byte(letter)]);
        }
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    void EncodePlain(string text, List<int> ids)
    {
        var normal = NormalForm.C(text);
        foreach (var piece in PieceSplitter.Split(normal, PreTokenizer))
            _pairs.Encode(normal.AsSpan()[piece], ids);
    }

    /// <summary>The leftmost added token first, of several the longest. What lies between is tokenised by itself.</summary>
    void EncodeWithControlTokens(string text, List<int> ids)
    {
        for (var begin = 0; begin < text.Length;)
        {
            var found = text.AsSpan(begin).IndexOfAny(_anyAdded);
            if (found != 0)
                EncodePlain(found < 0 ? text[begin..] : text.Substring(begin, found), ids);
            if (found < 0)
                return;
            begin += found;
            var token = _longestFirst.First(t => text.AsSpan(begin).StartsWith(t));
            ids.Add(_added[token]);
            begin += token.Length;
        }
    }
}
