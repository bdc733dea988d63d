// What a model folder says about its text: vocab.json (token to id), merges.txt (one merge a line, by rank), the added tokens of
// tokenizer_config.json, and from config.json the version that decides on the pre-tokenizer. All of it is checked while it is read.
using System.Globalization;
using System.Text.Json;

namespace Qwen3Tts.Text;

static class TokenizerFiles
{
    const string FetchAgain = "Fetch the file again, or copy it from the model this one was made from.";
    const int HighestId = 1 << 24; // far above any embedding table

    public static Dictionary<string, int> Vocabulary(string folder) => Json(folder, "vocab.json", (path, root) =>
    {
        var vocabulary = new Dictionary<string, int>(root.GetPropertyCount());
        foreach (var entry in root.EnumerateObject())
            if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out var id) || id is < 0 or > HighestId)
                throw Bad(path, $"token '{entry.Name}' has the id {entry.Value}, not a whole number of 0 to {HighestId}");
            else if (!vocabulary.TryAdd(entry.Name, id))
                throw Bad(path, $"token '{entry.Name}' stands there twice");
        return vocabulary;
    });

    public static BytePairs Merges(string folder, Dictionary<string, int> vocabulary)
    {
        var path = Existing(folder, "merges.txt");
        var text = File.ReadAllText(path);
        var pairs = new BytePairs(Bytes(folder, vocabulary), vocabulary.Values.Max(), vocabulary.Count);
        var ids = vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> merged = stackalloc char[1024];
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsEmpty || (number == 1 && line.StartsWith("#version")))
                continue;
            var blank = line.IndexOf(' ');
            if (blank <= 0 || blank == line.Length - 1 || line.Length > merged.Length || line[(blank + 1)..].Contains(' '))
                throw Bad($"{path}({number})", $"'{line}' is not two tokens with a blank between them");
            var left = line[..blank];
            var right = line[(blank + 1)..];
            left.CopyTo(merged);
            right.CopyTo(merged[blank..]);
            pairs.Add(Id(left), Id(right), Id(merged[..(line.Length - 1)]));
        }
        return pairs;

        int Id(ReadOnlySpan<char> token) => ids.TryGetValue(token, out var id) ? id : throw Bad($"{path}({number})", $"'{token}' is not in vocab.json");
    }

    static int[] Bytes(string folder, Dictionary<string, int> vocabulary)
    {
        var bytes = new int[256];
        for (var b = 0; b < bytes.Length; b++)
        {
            var letter = BytePairs.Letter((byte)b).ToString();
            if (!vocabulary.TryGetValue(letter, out bytes[b]))
                throw Bad(Path.Combine(folder, "vocab.json"), $"the token '{letter}', which stands for byte {b}, is missing");
        }
        return bytes;
    }

    /// <summary>The added tokens by content. None may have options that change the text around it; no released one has.</summary>
    public static Dictionary<string, int> AddedTokens(string folder, Dictionary<string, int> vocabulary) => Json(folder, "tokenizer_config.json", (path, root) =>
    {
        if (!root.TryGetProperty("added_tokens_decoder", out var decoder) || decoder.ValueKind != JsonValueKind.Object)
            throw Bad(path, "'added_tokens_decoder' is missing");
        var added = new Dictionary<string, int>();
        var taken = new Dictionary<int, string>();
        foreach (var entry in decoder.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id > HighestId)
                throw Bad(path, $"'{entry.Name}' in 'added_tokens_decoder' is not an id of 0 to {HighestId}");
            if (!entry.Value.TryGetProperty("content", out var content) || content.GetString() is not { Length: > 0 } token)
                throw Bad(path, $"added token {id} has no 'content'");
            foreach (var option in (ReadOnlySpan<string>)["lstrip", "rstrip", "single_word", "normalized"])
                if (entry.Value.TryGetProperty(option, out var value) && value.ValueKind == JsonValueKind.True)
                    throw Bad(path, $"added token '{token}' has '{option}': true, which is not supported");
            if (!added.TryAdd(token, id) || !taken.TryAdd(id, token))
                throw Bad(path, $"added token '{token}' or its id {id} stands there twice");
        }
        foreach (var (token, id) in vocabulary)
            if (taken.TryGetValue(id, out var other) && other != token)
                throw Bad(path, $"added token '{other}' has the id {id}, which is that of '{token}' in vocab.json");
        return added;
    });

    /// <summary>Which pre-tokenizer the official loader takes for this folder (see <see cref="PreTokenizer.Auto"/>).</summary>
    public static PreTokenizer OfficialRule(string folder, int vocabularySize)
    {
        if (vocabularySize <= 100_000)
            return PreTokenizer.Qwen;
        return Json(folder, "config.json", (path, root) =>
        {
            if (!root.TryGetProperty("transformers_version", out var entry) || entry.ValueKind == JsonValueKind.Null)
                return PreTokenizer.Mistral;
            var text = entry.ToString();
            var digits = text.AsSpan().IndexOfAnyExcept("0123456789.") is >= 0 and var end ? text[..end].TrimEnd('.') : text;
            if (!Version.TryParse(digits.Contains('.') ? digits : digits + ".0", out var version))
                throw Bad(path, $"'transformers_version' is '{text}', not a version");
            var (number, trial) = ((version.Major, version.Minor, Math.Max(version.Build, 0)), digits.Length < text.Length); // 5.0.0rc1 comes before 5.0.0
            return number.CompareTo((4, 57, 2)) > 0 && (number.CompareTo((5, 0, 0)) < 0 || (number == (5, 0, 0) && trial)) ? PreTokenizer.Mistral : PreTokenizer.Qwen;
        });
    }

    static T Json<T>(string folder, string file, Func<string, JsonElement, T> read)
    {
        var path = Existing(folder, file);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Object ? read(path, document.RootElement) : throw Bad(path, "it is not a JSON object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Bad(path, $"it is not the JSON it should be ({e.Message})");
        }
    }

    static string Existing(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path}: the file is missing, and text cannot be turned into ids without it. Copy it from the model this one was made from.", path);
    }

    static InvalidDataException Bad(string place, string what) => new($"{place}: {what}. {FetchAgain}");
}
