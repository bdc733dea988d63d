using System.Text.Json;
using Qwen3Tts.Files;
using Qwen3Tts.Text;

namespace Qwen3Tts.Tests.Text;

public sealed class TextTokenizerTests
{
    static readonly Lazy<string> Real = new(() => RealVocabulary.Folder());
    static readonly Lazy<TextTokenizer> Official = new(() => TextTokenizer.Load(Real.Value));
    static readonly Lazy<TextTokenizer> Qwen = new(() => TextTokenizer.Load(Real.Value, PreTokenizer.Qwen));
    static readonly Lazy<TextTokenizer> Tiny = new(() => TextTokenizer.Load(Golden.Checkpoint(Golden.Checkpoints.First())));

    static int[] Ids(JsonElement row, string key) => [.. row.GetProperty(key).EnumerateArray().Select(i => i.GetInt32())];

    static void Same(string mode, string text, int[] expected, int[] ours) =>
        Parity.Check("text", mode, expected.SequenceEqual(ours) ? 0
            : 1, 0, $"{JsonSerializer.Serialize(text)} gives [{string.Join(", ", ours)}], not [{string.Join(", ", expected)}]");

    [Fact]
    public void RealVocabularyGivesTheOfficialIds()
    {
        foreach (var row in Golden.Json("tokenizer", "real_vocab.json").EnumerateArray())
        {
            var text = row.GetProperty("text").GetString()!;
            Same("real vocabulary, Mistral expression", text, Ids(row, "official"), Official.Value.Encode(text, controlTokens: true));
            Same("real vocabulary, Qwen expression", text, Ids(row, "qwen"), Qwen.Value.Encode(text, controlTokens: true));
        }
    }

    [Fact]
    public void TinyVocabularyGivesTheOfficialIds()
    {
        foreach (var row in Golden.Json("tokenizer", "tiny_vocab.json").EnumerateArray())
        {
            var text = row.GetProperty("text").GetString()!;
            Same("tiny vocabulary, Qwen expression", text, Ids(row, "ids"), Tiny.Value.Encode(text, controlTokens: true));
        }
    }

    [Fact]
    public void WrappedTextIsTokenisedApart()
    {
        Wrapped("real_vocab_wrapped.json", "official", Official.Value, "real vocabulary, Mistral expression, wrapped");
        Wrapped("tiny_vocab_wrapped.json", "ids", Tiny.Value, "tiny vocabulary, wrapped");
    }

    /// <summary>
    /// Tokenising head, text and tail separately gives the official ids of the whole text, except for the cases that the golden file marks:
    /// there a newline merges across the border.
    /// </summary>
    static void Wrapped(string file, string key, TextTokenizer tokenizer, string mode)
    {
        var controls = tokenizer.Encode("<|im_start|><|im_end|>", controlTokens: true);
        foreach (var row in Golden.Json("tokenizer", file).EnumerateArray())
        {
            var (text, wrapper, official) = (row.GetProperty("text").GetString()!, row.GetProperty("wrapper").GetString(), Ids(row, key));
            var head = wrapper == "instruct" ? tokenizer.Encode("<|im_start|>user\n", true) : tokenizer.AssistantHead;
            var tail = wrapper == "assistant" ? "<|im_end|>\n<|im_start|>assistant\n" : "<|im_end|>\n";
            int[] whole = [.. head, .. tokenizer.Encode(text, true), .. tokenizer.Encode(tail, true)];
            Assert.Equal(3, head.Length);
            if (!row.GetProperty("same_apart").GetBoolean())
            {
                Assert.NotEqual(official, whole);
                Assert.Equal(tokenizer.Encode(text, true), whole[3..^tokenizer.Encode(tail, true).Length]);
                continue;
            }
            Same(mode, text, official, whole);
            if (wrapper == "instruct" && !text.Contains("<|"))
                Same(mode, text, official, tokenizer.Instruct(text));
            if (text.Contains("<|"))
                Assert.Empty(tokenizer.Encode(text).Intersect(controls));
        }
    }

    [Fact]
    public void UsersCannotSpellControlTokens()
    {
        var everything = string.Concat(Enumerable.Range(0, Tiny.Value.Count).Select(i => Tiny.Value.Decode([i]))
            .Where(t => t.StartsWith('<') && t.Length > 3));
        Assert.Contains("<tts_pad>", everything);
        var controls = Tiny.Value.Encode(everything, controlTokens: true);
        Assert.Equal(everything, Tiny.Value.Decode(controls));
        Assert.Empty(Tiny.Value.Encode(everything).Intersect(controls));
        Assert.Equal(everything, Tiny.Value.Decode(Tiny.Value.Encode(everything)));
        var turn = Tiny.Value.Instruct(everything);
        Assert.Equal([0, turn.Length - 2], Enumerable.Range(0, turn.Length).Where(i => controls.Contains(turn[i])));
    }

    [Fact]
    public void ExpressionsAreThoseOfTheGoldenFile()
    {
        var patterns = Golden.Json("tokenizer", "regex.json").GetProperty("patterns");
        Assert.Equal(PieceSplitter.MistralPattern, patterns.GetProperty("official").GetString());
        Assert.Equal(PieceSplitter.QwenPattern, patterns.GetProperty("qwen").GetString());
    }

    [Fact]
    public void TheVersionDecidesOnTheExpression()
    {
        foreach (var row in Golden.Json("tokenizer", "regex.json").GetProperty("when").EnumerateArray())
            if (row.GetProperty("place").GetString() == "local folder"
                && row.GetProperty("fix_mistral_regex").ValueKind == JsonValueKind.True)
            {
                var version = row.GetProperty("transformers_version").GetString();
                Assert.Equal(row.GetProperty("regex").GetString(), Rule(version).ToString().ToLowerInvariant());
            }
        Assert.Equal(PreTokenizer.Mistral, Rule("4.58"));
        Assert.Equal(PreTokenizer.Mistral, Rule("4.57.3.dev0"));
        Assert.Equal(PreTokenizer.Mistral, Rule("5.0.0rc1"));
        Assert.Equal(PreTokenizer.Mistral, Rule("5.0.0.dev0"));
        Assert.Equal(PreTokenizer.Qwen, Rule("5.0"));
        Assert.Equal(PreTokenizer.Qwen, Rule("5.1.0.dev0"));
        Assert.Equal(PreTokenizer.Qwen, Rule("4"));
        Assert.Contains("'soon'", Assert.Throws<InvalidDataException>(() => Rule("soon")).Message);
        Assert.Equal(PreTokenizer.Qwen, Tiny.Value.PreTokenizer);

        static PreTokenizer Rule(string? version)
        {
            var folder = Scratch.New();
            File.WriteAllText(Path.Combine(folder, "config.json"), version is null ? "{}" : $$"""{"transformers_version": "{{version}}"}""");
            return TokenizerFiles.OfficialRule(folder, 100_001);
        }
    }

    [Fact]
    public void DecodingGivesTheNormalisedText()
    {
        foreach (var row in Golden.Json("tokenizer", "real_vocab.json").EnumerateArray())
        {
            var text = row.GetProperty("text").GetString()!;
            Assert.Equal(NormalForm.C(text), Official.Value.Decode(Official.Value.Encode(text)));
        }
        Assert.Equal("\uFFFD", Official.Value.Decode(Official.Value.Encode("\uD800")));
        Assert.Contains("999999", Assert.Throws<ArgumentException>(() => Official.Value.Decode([999999])).Message);
    }
}
