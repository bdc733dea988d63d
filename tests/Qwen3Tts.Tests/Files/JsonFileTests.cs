using System.Text;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;

namespace Qwen3Tts.Tests.Files;

/// <summary>Messages about JSON name file, line and key in terms of JSON.</summary>
public sealed class JsonFileTests
{
    const string Good = """{"made_by": "x", "base_name": "b", "base_sha256": "s", "voices": [], "layouts": [], "languages": [], "steps": 1}""";

    static string Message(byte[] json)
    {
        var message = Assert.Throws<InvalidDataException>(
            () => JsonFile.Parse(json, "m.json", ManifestJson.Default.RunManifest, "Write it again.")).Message;
        Assert.StartsWith("m.json(", message);
        Assert.EndsWith("Write it again.", message);
        Assert.DoesNotContain("System.", message);
        Assert.DoesNotContain("Qwen3Tts", message);
        Assert.DoesNotContain(message, char.IsControl);
        Assert.InRange(message.Length, 1, 1000);
        return message;
    }

    [Theory]
    [InlineData("\"steps\": 1", "\"steps\": \"two\"", "m.json(1): 'steps' is the text 'two', expected a whole number")]
    [InlineData("\"steps\": 1", "\n\n\"steps\": 1.5", "m.json(3): 'steps' is 1.5, expected a whole number")]
    [InlineData("\"steps\": 1", "\"steps\": 3000000000", "'steps' is 3000000000, expected a whole number")]
    [InlineData("\"steps\": 1", "\"steps\": null", "'steps' is null, expected a whole number")]
    [InlineData("\"steps\": 1", "\"steps\": 1e999", "'steps' is 1e999, a number out of range")]
    [InlineData("\"steps\": 1", "\"steps\": NaN", "it is not JSON at 'steps': 'NaN}'")]
    [InlineData("\"steps\": 1", "\"steps\": 1, \"steps\": 2", "'steps' appears twice")]
    [InlineData("\"steps\": 1", "\"other\": 1", "'steps' is missing")]
    [InlineData("\"layouts\": [], \"languages\": []", "", "it is not JSON")]
    [InlineData("\"layouts\": [], \"languages\": [], ", "", "'layouts', 'languages' are missing")]
    [InlineData("\"layouts\": []", "\"layouts\": {\"a\": 1}", "'layouts' is an object, expected a list")]
    [InlineData("\"layouts\": []", "\"layouts\": [\"a\", 5]", "'layouts[1]' is 5, expected text")]
    [InlineData("\"voices\": []",
        "\"voices\": [{\"name\": \"a\", \"row\": true, \"norm\": 1, \"reference\": \"\", \"reference_sha256\": \"\"}]",
        "'voices[0].row' is true, expected a whole number")]
    [InlineData("\"voices\": []", "\"voices\": [{\"name\": \"a\"}]",
        "'voices[0].row', 'voices[0].norm', 'voices[0].reference', 'voices[0].reference_sha256' are missing")]
    [InlineData("\"made_by\": \"x\"", "\"made_by\": \"\\ud800\"", "'made_by' has half a surrogate pair")]
    [InlineData("\"made_by\": \"x\"", "\"made_by\": null", "'made_by' is null")]
    [InlineData("\"made_by\": \"x\"", "\"made_by\": \"\u0007x", "it is not JSON at 'made_by'")]
    [InlineData("1}", "1", "the JSON ends too early, at 'steps'")]
    [InlineData(Good, "[1]", "the whole is a list, expected an object")]
    [InlineData(Good, "null", "the whole is null")]
    [InlineData(Good, "", "the JSON ends too early, at its beginning")]
    public void TheMessageNamesLineKeyAndKind(string from, string to, string expected) =>
        Assert.Contains(expected, Message(Encoding.UTF8.GetBytes(Good.Replace(from, to))));

    [Fact]
    public void MessagesAboutHostileTextsAreShort()
    {
        Assert.Contains("64 deep", Message(Encoding.UTF8.GetBytes(new string('[', 100_000))));
        Assert.Contains("64 deep", Message(
            Encoding.UTF8.GetBytes(Good.Replace("\"steps\": 1", "\"steps\": " + string
            .Concat(Enumerable.Repeat("{\"\\u001bkey\":[", 1000))))));
        Message(Encoding.UTF8.GetBytes(Good.Replace("\"steps\": 1", $"\"{new string('k', 100_000)}\u001b\": {new string('9', 100_000)}")));
        Message(Encoding.UTF8.GetBytes(Good.Replace("\"steps\": 1", $"\"steps\": \"{new string('v', 100_000)}\"")));
        Assert.Contains("byte 13", Message([.. Encoding.UTF8.GetBytes("{\"made_by\": \""), 0xFF, .. Encoding.UTF8.GetBytes("\"}")]));
    }

    [Fact]
    public void AByteOrderMarkIsNoPartOfTheText()
    {
        foreach (var encoding in new Encoding[] { new UTF8Encoding(true), Encoding.Unicode, Encoding.BigEndianUnicode })
            Assert.Equal("x", JsonFile.Parse([.. encoding.GetPreamble(), .. encoding.GetBytes(Good)], "m.json",
                ManifestJson.Default.RunManifest, "").MadeBy);
    }

    [Fact]
    public void ALineOfAListIsCountedOnce() =>
        Assert.StartsWith("codes.jsonl(12): ",
            Assert.Throws<InvalidDataException>(
            () => JsonFile.Parse("{"u8, "codes.jsonl(12)", ManifestJson.Default.RunManifest, "")).Message);
}
