using Qwen3Tts.Text;

namespace Qwen3Tts.Tests.Text;

/// <summary>An error in a file names the file, the place and a remedy.</summary>
public sealed class TokenizerFilesTests
{
    static string Broken(string file, Func<string, string>? change)
    {
        var folder = Scratch.New("tokenizer");
        foreach (var name in new[] { "vocab.json", "merges.txt", "tokenizer_config.json" })
            File.Copy(Path.Combine(Golden.Checkpoint(Golden.Checkpoints.First()), name), Path.Combine(folder, name));
        var path = Path.Combine(folder, file);
        if (change is null)
            File.Delete(path);
        else
            File.WriteAllText(path, change(File.ReadAllText(path)));
        return folder;
    }

    static string Message(string file, Func<string, string> change)
    {
        var message = Assert.Throws<InvalidDataException>(() => TextTokenizer.Load(Broken(file, change))).Message;
        Assert.Contains(file, message);
        Assert.EndsWith(".", message);
        return message;
    }

    [Theory]
    [InlineData("vocab.json")]
    [InlineData("merges.txt")]
    [InlineData("tokenizer_config.json")]
    public void MissingFileIsNamed(string file) =>
        Assert.Contains(file, Assert.Throws<FileNotFoundException>(() => TextTokenizer.Load(Broken(file, null))).Message);

    [Fact]
    public void BrokenVocabulary()
    {
        Message("vocab.json", _ => "not json");
        Message("vocab.json", _ => "");
        Message("vocab.json", _ => "[1]");
        Assert.Contains("byte 0", Message("vocab.json", _ => """{"a": 1}"""));
        Assert.Contains("'extra'", Message("vocab.json", v => v.TrimEnd().TrimEnd('}') + ", \"extra\": -1}"));
        Assert.Contains("2000000000", Message("vocab.json", v => v.TrimEnd().TrimEnd('}') + ", \"extra\": 2000000000}"));
        Assert.Contains("'!' appears twice", Message("vocab.json", v => v.TrimEnd().TrimEnd('}') + ", \"!\": 0}"));
    }

    [Fact]
    public void BrokenMerges()
    {
        Assert.Contains("merges.txt(2): 'alone'", Message("merges.txt", _ => "#version: 0.2\nalone\n"));
        Assert.Contains("merges.txt(1): 'a b c'", Message("merges.txt", _ => "a b c"));
        Assert.Contains("'没有' is not in vocab.json", Message("merges.txt", _ => "没有 a"));
    }

    [Fact]
    public void BrokenAddedTokens()
    {
        Message("tokenizer_config.json", _ => "{}");
        Message("tokenizer_config.json", _ => """{"added_tokens_decoder": {"x": {"content": "<|im_start|>"}}}""");
        Message("tokenizer_config.json", _ => """{"added_tokens_decoder": {"900": 5}}""");
        Message("tokenizer_config.json", _ => """{"added_tokens_decoder": {"900": {"content": ""}}}""");
        Assert.Contains("'lstrip'", Message("tokenizer_config.json", t => t.Replace("\"lstrip\": false", "\"lstrip\": true")));
        Assert.Contains("'<|im_end|>'", Message("tokenizer_config.json", t => t.Replace("<|im_end|>", "<|ende|>")));
        Assert.Contains("is that of", Message("tokenizer_config.json", _ => """{"added_tokens_decoder": {"5": {"content": "<|im_start|>"}}}"""));
    }
}
