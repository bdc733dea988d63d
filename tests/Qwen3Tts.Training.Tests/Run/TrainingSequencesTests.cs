using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Sequence;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using static Qwen3Tts.Tests.TrainingMethodTests;

namespace Qwen3Tts.Tests;

/// <summary>A run trains on the sequences that are spoken later, and on all its voices alike.</summary>
public sealed class TrainingSequencesTests
{
    [Fact]
    public void VoicesTakeTurnsAndKeepTheirOwnVectors()
    {
        var (data, voices) = Sequences(Options);
        var batch = data.Batch(0).Concat(data.Batch(1)).Select(VoiceIn).ToList();
        // although one voice has twice as many clips
        Assert.Equal((4, 4), (batch.Count(v => ReferenceEquals(v, voices[0].Vector)),
            batch.Count(v => ReferenceEquals(v, voices[1].Vector))));
        var export = TrainerTests.Run(Options with { Steps = 1, WarmUp = 0 }, TrainerTests.Fresh()).Export;
        var talker = ModelFolder.Open(export).Config.TalkerConfig;
        using var weights = Weights.Open(export);
        var table = weights.FileOf("talker.model.codec_embedding.weight").Float32("talker.model.codec_embedding.weight");
        foreach (var voice in voices)
            Assert.Equal(voice.Vector, table.AsSpan(talker.SpkId[voice.Name.ToLowerInvariant()] * talker.HiddenSize,
                talker.HiddenSize).ToArray());
        Assert.NotEqual(voices[0].Vector, voices[1].Vector);
        Assert.Equal(["anna", "bert"], RunManifest.Read(export)!.Voices.Select(v => v.Name));
    }

    static float[] VoiceIn(TrainingExample example) => example.Positions.Select(p => p.Codec).OfType<CodecStep.Voice>().Single().Vector;

    /// <summary>
    /// The training sequence of each clip equals the sequence that the speaking engine writes for the same request, position by position:
    /// in context or not, with instructions and languages.
    /// </summary>
    [Fact]
    public void TrainingSeesWhatSpeakingWrites()
    {
        var options = Options with { InContext = 0.5, Languages = ["data", "auto"] };
        var (data, voices) = Sequences(options);
        var clips = CodesFile.Read(TrainingMethodTests.Data.Value, Model.Config.TalkerConfig.NumCodeGroups,
            Model.Config.TalkerConfig.CodePredictorConfig.VocabSize);
        using var tts = Tts.Load(Model.Path, new() { Threads = 1 });
        var tokenizer = TextTokenizer.Load(Model.Path);
        var spoken = (from clip in clips
                      let reference = voices.Single(v => v.Name.Equals(clip.Speaker, StringComparison.OrdinalIgnoreCase)).Reference
                      from inContext in new[] { false, true }
                      from language in new[] { "Auto", clip.Language ?? "Auto" }
                      from layout in Enum.GetValues<Layout>()
                      let voice = tts.Clone(WavFile.Read(reference), inContext ? clips.Single(c => c.Audio == reference).Text : null)
                      where !(inContext && clip.Audio == reference) // the prompt would contain the clip itself
                      select Written(Spoken(tts.UtteranceOf(clip.Text,
                          new() { Voice = voice, Language = language, Layout = layout, Instruct = clip.Instruct }), clip.Codes!,
                          Ids(tokenizer)))).ToHashSet();
        var trained = Enumerable.Range(0, 200).SelectMany(data.Batch).Select(e => Written(e.Positions)).ToHashSet();
        Assert.True(spoken.SetEquals(trained),
            $"{trained.Except(spoken).Count()} of {trained.Count} trained sequences are never spoken, {spoken.Except(trained).Count()} " +
            $"of {spoken.Count} spoken ones never trained.");
    }

    static IReadOnlyList<Position> Spoken(Utterance utterance, IReadOnlyList<int[]> frames, SpecialTokens ids)
    {
        var sequence = TalkerSequence.Prompt(utterance, ids);
        foreach (var frame in frames)
            sequence.Append(new CodecStep.Frame(frame));
        sequence.AppendEnd();
        return sequence.Positions;
    }

    static SpecialTokens Ids(TextTokenizer tokenizer) => Model.Config.SpecialTokens(tokenizer.AssistantHead[^1]);

    /// <summary>
    /// Positions as text, with a voice's vector rounded as its row would store it: speaking with a recording does not round.
    /// </summary>
    static string Written(IEnumerable<Position> positions) => string.Join(' ', positions.Select(p => $"{p.Text}+{p.Codec switch
    {
        CodecStep.Token t => $"t{t.Id}",
        CodecStep.Frame f => $"f{string.Join(',', f.Codes)}",
        CodecStep.Voice v => $"v{string.Join(',', Export.AsStored(Model, v.Vector).Take(8))}",
        _ => "",
    }}"));

    static (TrainingData Data, IReadOnlyList<TrainingVoice> Voices) Sequences(TrainingOptions options)
    {
        var clips = CodesFile.Read(options.Data, Model.Config.TalkerConfig.NumCodeGroups,
            Model.Config.TalkerConfig.CodePredictorConfig.VocabSize);
        options = options.Completed(Model.Config, clips.Count, true);
        var (voices, tokenizer) = (TrainingVoices.Load(Model, options, clips), TextTokenizer.Load(Model.Path));
        return (new(clips, tokenizer, Ids(tokenizer), voices, options), voices);
    }
}
