using Qwen3Tts.Sequence;

namespace Qwen3Tts.Tests.Sequence;

public sealed class LanguageNamesTests
{
    static readonly string[] Known = ["chinese", "english", "japanese", "beijing_dialect", "Bengali", "tlh"];

    [Theory]
    [InlineData("english", "en", "en-US", "en_GB", "eng", "ENGLISH", "English", " EN ", "en_US.UTF-8", "English (US)", "eng-Latn-GB")]
    [InlineData("chinese", "zh", "zh-CN", "cmn", "zh-Hans-CN", "ZHO", "chi", "all_zh", "Mandarin", "中文")]
    [InlineData("japanese", "ja", "jp", "jpn", "ja_JP", "JP")]
    [InlineData("beijing_dialect", "Beijing Dialect", "beijing-dialect", "BEIJING_DIALECT")]
    [InlineData("Bengali", "bn", "ben", "bengali", "bn-IN")]
    [InlineData("tlh", "TLH", "tlh-001")]
    [InlineData("Auto", "auto", "AUTO", "", " ", null)]
    [InlineData(null, "klingon", "de", "yue", "zh-yue", "xx-US", "e", "-", "\u0007")]
    public void EverySpellingMeansTheModelsName(string? name, params string?[] spellings) =>
        Assert.All(spellings, s => Assert.Equal(name, LanguageNames.Find(s, Known)));

    [Theory]
    [InlineData("en-US", "English")]
    [InlineData("yue", "Cantonese")]
    [InlineData("Klingon ", "Klingon")]
    [InlineData("auto", "Auto")]
    public void WithoutAModelTheTableNames(string given, string name) => Assert.Equal(name, LanguageNames.NameOf(given));

    [Fact]
    public void AWordIsNoLanguage() =>
        Assert.All(["Good", "what", "hello there", "a.wav", "12"], w => Assert.False(LanguageNames.IsLanguage(w), w));
}
