// Reads the files of a tokenizer in a model folder: vocab.json (token to id), merges.txt (one merge a line, in the order of rank) and the
// added tokens of tokenizer_config.json; tokenizer.json replaces any of them that is missing. config.json gives the version that decides on
// the pre-tokenizer. Everything is checked while it is read.
using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Qwen3Tts.Files;

namespace Qwen3Tts.Text;

static class TokenizerFiles
{
    const string FetchAgain = "Fetch the file again, or copy it from the model this one was made from.";
    const string Vocab = "vocab.json", MergesName = "merges.txt", Config = "tokenizer_config.json", All = "tokenizer.json";
    const int HighestId = 1 << 24; // far above any embedding table

    /// <summary>The ids by token, the merges by rank, and the ids of the added tokens.</summary>
    public static (Dictionary<string, int> Vocabulary, BytePairs Pairs, Dictionary<string, int> Added) Read(string folder)
    {
        var all = new Lazy<TokenizerJson>(() => ReadAll(folder));
        // The single files have precedence: the official loader of these models reads them.
        var apart = HasFile(folder, Vocab) && HasFile(folder, MergesName) || !HasFile(folder, All);
        var file = Path.Combine(folder, apart ? Vocab : All);
        var vocabulary = apart ? Json(folder, Vocab, TextJson.Default.DictionaryStringInt32) : all.Value.Model.Vocab;
        foreach (var (token, id) in vocabulary)
            if (id is < 0 or > HighestId)
                throw Bad(file, $"token '{Printable.Text(token)}' has the id {id}, not a whole number of 0 to {HighestId}");
        var pairs = apart ? Merges(folder, vocabulary) : Merges(all.Value.Model.Merges, file, vocabulary);
        return (vocabulary, pairs, AddedTokens(folder, vocabulary, all));
    }

    static bool HasFile(string folder, string name) => File.Exists(Path.Combine(folder, name));

    static TokenizerJson ReadAll(string folder)
    {
        var (path, all) = (Path.Combine(folder, All), Json(folder, All, TextJson.Default.TokenizerJson));
        var model = all.Model;
        if (model.Type != "BPE")
            throw Bad(path, $"'model.type' is '{Printable.Text(model.Type)}', expected BPE");
        (string, bool)[] settings =
        [
            ("continuing_subword_prefix", !string.IsNullOrEmpty(model.ContinuingSubwordPrefix)),
            ("end_of_word_suffix", !string.IsNullOrEmpty(model.EndOfWordSuffix)),
            ("ignore_merges", model.IgnoreMerges), ("byte_fallback", model.ByteFallback), ("dropout", model.Dropout > 0),
        ];
        foreach (var (key, set) in settings)
            if (set)
                throw Bad(path, $"'model.{key}' is set, which no tokenizer of these models has");
        return all;
    }

    static BytePairs Merges(string folder, Dictionary<string, int> vocabulary)
    {
        var path = Existing(folder, MergesName);
        var bytes = WholeFile.Read(path);
        GitLfs.CheckIsNoPointer(bytes, path);
        var pairs = Pairs(folder, Vocab, vocabulary);
        var ids = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> merged = stackalloc char[1024];
        var number = 0;
        foreach (var line in TextFile.Decode(bytes, path).AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsEmpty || (number == 1 && line.StartsWith("#version")))
                continue;
            var blank = line.IndexOf(' ');
            if (blank <= 0 || blank == line.Length - 1 || line.Length > merged.Length || line[(blank + 1)..].Contains(' '))
                throw Bad($"{path}({number})", $"'{Printable.Text(line.ToString())}' is not two tokens with a blank between them");
            var left = line[..blank];
            var right = line[(blank + 1)..];
            left.CopyTo(merged);
            right.CopyTo(merged[blank..]);
            pairs.Add(Id(left), Id(right), Id(merged[..(line.Length - 1)]));
        }
        return pairs;

        int Id(ReadOnlySpan<char> token) => ids.TryGetValue(token, out var id) ? id
            : throw Bad($"{path}({number})", $"'{Printable.Text(token.ToString())}' is not in {Vocab}");
    }

    static BytePairs Merges(Merge[] merges, string path, Dictionary<string, int> vocabulary)
    {
        var pairs = Pairs(Path.GetDirectoryName(path)!, All, vocabulary);
        for (var i = 0; i < merges.Length; i++)
            pairs.Add(Id(merges[i].Left, i), Id(merges[i].Right, i), Id(merges[i].Left + merges[i].Right, i));
        return pairs;

        int Id(string token, int at) => vocabulary.TryGetValue(token, out var id) ? id
            : throw Bad(path, $"'model.merges[{at}]' has '{Printable.Text(token)}', which is not in its vocabulary");
    }

    static BytePairs Pairs(string folder, string file, Dictionary<string, int> vocabulary)
    {
        var bytes = new int[256];
        for (var b = 0; b < bytes.Length; b++)
        {
            var letter = BytePairs.Letter((byte)b).ToString();
            if (!vocabulary.TryGetValue(letter, out bytes[b]))
                throw Bad(Path.Combine(folder, file), $"the token '{Printable.Text(letter)}', which stands for byte {b}, is missing");
        }
        return new(bytes, vocabulary.Values.Max(), vocabulary.Count);
    }

    /// <summary>
    /// The ids of the added tokens by their content. Options that change the text around a token are refused; no released tokenizer has
    /// them.
    /// </summary>
    static Dictionary<string, int> AddedTokens(string folder, Dictionary<string, int> vocabulary, Lazy<TokenizerJson> all)
    {
        var config = HasFile(folder, Config) || !HasFile(folder, All) ? Json(folder, Config, TextJson.Default.TokenizerConfig) : new();
        var path = Path.Combine(folder, config.AddedTokensDecoder is null && HasFile(folder, All) ? All : Config);
        var added = new Dictionary<string, int>();
        var taken = new Dictionary<int, string>();
        foreach (var (id, token) in config.AddedTokensDecoder?.Select(t => (IdOf(t.Key), t.Value)) ?? ListAddedTokens())
        {
            if (token?.Content is not { Length: > 0 } content)
                throw Bad(path, $"added token {id} has no 'content'");
            (string, bool)[] options = [("lstrip", token.Lstrip), ("rstrip", token.Rstrip), ("single_word", token.SingleWord),
                ("normalized", token.Normalized)];
            foreach (var (option, set) in options)
                if (set)
                    throw Bad(path, $"added token '{Printable.Text(content)}' has '{option}': true, which is not supported");
            if (!added.TryAdd(content, id) || !taken.TryAdd(id, content))
                throw Bad(path, $"added token '{Printable.Text(content)}' or its id {id} appears twice");
        }
        foreach (var (token, id) in vocabulary)
            if (taken.TryGetValue(id, out var other) && other != token)
                throw Bad(path, $"added token '{Printable.Text(other)}' has the id {id}, "
                    + $"which is that of '{Printable.Text(token)}' in the vocabulary");
        foreach (var required in new[] { "<|im_start|>", "<|im_end|>" })
            if (!added.ContainsKey(required))
                throw Bad(path, "the added tokens '<|im_start|>' and '<|im_end|>', which begin and end every turn, are not both there");
        return added;

        IEnumerable<(int, AddedToken)> ListAddedTokens() => path.EndsWith(All, StringComparison.Ordinal)
            && all.Value.AddedTokens is { } tokens
            ? tokens.Select(t => (t?.Id is { } id and >= 0 and <= HighestId ? id
                : throw Bad(path, $"an entry of 'added_tokens' has no id of 0 to {HighestId}"), t))
            : throw Bad(path, path.EndsWith(All, StringComparison.Ordinal) ? "'added_tokens' is missing"
                : "'added_tokens_decoder' is missing");

        int IdOf(string key) =>
            int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id <= HighestId ? id
            : throw Bad(path, $"'{Printable.Text(key)}' in 'added_tokens_decoder' is not an id of 0 to {HighestId}");
    }

    /// <summary>The pre-tokenizer that the official loader takes for this folder (see <see cref="PreTokenizer.Auto"/>).</summary>
    public static PreTokenizer OfficialRule(string folder, int vocabularySize)
    {
        if (vocabularySize <= 100_000)
            return PreTokenizer.Qwen;
        if (Json(folder, "config.json", TextJson.Default.VersionOfConfig).TransformersVersion is not { } text)
            return PreTokenizer.Mistral;
        var digits = text.AsSpan().IndexOfAnyExcept("0123456789.") is >= 0 and var end ? text[..end].TrimEnd('.') : text;
        if (!Version.TryParse(digits.Contains('.') ? digits : digits + ".0", out var version))
            throw Bad(Path.Combine(folder, "config.json"), $"'transformers_version' is '{Printable.Text(text)}', not a version");
        // 5.0.0rc1 comes before 5.0.0
        var (number, trial) = ((version.Major, version.Minor, Math.Max(version.Build, 0)), digits.Length < text.Length);
        return number.CompareTo((4, 57, 2)) > 0 && (number.CompareTo((5, 0, 0)) < 0 || (number == (5, 0, 0) && trial))
            ? PreTokenizer.Mistral : PreTokenizer.Qwen;
    }

    static T Json<T>(string folder, string file, JsonTypeInfo<T> type) => JsonFile.Read(Existing(folder, file), type, FetchAgain);

    static string Existing(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        return File.Exists(path) ? path
            : throw new FileNotFoundException($"{path}: the file is missing, and text cannot be turned into ids without it. "
                + "Copy it from the model this one was made from.", path);
    }

    static InvalidDataException Bad(string place, string what) => new($"{place}: {what}. {FetchAgain}");
}
