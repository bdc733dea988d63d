// A text that arrives in pieces of any length, and the ids of the part that nothing to come can change. The ids are those of the whole
// text, because the text is cut only where neither the normal form, nor the pieces of the pre-tokenizer, nor a byte pair reaches across:
// * before a space: all spaces are single after the text was brought into one line, and a piece has a space only at its beginning;
// * between a letter or digit, in normal form, and a digit, punctuation or symbol: no piece has both in this order, and the second one
//   never combines with the first one. So text without spaces, such as Chinese, is cut at its punctuation.
using System.Buffers;
using System.Globalization;
using System.Text;
using Qwen3Tts.Files;

namespace Qwen3Tts.Text;

/// <summary>Tokenises a text while it arrives, and checks it as <see cref="SpokenText.Checked"/> checks a whole text.</summary>
sealed class GrowingText(TextTokenizer tokenizer)
{
    string _rest = ""; // what may change with what follows
    string _open = ""; // from the last '<' on: it may become the spelling of a control token
    string _silent = ""; // as long as there is no word: what there is
    readonly List<int> _silentIds = [];
    bool _begun, _hasWord;

    /// <summary>Adds the next piece of the text. It may end inside a word, or between two surrogates.</summary>
    /// <returns>Ids that are certain now. There are none before the text has a letter or digit.</returns>
    /// <exception cref="ArgumentException">The text has characters that cannot be spoken.</exception>
    public IReadOnlyList<int> Add(string piece)
    {
        _rest += piece;
        if (!_begun && (_rest = _rest.TrimStart('\uFEFF')).Length > 0)
            _begun = true;
        var cut = LastCut(_rest);
        var certain = _rest[..cut];
        _rest = _rest[cut..];
        return IdsOf(certain);
    }

    /// <summary>Ends the text.</summary>
    /// <returns>The ids that are left.</returns>
    /// <exception cref="ArgumentException">The text is empty, has no word, or has characters that cannot be spoken.</exception>
    public IReadOnlyList<int> End()
    {
        var ids = IdsOf(_rest);
        _rest = "";
        if (!_hasWord)
            SpokenText.Checked(_silent); // throws
        return ids;
    }

    IReadOnlyList<int> IdsOf(string part)
    {
        var words = SpokenText.Words(part);
        if (words.Length == 0)
            return [];
        var first = !_hasWord && _silent.Length == 0;
        if (!first && char.IsWhiteSpace(part[0]))
            words = ' ' + words;
        Check(words);
        var ids = tokenizer.Encode(words);
        if (_hasWord)
            return ids;
        (_silent, _hasWord) = (_silent + words, words.EnumerateRunes().Any(Rune.IsLetterOrDigit));
        _silentIds.AddRange(ids);
        return _hasWord ? _silentIds : [];
    }

    void Check(string words)
    {
        _open += words;
        if (SpokenText.Forbidden(_open) is { } problem)
            throw SpokenText.Error(problem);
        var begin = _open.LastIndexOf('<');
        _open = begin < 0 || _open.IndexOf('>', begin) >= 0 ? "" : _open[begin..];
    }

    /// <summary>The last index at which the text may be cut; 0 if there is none.</summary>
    static int LastCut(string text)
    {
        var (cut, before) = (0, false); // before: the code point before is a letter or digit
        for (var at = 0; at < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length) == OperationStatus.NeedMoreData)
                break; // the first half of a surrogate pair
            var category = Rune.GetUnicodeCategory(rune);
            var isNumber = category is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
            if (Rune.IsWhiteSpace(rune) ? at > 0 && !char.IsWhiteSpace(text[at - 1]) : before && (isNumber || IsSign(category)))
                cut = at;
            before = isNumber || Rune.IsLetter(rune) && EndsInLetter(rune);
            at += length;
        }
        return cut;
    }

    /// <summary>The normal form of some letters ends in a mark, which may join what follows.</summary>
    static bool EndsInLetter(Rune letter) =>
        Rune.DecodeLastFromUtf16(NormalForm.C(letter.ToString()), out var last, out _) == OperationStatus.Done && Rune.IsLetter(last);

    static bool IsSign(UnicodeCategory category) => category
        is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
        or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation
        or UnicodeCategory.OtherPunctuation or UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol
        or UnicodeCategory.ModifierSymbol or UnicodeCategory.OtherSymbol;
}
