using Qwen3Tts.Data;

namespace Qwen3Tts.Tests.Data;

/// <summary>A list with codes is read only by the model that wrote them.</summary>
public sealed class CodesFileTests
{
    [Theory]
    [InlineData("", "prepare")]
    [InlineData(""","audio_codes":[]""", "prepare")]
    [InlineData(""","audio_codes":[[1,2]]""", "2 codes")]
    [InlineData(""","audio_codes":[[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,64]]""", "64")]
    [InlineData(""","audio_codes":[[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,-1]]""", "-1")]
    public void CodesOfAnotherModelAreRefused(string codes, string word)
    {
        var list = Path.Combine(Scratch.New(), "codes.jsonl");
        File.WriteAllText(list, $$"""{"audio":"a.wav","text":"a","ref_audio":"a.wav"{{codes}}}""");
        var message = Assert.Throws<InvalidDataException>(() => CodesFile.Read(list, 16, 64)).Message;
        Assert.StartsWith($"{list}(1): ", message);
        Assert.Contains(word, message);
    }
}
