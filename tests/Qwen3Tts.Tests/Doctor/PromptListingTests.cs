using Qwen3Tts.Checkpoint;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Doctor.Report;

namespace Qwen3Tts.Tests;

/// <summary>The two lists of the post-mortem, for every mode: the correct prompt, and the prompt that the script trains on.</summary>
public sealed class PromptListingTests
{
    public static TheoryData<string> Models => [.. Golden.Checkpoints];

    [Theory, MemberData(nameof(Models))]
    public void EveryModeIsShown(string model)
    {
        var config = ModelFolder.Open(Golden.Checkpoint(model)).Config;
        var language = config.TalkerConfig.CodecLanguageId.Keys.First();
        foreach (var speaker in config.TalkerConfig.SpkId.Keys.Take(1).Cast<string?>().Append(null))
            foreach (var transcript in new[] { null, "Hello there." })
                foreach (var interleaved in new[] { false, true })
                {
                    if (transcript is not null && (speaker is not null || config.TtsModelType == "voice_design"))
                        continue;
                    var (right, same) = PromptListing.Pair(Golden.Checkpoint(model),
                        new("Hello world.", speaker, language, "Slowly.", transcript, interleaved), FaultSet.None);
                    Assert.Equal(right, same);
                    Assert.Contains(right, p => p.Codec == $"language {language}");
                    Assert.Equal(config.TtsModelType == "voice_design" && speaker is null ? 0
                        : 1, right.Count(p => p.Codec == "voice" || p.Codec == $"speaker {speaker}"));
                    Assert.Contains("first code of frame 0; codes 1–15 of frame 0", right.Select(p => p.Taught));
                    Assert.Equal("end", right[^2].Taught);
                }
    }

    [Theory, MemberData(nameof(Models))]
    public void TheOfficialScriptDiffersAsItsFaultsSay(string model)
    {
        var language = ModelFolder.Open(Golden.Checkpoint(model)).Config.TalkerConfig.CodecLanguageId.Keys.First();
        var (right, faulty) = PromptListing.Pair(Golden.Checkpoint(model), new("Hello world.", null, language, null, null, false),
            Hypothesis.Find("official-022e286"));
        Assert.Equal(right.Count - 1, faulty.Count);
        Assert.Equal("nothink", faulty[3].Codec);
        Assert.All(faulty.Where(p => p.Text.Length > 0), p => Assert.EndsWith(", raw", p.Text, StringComparison.Ordinal));
        var (start, shifted) = (Index(right, "first code of frame 0"), Index(faulty, "first code of frame 0"));
        Assert.Equal("codec_bos", right[start].Codec);
        Assert.Equal("tts_eos, raw", faulty[shifted].Text);
        Assert.StartsWith("frame 0", faulty[Index(faulty, "of frame 0", after: shifted)].Codec, StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownScriptIsRefused() =>
        Assert.Contains("official-022e286", Assert.Throws<ArgumentException>(() => Hypothesis.Find("nonsense")).Message,
        StringComparison.Ordinal);

    static int Index(IReadOnlyList<ListedPosition> list, string taught, int after = -1) =>
        Enumerable.Range(after + 1, list.Count - after - 1).First(i => list[i].Taught.Contains(taught, StringComparison.Ordinal));
}
