// The only table of languages. Lists, options and libraries write a language as a name, or as a code of ISO 639-1, 639-3 or the older
// 639-2/B, with or without region and script. The names in the table are those of the models' config.json. A language that a model was
// fine-tuned with, and that is not in the table, is found by its name in config.json.
using Qwen3Tts.Files;

namespace Qwen3Tts.Sequence;

/// <summary>Finds the language that a code or a name stands for.</summary>
static class LanguageNames
{
    /// <summary>No language is given; the model decides.</summary>
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

    /// <summary>The code of a language in the table, such as <c>en</c> for <c>English</c>; null if it is not there.</summary>
    public static string? CodeOf(string name) => Table.Split('\n', StringSplitOptions.TrimEntries)
        .FirstOrDefault(line => line.StartsWith($"{name}: ", StringComparison.Ordinal))?.Split(' ')[1];

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

    /// <summary>True if the text stands for a language in the table, or for Auto.</summary>
    public static bool IsLanguage(string given) => InTable(given) is not null;

    /// <summary>
    /// The English name of a language in the table, such as <c>English</c> for <c>en_GB</c>. A text that is not in the table is returned
    /// unchanged.
    /// </summary>
    public static string NameOf(string given) => InTable(given) ?? given.Trim();

    /// <summary>The model's name of the language, <see cref="Auto"/>, or null if the model does not have the language.</summary>
    /// <param name="given">A name or a code in any case; null and blanks stand for Auto.</param>
    /// <param name="known">The model's names of its languages.</param>
    public static string? Find(string? given, IEnumerable<string> known)
    {
        if (string.IsNullOrWhiteSpace(given))
            return Auto;
        var keys = known.ToLookup(Key);
        foreach (var spelling in Spellings(given))
        {
            if (keys[spelling].FirstOrDefault() is { } own)
                return own;
            // The model's own name of the language may be the code itself, or another name.
            if (Names.TryGetValue(spelling, out var name))
                return name == Auto ? Auto : known.FirstOrDefault(k => Names.GetValueOrDefault(Key(k)) == name);
        }
        return null;
    }

    /// <summary>The message for a language that the model does not have.</summary>
    public static string Unknown(string given, IEnumerable<string> known) =>
        $"The model has no language '{Printable.Text(given)}'. Choose Auto or one of: {string.Join(", ", known.Select(Printable.Text))}.";

    static string? InTable(string given) => Spellings(given).Select(s => Names.GetValueOrDefault(s)).FirstOrDefault(n => n is not null);

    /// <summary>
    /// The text as it is, then without region, script and encoding: zh-Hans-CN, en_US.UTF-8, English (US). all_zh is a spelling of
    /// GPT-SoVITS.
    /// </summary>
    static IEnumerable<string> Spellings(string given)
    {
        var key = Key(given);
        if (key.StartsWith("all-", StringComparison.Ordinal))
            key = key[4..];
        for (; key.Length > 0; key = key[..Math.Max(0, key.LastIndexOf('-'))])
            yield return key;
    }

    /// <summary>The text in lower case and normal form C; whatever separates its words becomes one hyphen.</summary>
    static string Key(string name) => string.Join('-', NormalForm.C(name).ToLowerInvariant()
        .Split(['-', '_', '.', '(', ')', '@', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
}
