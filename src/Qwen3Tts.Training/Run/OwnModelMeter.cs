// Measures speech with the models that the user named. The models are opened for each evaluation, so that they take no memory from the
// training in between.
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Likeness;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Onnx;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Run;

/// <param name="files">The models.</param>
/// <param name="recordings">The recordings of the voices.</param>
sealed class OwnModelMeter(OwnModels files, OwnRecordings recordings)
{
    readonly Dictionary<string, float[]?> _voices = []; // the mean embedding of each voice; null without recordings

    /// <summary>The figures of each utterance; a figure is null where there is nothing to compare with.</summary>
    /// <param name="spoken">Speech, and the clip whose voice speaks.</param>
    /// <param name="stop">Checked before each utterance.</param>
    /// <exception cref="InvalidDataException">A model fails.</exception>
    public List<ModelFigures> Measure(IEnumerable<(Waveform Speech, Clip Clip)> spoken, CancellationToken stop)
    {
        using var models = SpeechModels.Open(files);
        var result = new List<ModelFigures>();
        foreach (var (speech, clip) in spoken)
        {
            stop.ThrowIfCancellationRequested();
            if (!SpeechFigures.IsMeasurable(speech))
            {
                result.Add(new(null, null));
                continue;
            }
            var embedding = models.Embed(speech);
            var voice = embedding is null ? null : VoiceOf(clip, models, stop);
            result.Add(new(voice is null ? null : models.Similarity(embedding!, voice), models.Score(speech)));
        }
        return result;
    }

    float[]? VoiceOf(Clip clip, SpeechModels models, CancellationToken stop)
    {
        var name = recordings.NameOf(clip);
        if (_voices.TryGetValue(name, out var known))
            return known;
        var embeddings = new List<float[]>();
        foreach (var recording in recordings.OfVoice(clip))
        {
            stop.ThrowIfCancellationRequested();
            embeddings.Add(models.Embed(recording)!);
        }
        return _voices[name] = embeddings.Count == 0 ? null : models.Mean(embeddings);
    }
}
