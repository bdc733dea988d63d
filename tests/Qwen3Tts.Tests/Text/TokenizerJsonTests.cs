using System.Text.Json.Nodes;
using Qwen3Tts.Text;

namespace Qwen3Tts.Tests.Text;

/// <summary>A folder saved by newer transformers: tokenizer.json instead of vocab.json and merges.txt.</summary>
public sealed class TokenizerJsonTests
{
    const string Sample = "Set white at B four now. Größe 数 it's 3.14 \t\n <|im_start|> naïve 漢字 🙂";

    public static TheoryData<string, bool> Tokenizers =>
        new(from model in new[] { "mini", "golden" } from pairs in new[] { false, true } select (model, pairs));

    [Theory, MemberData(nameof(Tokenizers))]
    public void IdsAreThoseOfTheSingleFiles(string model, bool asPairs)
    {
        var source = model == "mini" ? Mini.Model : Golden.Checkpoint(Golden.Checkpoints.First());
        var expected = TextTokenizer.Load(source);
        foreach (var keep in new[] { false, true })
        {
            var tokenizer = TextTokenizer.Load(Saved(source, asPairs, keep));
            Assert.Equal(expected.Count, tokenizer.Count);
            Assert.Equal(expected.AssistantHead, tokenizer.AssistantHead);
            foreach (var control in new[] { false, true })
                Assert.Equal(expected.Encode(Sample, control), tokenizer.Encode(Sample, control));
            Assert.Equal(expected.Instruct("Slowly."), tokenizer.Instruct("Slowly."));
        }
    }

    [Theory]
    [InlineData("\"BPE\"", "\"Unigram\"", "'model.type' is 'Unigram'")]
    [InlineData("\"ignore_merges\":false", "\"ignore_merges\":true", "'model.ignore_merges'")]
    [InlineData("\"merges\":[", "\"merges\":[\"没有 a\",", "'model.merges[0]' has '没有'")]
    [InlineData("\"merges\":[", "\"merges\":[[\"a\"],", "'model.merges[0]")]
    [InlineData("\"merges\":[", "\"merges\":[5,", "'model.merges[0]' is neither a text nor a list of two")]
    [InlineData("\"added_tokens\"", "\"others\"", "'added_tokens' is missing")]
    [InlineData("<|im_end|>", "<|ende|>", "'<|im_end|>'")]
    public void WhatIsWrongIsNamed(string from, string to, string expected)
    {
        var folder = Saved(Golden.Checkpoint(Golden.Checkpoints.First()), false, false);
        var path = Path.Combine(folder, "tokenizer.json");
        var text = File.ReadAllText(path);
        Assert.Contains(from, text);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
        var message = Assert.Throws<InvalidDataException>(() => TextTokenizer.Load(folder)).Message;
        Assert.Contains(path, message);
        Assert.Contains(expected, message);
    }

    static string Saved(string source, bool asPairs, bool keepsVocabulary)
    {
        var folder = Scratch.New("tokenizer");
        foreach (var name in keepsVocabulary ? new[] { "config.json", "vocab.json", "merges.txt" } : ["config.json"])
            File.Copy(Path.Combine(source, name), Path.Combine(folder, name));
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "tokenizer_config.json")))!.AsObject();
        var added = new JsonArray();
        foreach (var (id, token) in config["added_tokens_decoder"]!.AsObject())
        {
            var entry = token!.DeepClone();
            entry["id"] = int.Parse(id, System.Globalization.CultureInfo.InvariantCulture);
            added.Add(entry);
        }
        var merges = File.ReadAllLines(Path.Combine(source, "merges.txt"))
            .Where(l => l.Length > 0 && !l.StartsWith("#version", StringComparison.Ordinal));
        var model = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["continuing_subword_prefix"] = "",
            ["ignore_merges"] = false,
            ["vocab"] = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "vocab.json"))),
            ["merges"] = new JsonArray([.. merges
                .Select(m => asPairs ? (JsonNode)new JsonArray([.. m.Split(' ').Select(t => JsonValue.Create(t))]) : JsonValue.Create(m))]),
        };
        var all = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = added,
            ["normalizer"] = new JsonObject { ["type"] = "NFC" },
            ["model"] = model
        };
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"),
            all.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        config.Remove("added_tokens_decoder");
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config.ToJsonString());
        return folder;
    }
}
