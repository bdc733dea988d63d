// The entry point of the library: loads a model folder, speaks and clones. All kinds of requests take the same path: text and voice become
// an utterance, the utterance becomes a sequence, frames are appended to the sequence, and the codec turns the frames into audio.
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Generation;
using Qwen3Tts.Hub;
using Qwen3Tts.Kernels;
using Qwen3Tts.Loading;
using Qwen3Tts.Sequence;
using Qwen3Tts.Speaker;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;

namespace Qwen3Tts;

/// <summary>A loaded Qwen3-TTS model. Several threads may use it; their utterances are computed alternately, frame by frame.</summary>
public sealed partial class Tts : IDisposable
{
    readonly ModelFolder _model;
    readonly TextTokenizer _tokenizer;
    readonly TalkerModel _talker;
    readonly SpeakerEncoder? _encoder;
    readonly SpeechCodec _codec;
    readonly SpecialTokens _ids;
    readonly Workers? _own;
    readonly Compatibility _compatibility;
    volatile bool _disposed;

    Tts(ModelFolder model, Workers workers, Workers? own, TtsOptions options, Action<LoadStage, double> report)
    {
        (_model, _own, _compatibility) = (model, own, options.Compatibility);
        (Name, _talkerHash) = (ModelHub.NameOf(model.Path), new(HashOfTalker));
        _tokenizer = TextTokenizer.Load(model.Path);
        _ids = model.Config.SpecialTokens(_tokenizer.AssistantHead[^1]);
        _ = Sampling; // reports a setting of generation_config.json that is out of range now, not when speaking
        var kept = options.KeepConverted ? new QuantizedCache(QuantizedCache.UsualFolder) : null;
        (_talker, _encoder) = ModelNetworks.Load(model, workers, options.Precision.ToWeightType(), options.MapWeights,
            share => report(LoadStage.LanguageModel, share), kept);
        Warnings = kept?.Problem is { } problem ? [problem] : [];
        _talker.Input.ProjectsText = !_compatibility.HasFlag(Compatibility.RawText);
        _codec = SpeechCodec.Load(model.CodecPath, workers, options.MapWeights, share => report(LoadStage.Codec, share),
            bfloat16: _talker.IsQuantized);
        if (_codec.CodesPerFrame != _ids.CodeGroups || _codec.CodebookSize != model.Config.TalkerConfig.CodePredictorConfig.VocabSize)
            throw new InvalidDataException(
                $"{model.Path}: the talker makes frames of {_ids.CodeGroups} codes below " +
                $"{model.Config.TalkerConfig.CodePredictorConfig.VocabSize}, and the codec in speech_tokenizer reads " +
                $"{_codec.CodesPerFrame} below {_codec.CodebookSize}. Copy the folder speech_tokenizer from the model that this one was " +
                $"made from.");
    }

    /// <summary>The model's id on the hub, or the name of its folder without the path.</summary>
    public string Name { get; }

    /// <summary>What loading could not do and the model does not need to speak, such as keeping converted weights
    /// (<see cref="TtsOptions.KeepConverted"/>): two sentences each, the second with a remedy. Usually empty.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>base, custom_voice or voice_design.</summary>
    public string Kind => _model.Config.TtsModelType;

    /// <summary>True if the model has a speaker encoder, which <see cref="Clone"/> needs.</summary>
    public bool CanClone => _model.Config.CanClone;

    /// <summary>True if instructions have an effect. The official package ignores them for 0.6B models.</summary>
    public bool CanInstruct => !_model.Config.IgnoresInstruct;

    /// <summary>Allowed values of <see cref="SpeechOptions.Speaker"/>.</summary>
    public IEnumerable<string> Speakers => _ids.Speakers.Keys;

    /// <summary>Allowed values of <see cref="SpeechOptions.Language"/>, in addition to Auto.</summary>
    public IEnumerable<string> Languages => _ids.Languages.Keys;

    /// <summary>Samples per second of all speech.</summary>
    public int SampleRate => _codec.SampleRate;

    /// <summary>Frames per second of all speech: 12.5 in the released models.</summary>
    public double FramesPerSecond => _codec.FramesPerSecond;

    /// <summary>Sampling options from the model's generation_config.json.</summary>
    public SamplingOptions Sampling => SamplingOf(_model.Generation);

    /// <summary>Speaks a text.</summary>
    /// <param name="text">The text to be spoken; not empty.</param>
    /// <param name="options">How to speak; null is possible if the model needs neither a speaker nor a voice.</param>
    /// <param name="cancellation">Checked after each frame of 80 ms.</param>
    /// <returns>Speech at <see cref="SampleRate"/>: frames * 1,920 samples within ±1, and how it went.</returns>
    /// <exception cref="ArgumentException">The text is empty, or an option does not fit this model. The message lists the values that
    /// do.</exception>
    /// <exception cref="OperationCanceledException">The speech was cancelled.</exception>
    public Speech Say(string text, SpeechOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new();
        var first = options.Sampling ?? Sampling;
        for (var retry = 0; ; retry++)
        {
            // Retries count downwards, so that none has the seed of a later part of a long text.
            var sampling = first with { Seed = SeedOfPart(first.Seed, -retry) };
            var speech = Stream(text, options with { Sampling = sampling }).Whole(cancellation);
            if (speech.FinishReason != FinishReason.Runaway || retry == options.Retries)
                return speech;
        }
    }

    /// <summary>
    /// Speaks a text and returns each chunk as soon as it is computed. The samples are those of <see cref="Say"/>, bit for bit.
    /// </summary>
    /// <inheritdoc cref="Say"/>
    public SpeechStream Stream(string text, SpeechOptions? options = null)
    {
        options ??= new();
        var utterance = UtteranceOf(options.Reading(text), options);
        return Begin(utterance, options, ArrivingText.Whole(utterance.Text.Count, LengthLimit.Of(options.MaxFramesPerToken, utterance)));
    }

    SpeechStream Begin(Utterance utterance, SpeechOptions options, ArrivingText text)
    {
        options.Check();
        var sequence = TalkerSequence.Prompt(utterance, _ids);
        var sampling = options.Sampling ?? Sampling;
        return new(sequence, new(_talker, sampling)
        {
            Text = text,
            Adapter = options.Adapter?.Changes,
            Repetition = options.MaxRepeatedSeconds is { } most ? new((int)Math.Ceiling(most * FramesPerSecond)) : null,
        }, _codec, options.Voice?.Frames ?? [], sampling.Seed, new(Name, utterance.Layout));
    }

    /// <summary>
    /// The requested conditions that the model was not fine-tuned with: language, layout, instruction, in-context cloning. The model speaks
    /// all the same, and may not sound as expected.
    /// </summary>
    /// <param name="options">As for <see cref="Say"/>.</param>
    /// <returns>One sentence for each condition; empty if the model's folder has no manifest of its training.</returns>
    public IReadOnlyList<string> Untrained(SpeechOptions options) => _model.Manifest is not { } manifest ? []
        : [.. manifest.Untrained(options.Voice is null ? options.Speaker : null, LanguageOf(options), LayoutOf(options) == Layout.TextFirst
            ? RunManifest.TextFirst
            : RunManifest.Interleaved, !string.IsNullOrWhiteSpace(options.Instruct), options.Voice?.Transcript is not null)];

    /// <summary>Warns if a text is longer than the texts that models are trained on. The model speaks it all the same.</summary>
    /// <param name="text">The text to be spoken.</param>
    /// <returns>One message of a few sentences, or nothing.</returns>
    public IReadOnlyList<string> Doubts(string text)
    {
        // The longest clips that training accepts without a doubt, at four frames of speech for each token.
        var most = (int)(RecordingChecks.Long * FramesPerSecond / LengthLimit.FramesOfAToken);
        var tokens = CountTokens(text);
        return tokens <= most ? []
            : [FormattableString.Invariant(
                $"The text has {tokens} tokens, about {tokens * LengthLimit.FramesOfAToken / FramesPerSecond:0} s of speech, ")
                + FormattableString.Invariant($"and models are trained on at most {RecordingChecks.Long:0} s at once ({most} tokens); ")
                + "it may lose words or stop early. Say it sentence by sentence."];
    }

    /// <summary>Number of tokens of a text, without what stands before and behind it in a prompt.</summary>
    /// <param name="text">The text.</param>
    public int CountTokens(string text) => _tokenizer.Encode(SpokenText.Words(text)).Length;

    /// <summary>The model's name of the language. If only the case differs, the name as the caller wrote it.</summary>
    string LanguageOf(SpeechOptions options) =>
        _ids.LanguageName(options.Language) is var name && name.Equals(options.Language, StringComparison.OrdinalIgnoreCase)
            ? options.Language : name;

    static Layout LayoutOf(SpeechOptions options) => options.Layout ?? (options.Voice is null ? Layout.TextFirst : Layout.Interleaved);

    /// <summary>
    /// Closes the model's files and ends the threads that it was loaded with, if any. Who speaks or clones afterwards gets an
    /// <see cref="ObjectDisposedException"/>; so may speech that goes on meanwhile.
    /// </summary>
    public void Dispose()
    {
        _disposed = true;
        _talker.Input.Dispose();
        _own?.Dispose();
    }

    void CheckIsNotDisposed()
    {
        if (_disposed)
            throw RowsInFile.Disposed(null);
    }

    internal Utterance UtteranceOf(string text, SpeechOptions o)
    {
        CheckIsNotDisposed();
        var words = SpokenText.Checked(text);
        var adapted = AdaptedSpeaker(o);
        var instruct = string.IsNullOrWhiteSpace(o.Instruct) ? null : SpokenText.Checked(o.Instruct, "the instruction");
        if (o.Voice is null && string.IsNullOrEmpty(o.Speaker) && Kind != "voice_design")
            throw new ArgumentException(_ids.Speakers.Count > 0 ? $"No speaker was named. Choose one of: {string.Join(", ", Speakers)}."
                : "No voice was given, and this model knows no speaker by name. Clone a voice from a recording.");
        if (instruct is not null && !CanInstruct)
            throw new ArgumentException(
                $"This model (tts_model_size '{_model.Config.TtsModelSize}') takes no instructions: the official package drops them, " +
                $"too. Leave the instruction out, or take a larger model.");
        return new()
        {
            Text = _tokenizer.Encode(words),
            Instruct = instruct is null ? [] : _tokenizer.Instruct(instruct),
            Language = o.Language,
            Speaker = adapted is null ? o.Speaker : null,
            Voice = o.Voice?.Vector ?? adapted,
            ReferenceText = o.Voice?.Transcript is { } transcript ? _tokenizer.Encode(SpokenText.Checked(transcript, "the transcript"))
                : [],
            ReferenceFrames = o.Voice?.Frames ?? [],
            Layout = LayoutOf(o),
            Compatibility = _compatibility,
        };
    }

    internal static SamplingOptions SamplingOf(GenerationConfig model)
    {
        var official = new SamplingOptions();
        var sampling = new SamplingOptions
        {
            Greedy = !model.DoSample ?? official.Greedy,
            Temperature = model.Temperature ?? official.Temperature,
            TopK = model.TopK ?? official.TopK,
            TopP = model.TopP ?? official.TopP,
            RepetitionPenalty = model.RepetitionPenalty ?? official.RepetitionPenalty,
            PredictorGreedy = !model.SubtalkerDosample ?? official.PredictorGreedy,
            PredictorTemperature = model.SubtalkerTemperature ?? official.PredictorTemperature,
            PredictorTopK = model.SubtalkerTopK ?? official.PredictorTopK,
            PredictorTopP = model.SubtalkerTopP ?? official.PredictorTopP,
            MaxFrames = model.MaxNewTokens is { } tokens ? Math.Max(tokens, 0) - 1 : official.MaxFrames,
        };
        try
        {
            sampling.Check();
            return sampling;
        }
        catch (ArgumentException e) when (model.Place is { } file)
        {
            throw new InvalidDataException(
                $"{file}: {e.Message} Copy the file from the model that this one was made from, or delete it.", e);
        }
    }
}
