using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Data;

namespace Qwen3Tts.Tests.Data;

/// <summary>Wrong transcripts are found by the miniature itself, without a recogniser.</summary>
public sealed class TranscriptScoresTests
{
    static readonly Lazy<(ClipEncoder Encoder, PreparationReport Report, float[] Voice)> Nora = new(() =>
    {
        var encoder = ModelEncoder.Load(ModelFolder.Open(Mini.Model), comparesTexts: true);
        var report = Preparation.Run(new()
        {
            Input = Mini.Recordings,
            Output = Path.Combine(Scratch.New(), "codes.jsonl"),
            Language = "English",
        }, encoder with { TextLoss = null }, null, default);
        return (encoder, report, encoder.Voice!(AudioFile.Read(report.Chosen[0])));
    });

    /// <summary>Scores the sixty clips, some with the text of another clip; null keeps the own text.</summary>
    static TranscriptScores Score(Func<int, int?> textOf)
    {
        var (encoder, report, voice) = Nora.Value;
        return TranscriptScores.Measure([.. report.Clips.Select((c, i) =>
        {
            var text = report.Clips[textOf(i) ?? i].Clip.Text;
            return new ScoredClip(c.Clip with { Text = text, Place = $"l({i})" }, encoder.Tokenizer!.Encode(text), voice);
        })], encoder.TextLoss!, null, default);
    }

    static (int Found, int Right) Count(TranscriptScores scores, IReadOnlyCollection<int> wrong) => (scores.Doubts.Count,
        wrong.Count(i => scores.Doubts.Any(d => d.StartsWith($"l({i}): ", StringComparison.Ordinal))));

    [Fact]
    public void TextsOfOtherClipsAreFound()
    {
        int[] wrong = [3, 11, 25, 38, 47, 52];
        var (found, right) = Count(Score(i => wrong.Contains(i) ? (i + 29) % 60 : null), wrong);
        Assert.True(right >= 0.9 * wrong.Length && right >= 0.9 * found, $"{right} of {wrong.Length} were found, among {found}.");
    }

    [Fact]
    public void ExchangedNeighboursAreFoundAndNamed()
    {
        int[] wrong = [3, 4, 25, 26, 40, 41];
        var scores = Score(i => wrong.Contains(i) ? (Array.IndexOf(wrong, i) % 2 == 0 ? i + 1 : i - 1) : null);
        var (found, right) = Count(scores, wrong);
        Assert.True(right >= 0.9 * wrong.Length && right >= 0.9 * found, $"{right} of {wrong.Length} were found, among {found}.");
        Assert.Contains(scores.Doubts, d => d.StartsWith("l(25): ", StringComparison.Ordinal)
            && d.Contains("The text of l(26) fits: are the two exchanged?", StringComparison.Ordinal));
    }

    [Fact]
    public void IfAllTextsAreExchangedTheSummarySaysSo()
    {
        var scores = Score(i => (i + 1) % 60);
        Assert.Empty(scores.Doubts);
        Assert.StartsWith("the texts fit the recordings no better than chance", scores.Summary, StringComparison.Ordinal);
    }

    /// <summary>With losses by hand: a model that knows little says nothing, and few texts are not compared.</summary>
    [Fact]
    public void AModelThatDoesNotKnowTheWordsSaysSo()
    {
        List<ScoredClip> clips = [.. Enumerable.Range(0, 12)
            .Select(i => new ScoredClip(new($"l({i})", "a.wav", true, $"text {i}"), [i], null))];
        var unknown = TranscriptScores.Measure(clips,
            (clip, text) => clip.Clip.Text == $"text {text[0]}" && text[0] < 6 ? -1 : text[0], null, default);
        Assert.Empty(unknown.Doubts);
        Assert.All(unknown.Saved, Assert.Null);
        Assert.Contains("the model knows these words too little", unknown.Summary, StringComparison.Ordinal);
        var known = TranscriptScores.Measure(clips,
            (clip, text) => clip.Clip.Text == $"text {text[0]}" && text[0] != 5 ? 1 : 3, null, default);
        Assert.StartsWith("l(5): the text may not be what 'a.wav' says: it saves 0.0 nats a frame, and a right one 1.0 or more. ",
            Assert.Single(known.Doubts), StringComparison.Ordinal);
        Assert.StartsWith("not compared", TranscriptScores.Measure(clips[..8], (_, _) => 1, null, default).Summary,
            StringComparison.Ordinal);
    }
}
