// Turns text into the ids that the model reads, as the official package does: normal form C, pieces, byte pairs. One thing differs on
// purpose: head, text and tail of a turn are tokenised separately. So no merge crosses their borders, and a text that contains the spelling
// of a control token stays text.
using System.Buffers;
using System.Text;
using Qwen3Tts.Files;

namespace Qwen3Tts.Text;

/// <summary>The tokenizer of a model folder: byte-level byte pair encoding. Several threads may use it at once.</summary>
sealed class TextTokenizer
{
    readonly BytePairs _pairs;
    readonly Lazy<Dictionary<int, string>> _tokens; // by id, spelled as in the files; only Decode needs it
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

    /// <summary>
    /// Reads <c>vocab.json</c>, <c>merges.txt</c> and <c>tokenizer_config.json</c>; reads from <c>tokenizer.json</c> what these files lack;
    /// and for <see cref="PreTokenizer.Auto"/> reads <c>config.json</c>.
    /// </summary>
    /// <param name="folder">A model folder in the official layout.</param>
    /// <param name="preTokenizer">The expression that splits text into pieces. The default is the official loader's choice for a local
    /// folder.</param>
    /// <exception cref="FileNotFoundException">One of the files is missing.</exception>
    /// <exception cref="InvalidDataException">A file is malformed, or the files contradict each other. The message names the file, the
    /// place and what to do.</exception>
    public static TextTokenizer Load(string folder, PreTokenizer preTokenizer = PreTokenizer.Auto)
    {
        var (vocabulary, pairs, added) = TokenizerFiles.Read(folder);
        return new(pairs, vocabulary, added, preTokenizer == PreTokenizer.Auto ? TokenizerFiles.OfficialRule(folder, vocabulary.Count)
            : preTokenizer);
    }

    /// <summary>The expression in use; never <see cref="PreTokenizer.Auto"/>.</summary>
    public PreTokenizer PreTokenizer { get; }

    /// <summary>Number of tokens, including the added ones. The model's embedding table may have more rows.</summary>
    public int Count { get; }

    /// <summary>Ids of <c>&lt;|im_start|&gt;assistant\n</c>, the role that begins every prompt.</summary>
    public int[] AssistantHead => [.. _assistantHead];

    /// <summary>Ids of a text without any wrapper: the text to be spoken, or the transcript of a reference recording.</summary>
    /// <param name="text">Any text; lone surrogates count as U+FFFD.</param>
    /// <param name="controlTokens">Whether the spelling of an added token becomes that token, as in the official package. False for text
    /// from users, which must not contain control tokens.</param>
    public int[] Encode(string text, bool controlTokens = false)
    {
        var ids = new List<int>(text.Length / 2 + 4);
        if (controlTokens)
            EncodeWithControlTokens(text, ids);
        else
            EncodePlain(text, ids);
        return [.. ids];
    }

    /// <summary>Ids of the whole instruction turn: <c>&lt;|im_start|&gt;user\n{text}&lt;|im_end|&gt;\n</c>.</summary>
    /// <param name="text">The instruction. The spelling of a control token in it stays text.</param>
    public int[] Instruct(string text) =>
        [.. Encode("<|im_start|>user\n", controlTokens: true), .. Encode(text), .. Encode("<|im_end|>\n", controlTokens: true)];

    /// <summary>
    /// The text that the ids stand for. Bytes that are not UTF-8 (a single id may hold part of a character) become U+FFFD.
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

    /// <summary>
    /// Finds the leftmost added token, of several at one place the longest. The text between added tokens is tokenised on its own.
    /// </summary>
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
