using Qwen3Tts.Checkpoint;

namespace Qwen3Tts.Tests.Checkpoint;

public sealed class RunManifestTests
{
    static readonly RunManifest Manifest = new()
    {
        MadeBy = "a test",
        BaseName = "Base",
        BaseSha256 = "00",
        Voices = [new("anna", 3000, 10, "anna.wav", "11")],
        Layouts = [RunManifest.TextFirst],
        Languages = ["auto", "german"],
        Steps = 400,
    };

    static string Written(string json)
    {
        var folder = Scratch.New();
        File.WriteAllText(Path.Combine(folder, RunManifest.FileName), json);
        return folder;
    }

    [Fact]
    public void ComesBackAsItWasWritten()
    {
        Assert.Equal(Manifest.ToJson(), RunManifest.Read(Written(Manifest.ToJson()))!.ToJson());
        Assert.Contains("\"base_sha256\"", Manifest.ToJson());
        Assert.Null(RunManifest.Read(Scratch.New()));
    }

    [Theory]
    [InlineData("{", "JSON")]
    [InlineData("{}", "base_name")]
    [InlineData(null, "later version")]
    public void ADamagedOneIsNamed(string? json, string reason)
    {
        var folder = Written(json ?? (Manifest with { Format = 2 }).ToJson());
        var message = Assert.Throws<InvalidDataException>(() => RunManifest.Read(folder)).Message;
        Assert.Contains(RunManifest.FileName, message);
        Assert.Contains(reason, message);
    }

    [Theory]
    [InlineData("Anna", "Auto", RunManifest.TextFirst, false, false, null)]
    [InlineData("anna", "German", RunManifest.TextFirst, false, false, null)]
    [InlineData("anna", "english", RunManifest.TextFirst, false, false, "the language english")]
    [InlineData("anna", "auto", RunManifest.Interleaved, false, false, "the layout interleaved")]
    [InlineData("anna", "auto", RunManifest.TextFirst, true, false, "instructions")]
    [InlineData(null, "auto", RunManifest.TextFirst, false, true, "transcript")]
    [InlineData("vivian", "english", RunManifest.Interleaved, true, true, null)] // a voice of the base: its training is not told here
    public void SaysWhatWasNotTrained(string? speaker, string language, string layout, bool instruct, bool inContext, string? expected)
    {
        var said = Manifest.Untrained(speaker, language, layout, instruct, inContext).ToList();
        Assert.Equal(expected is null ? 0 : 1, said.Count);
        Assert.All(said, s => Assert.Contains(expected!, s));
    }
}
