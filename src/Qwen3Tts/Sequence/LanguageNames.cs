// The one table of languages: how lists, options and libraries write them, as codes of ISO 639-1 and 639-3 (and the older 639-2/B) with or
// without a region or script, or as names. The names are those that models have in their config.json; a language that a model was taught
// and that is not in the table is found by the name that its configuration gives it.
using Qwen3Tts.Files;

namespace Qwen3Tts.Sequence;

/// <summary>Finds the language that a code or a name means.</summary>
static class LanguageNames
{
    /// <summary>No language: it is left to the model.</summary>
    public const string Auto = "Auto";

    const string Table = """
        Chinese: zh zho chi cmn mandarin 中文
        Cantonese: yue zh-yue
        English: en eng
        Japanese: ja jpn jp 日本語
        Korean: ko kor kr 한국어
        German: de deu ger deutsch
        French: fr fra fre français
        Russian: ru rus русский
        Portuguese: pt por português
        Spanish: es spa español castilian
        Italian: it ita italiano
        Arabic: ar ara
        Bengali: bn ben bangla
        Bulgarian: bg bul
        Catalan: ca cat
        Czech: cs ces cze
        Welsh: cy cym wel
        Danish: da dan
        Greek: el ell gre
        Estonian: et est
        Basque: eu eus baq
        Persian: fa fas per farsi
        Finnish: fi fin
        Irish: ga gle
        Galician: gl glg
        Gujarati: gu guj
        Hebrew: he heb iw
        Hindi: hi hin
        Croatian: hr hrv
        Hungarian: hu hun
        Armenian: hy hye arm
        Indonesian: id ind in
        Icelandic: is isl ice
        Georgian: ka kat geo
        Kazakh: kk kaz
        Khmer: km khm
        Kannada: kn kan
        Lao: lo lao
        Lithuanian: lt lit
        Latvian: lv lav
        Macedonian: mk mkd mac
        Malayalam: ml mal
        Mongolian: mn mon
        Marathi: mr mar
        Malay: ms msa may
        Burmese: my mya bur
        Nepali: ne nep
        Dutch: nl nld dut
        Norwegian: no nor nb nob nn nno
        Punjabi: pa pan
        Polish: pl pol
        Romanian: ro ron rum
        Slovak: sk slk slo
        Slovenian: sl slv
        Albanian: sq sqi alb
        Serbian: sr srp
        Swedish: sv swe
        Swahili: sw swa
        Tamil: ta tam
        Telugu: te tel
        Thai: th tha
        Tagalog: tl tgl fil filipino
        Turkish: tr tur
        Ukrainian: uk ukr
        Urdu: ur urd
        Uzbek: uz uzb
        Vietnamese: vi vie
        """;

    static readonly Dictionary<string, string> Names = Read();

    static Dictionary<string, string> Read()
    {
        var names = new Dictionary<string, string> { ["auto"] = Auto };
        foreach (var line in Table.Split('\n', StringSplitOptions.TrimEntries))
        {
            var (name, others) = (line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..]);
            foreach (var other in others.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append(name))
                names[Key(other)] = name;
        }
        return names;
    }

    /// <summary>It means a language, or Auto.</summary>
    public static bool IsLanguage(string given) => InTable(given) is not null;

    /// <summary>
    /// The English name of a language in the table, such as <c>English</c> for <c>en_GB</c>; what is not in the table stays as it is.
    /// </summary>
    public static string NameOf(string given) => InTable(given) ?? given.Trim();

    /// <summary>The one of a model's languages that is meant, <see cref="Auto"/>, or null if the model has none such.</summary>
    /// <param name="given">A name or a code in any case; null and blanks are Auto.</param>
    /// <param name="known">The model's names.</param>
    public static string? Find(string? given, IEnumerable<string> known)
    {
        if (string.IsNullOrWhiteSpace(given))
            return Auto;
        var keys = known.ToLookup(Key);
        foreach (var spelling in Spellings(given))
        {
            if (keys[spelling].FirstOrDefault() is { } own)
                return own;
            // A model may have the code itself as its name of the language, or another name of it.
            if (Names.TryGetValue(spelling, out var name))
                return name == Auto ? Auto : known.FirstOrDefault(k => Names.GetValueOrDefault(Key(k)) == name);
        }
        return null;
    }

    /// <summary>What to say of a language that a model does not have.</summary>
    public static string Unknown(string given, IEnumerable<string> known) =>
        $"The model has no language '{Printable.Text(given)}'. Choose Auto or one of: {string.Join(", ", known.Select(Printable.Text))}.";

    static string? InTable(string given) => Spellings(given).Select(s => Names.GetValueOrDefault(s)).FirstOrDefault(n => n is not null);

    /// <summary>
    /// The whole, then without region, script and encoding: zh-Hans-CN, en_US.UTF-8, English (US). all_zh is GPT-SoVITS's.
    /// </summary>
    static IEnumerable<string> Spellings(string given)
    {
        var key = Key(given);
        if (key.StartsWith("all-", StringComparison.Ordinal))
            key = key[4..];
        for (; key.Length > 0; key = key[..Math.Max(0, key.LastIndexOf('-'))])
            yield return key;
    }

    /// <summary>Lower case, in one Unicode form, words joined by one hyphen whatever stood between them.</summary>
    static string Key(string name) => string.Join('-', NormalForm.C(name).ToLowerInvariant()
        .Split(['-', '_', '.', '(', ')', '@', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
}
