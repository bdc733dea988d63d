using System.Text.Json.Nodes;

namespace Qwen3Tts.Tests;

/// <summary>
/// A model folder with the real vocabulary and what a tokenizer reads besides it. The added tokens are those of the tiny vocabulary, with
/// ids after the real vocabulary.
/// </summary>
static class RealVocabulary
{
    /// <param name="version">The <c>transformers_version</c> in its <c>config.json</c>; null omits it.</param>
    public static string Folder(string? version = "4.57.3")
    {
        var folder = Scratch.New("real-vocabulary");
        var source = Path.Combine(Golden.Repository, "tests", "Qwen2Tokenizer");
        foreach (var file in new[] { "vocab.json", "merges.txt" })
            File.Copy(Path.Combine(source, file), Path.Combine(folder, file));
        var tiny = Golden.Checkpoint(Golden.Checkpoints.First());
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(tiny, "tokenizer_config.json")))!;
        var added = new JsonObject();
        var shift = Entries(source) - Entries(tiny);
        foreach (var (id, token) in config["added_tokens_decoder"]!.AsObject())
            added[$"{int.Parse(id) + shift}"] = token!.DeepClone();
        config["added_tokens_decoder"] = added;
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "config.json"), version is null ? "{}" : $$"""{"transformers_version": "{{version}}"}""");
        return folder;
    }

    static int Entries(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "vocab.json")))!.AsObject().Count;
}
