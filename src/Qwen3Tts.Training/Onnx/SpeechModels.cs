// The two models of the user's own that may measure speech: how like the voice a network for speaker verification finds it, and the mean
// opinion score that another network expects of listeners. Neither number is one of this program.
using System.Numerics.Tensors;
using Qwen3Tts.Audio;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Onnx;

sealed class SpeechModels : IDisposable
{
    public const string SpeakerOption = "--speaker-model", MosOption = "--mos-model";
    const int MostScores = 8; // DNSMOS gives three; an embedding has many more

    OnnxModel? _speaker, _mos;

    /// <summary>Opens the models that are named, and tries each on a second of noise.</summary>
    /// <exception cref="ArgumentException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">A file is not a model of its kind.</exception>
    /// <exception cref="NotSupportedException">ONNX Runtime cannot be loaded on this machine.</exception>
    public static SpeechModels Open(OwnModels files)
    {
        var models = new SpeechModels();
        try
        {
            models._speaker = files.Speaker is { } speaker ? OnnxModel.Open(SpeakerOption, speaker, files.SpeakerRate) : null;
            models._mos = files.Mos is { } mos ? OnnxModel.Open(MosOption, mos, files.MosRate) : null;
            models.Try();
            return models;
        }
        catch
        {
            models.Dispose();
            throw;
        }
    }

    void Try()
    {
        var random = new Random(1);
        var noise = new Waveform([.. Enumerable.Range(0, 16000).Select(_ => 0.1f * random.NextSingle() - 0.05f)], 16000);
        if (_speaker?.Run(noise).Length is < 2)
            throw new InvalidDataException($"{_speaker.Place}: it gives one number, expected an embedding. Is it a model for {MosOption}?");
        if (_mos?.Run(noise).Length is { } count && count is 0 or > MostScores)
            throw new InvalidDataException($"{_mos!.Place}: it gives {count} numbers, expected a score. Is it a model for "
                + $"{SpeakerOption}?");
    }

    /// <summary>The embedding of an utterance's speaker, of norm 1; null without a speaker model.</summary>
    public float[]? Embed(Waveform speech)
    {
        if (_speaker?.Run(speech) is not { } embedding)
            return null;
        var norm = TensorPrimitives.Norm(embedding);
        return norm > 0 ? Array.ConvertAll(embedding, v => v / norm)
            : throw new InvalidDataException($"{_speaker.Place}: it gives an embedding of zeros. Check the file, or leave it out.");
    }

    /// <summary>The score of an utterance: the last number of the output; null without a MOS model.</summary>
    public double? Score(Waveform speech) => _mos?.Run(speech)[^1];

    /// <summary>The mean of embeddings of one voice.</summary>
    /// <exception cref="InvalidDataException">They have different lengths.</exception>
    public float[] Mean(IReadOnlyList<float[]> embeddings)
    {
        CheckLengths(embeddings);
        return [.. Enumerable.Range(0, embeddings[0].Length).Select(i => embeddings.Average(e => e[i]))];
    }

    /// <summary>The cosine between an embedding and that of a voice, -1 to 1.</summary>
    /// <exception cref="InvalidDataException">They have different lengths.</exception>
    public double Similarity(float[] embedding, float[] voice)
    {
        CheckLengths([embedding, voice]);
        return TensorPrimitives.CosineSimilarity<float>(embedding, voice);
    }

    void CheckLengths(IReadOnlyList<float[]> embeddings)
    {
        if (embeddings.Any(e => e.Length != embeddings[0].Length))
            throw new InvalidDataException($"{_speaker!.Place}: it gives {embeddings.Min(e => e.Length)} to "
                + $"{embeddings.Max(e => e.Length)} numbers for different recordings, expected one embedding for each. Export it "
                + "with its pooling over the time.");
    }

    public void Dispose()
    {
        _speaker?.Dispose();
        _mos?.Dispose();
    }
}
