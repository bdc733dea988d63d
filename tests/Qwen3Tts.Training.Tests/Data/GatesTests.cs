using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Doctor.Evidence;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Doctor.Report;
using Qwen3Tts.Generation;
using Qwen3Tts.Sequence;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Tests.Data;

/// <summary>All commands use the same checks: an input that one command refuses is refused by the others, with the same words.</summary>
public sealed class GatesTests
{
    internal static readonly Lazy<Tts> Model = new(() => Tts.Load(Mini.Model, new() { Threads = 1 }));
    static readonly Lazy<ClipEncoder> Encoder = new(() => ModelEncoder.Load(ModelFolder.Open(Mini.Model)));
    internal static readonly string Good = Path.Combine(Mini.Folder, "clips", "rms_1.wav");

    internal static string List(string text, string audio, string? language = null, string? instruct = null, bool reference = true)
    {
        var list = Path.Combine(Scratch.New("gates"), "l.jsonl");
        var line = new Dictionary<string, string?> { ["audio"] = audio, ["text"] = text, ["language"] = language, ["instruct"] = instruct };
        if (reference)
            line["ref_audio"] = Good;
        File.WriteAllText(list, JsonSerializer.Serialize(line) + "\n");
        return list;
    }

    internal static PreparationReport Prepared(string list) =>
        Preparation.Run(new() { Input = list, Output = Path.Combine(Scratch.New(), "codes.jsonl") }, Encoder.Value, null, default);
    internal static void Imported(string list) =>
        Import.Run(new() { Input = list, Output = Path.Combine(Scratch.New(), "m.jsonl"), HeldOut = HeldOut.Parse("0") }, default);
    internal static void Examined(string list) =>
        ClipExamples.Load(new() { Checkpoint = Mini.Model, Data = list }, ModelFolder.Open(Mini.Model), null);
    static Voice Cloned => new(new float[192]);

    /// <summary>Each command refuses the input as a mistake of the user, with the same words.</summary>
    internal static void AllSay(string words, params (string Command, Action Act)[] commands) => Assert.All(commands, c =>
    {
        var error = Record.Exception(c.Act);
        Assert.True(error is InvalidDataException || error?.GetType() == typeof(ArgumentException), $"{c.Command}: {error}");
        Assert.Contains(words, error!.Message, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData("Hi\u0007 there.")]
    [InlineData("Hi\u009B there.")]
    [InlineData("Hi\uFFFD there.")]
    [InlineData("?! …")]
    [InlineData("Hi <|im_end|> there.")]
    public void BadTexts(string text)
    {
        var (list, words) = (List(text, Good), SpokenText.Problem(text)!["the text ".Length..]);
        AllSay(words,
            ("import", () => Imported(list)), ("prepare", () => Prepared(list)), ("doctor", () => Examined(list)),
            ("say", () => Model.Value.Stream(text, new() { Voice = Cloned })),
                ("transcript", () => Model.Value.Clone(WavFile.Read(Good), text)),
            ("instruct", () => Model.Value.Stream("Hello.", new() { Voice = Cloned, Instruct = text })),
                ("show-prompt", () => PromptListing.Pair(Mini.Model, new(text, null, null, null, null, false), FaultSet.None)),
            ("import's instruct", () => Imported(List("Hello.", Good, instruct: text))),
                ("prepare's instruct", () => Prepared(List("Hello.", Good, instruct: text))));
    }

    [Fact]
    public void ARecordingIsNoList() => AllSay("this is a recording (WAV), not a list of recordings.",
        ("import", () => Imported(Good)), ("prepare", () => Prepared(Good)), ("doctor", () => Examined(Good)));

    [Fact]
    public void ASpeakerOfAnUnreadableListDoesNotHideWhatIsWrong()
    {
        var list = Path.Combine(Scratch.New("gates"), "l.jsonl");
        File.WriteAllText(list, "{\"audio\": 3}\n");
        var error = Assert.Throws<InvalidDataException>(
            () => Import.Run(new() { Input = list, Output = list + ".out", OnlySpeaker = "anna" }, default));
        Assert.StartsWith($"{list}(1): ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Klingon")]
    [InlineData("xx-US")]
    [InlineData("Kling\u0007on")]
    public void BadLanguages(string language)
    {
        var known = Model.Value.Languages.ToList();
        var words = LanguageNames.Unknown(language, known);
        var list = List("Good morning.", Good, language);
        var report = Prepared(list);
        // a doubt and not an error: it may be the language that is to be taught
        Assert.Contains(report.Doubts, d => d.StartsWith($"{list}(1): {words}", StringComparison.Ordinal));
        AllSay(words,
            ("say", () => Model.Value.Stream("Hello.", new() { Voice = Cloned, Language = language })), ("doctor", () => Examined(list)),
            ("show-prompt", () => PromptListing.Pair(Mini.Model, new("Hello.", null, language, null, null, false), FaultSet.None)),
            ("train", () => Trained(report.Clips[0].Clip, "data")),
                ("train --language", () => Trained(report.Clips[0].Clip with { Language = null }, language)));
    }

    static TrainingData Trained(Clip clip, string language)
    {
        var (model, tokenizer) = (ModelFolder.Open(Mini.Model), TextTokenizer.Load(Mini.Model));
        var options = new TrainingOptions
        {
            Model = "m",
            Data = "d",
            Speaker = "anna",
            Languages = [language],
        }.Completed(model.Config, 1, true);
        return new([clip], tokenizer, Qwen3Tts.Talker.ConfigTokens.SpecialTokens(model.Config, tokenizer.AssistantHead[^1]),
            [new("anna", "r.wav", new float[192])], options);
    }

    [Fact]
    public void ALanguageOfAListIsReadAsItIsSpelled()
    {
        var output = Path.Combine(Scratch.New(), "m.jsonl");
        Import.Run(new()
        {
            Input = Reports.Path("languages", "train.jsonl"),
            Output = output,
            HeldOut = HeldOut.Parse("0"),
            SkipBad = true
        }, default);
        var clips = ClipList.Read(output, new());
        Assert.Equal(["English"], clips.Select(c => c.Language).Distinct());
        Assert.All(["en", "en-US", "ENGLISH"], code =>
            Assert.Equal(["english"], Trained(Prepared(List("Good morning.", Good, code)).Clips[0].Clip, "data").Languages));
    }

    [Fact]
    public void NamesAreOneInAnySpelling()
    {
        var talker = ModelFolder.Open(Mini.Model).Config.TalkerConfig;
        Assert.All(["a/b", "a\u0007", " a", "..", ""], name =>
            Assert.Equal(Qwen3Tts.Files.SpeakerName.Problem(name),
            Assert.Throws<ArgumentException>(() => Export.CheckName(talker, name)).Message));
        var list = Path.Combine(Scratch.New("gates"), "l.jsonl");
        File.WriteAllText(list, JsonSerializer.Serialize(new { audio = Good, text = "Good morning.", speaker = "Zoe\u0308" }) + "\n");
        Assert.Single(Import.Run(new() { Input = list, Output = list + ".out", HeldOut = HeldOut.Parse("0"), OnlySpeaker = "ZO\u00CB" },
            default).Rows);
    }
}
