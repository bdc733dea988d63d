// The front door: a model folder becomes something that speaks and clones. What happens in between is one path for all modes: the text and
// the voice become an utterance, the utterance a sequence, the sequence grows by frames, and the codec turns frames into sound.
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.Generation;
using Qwen3Tts.Kernels;
using Qwen3Tts.Loading;
using Qwen3Tts.Sequence;
using Qwen3Tts.Speaker;
using Qwen3Tts.Talker;
using Qwen3Tts.Text;

namespace Qwen3Tts;

/// <summary>A loaded Qwen3-TTS model. May be used by several threads: their utterances take turns, frame by frame.</summary>
public sealed class Tts : IDisposable
{
    const int FramesBeyondText = 25; // two seconds
    const double FramesOfAToken = 4; // speech takes 3 to 5

    readonly ModelFolder _model;
    readonly TextTokenizer _tokenizer;
    readonly TalkerModel _talker;
    readonly SpeakerEncoder? _encoder;
    readonly SpeechCodec _codec;
    readonly SpecialTokens _ids;
    readonly Workers? _own;
    readonly Compatibility _compatibility;

    Tts(ModelFolder model, Workers workers, Workers? own, Compatibility compatibility)
    {
        (_model, _own, _compatibility) = (model, own, compatibility);
        _tokenizer = TextTokenizer.Load(model.Path);
        _ids = model.Config.SpecialTokens(_tokenizer.AssistantHead[^1]);
        _ = Sampling; // a setting of generation_config.json that is out of range is told now
        (_talker, _encoder) = ModelNetworks.Load(model, workers);
        _talker.Input.ProjectsText = !compatibility.HasFlag(Compatibility.RawText);
        _codec = SpeechCodec.Load(model.CodecPath, workers);
        if (_codec.CodesPerFrame != _ids.CodeGroups || _codec.CodebookSize != model.Config.TalkerConfig.CodePredictorConfig.VocabSize)
            throw new InvalidDataException(
                $"{model.Path}: the talker makes frames of {_ids.CodeGroups} codes below " +
                $"{model.Config.TalkerConfig.CodePredictorConfig.VocabSize}, and the codec in speech_tokenizer reads " +
                $"{_codec.CodesPerFrame} below {_codec.CodebookSize}. Copy the folder speech_tokenizer from the model that this one was " +
                $"made from.");
    }

    /// <summary>Loads a model, released or fine-tuned.</summary>
    /// <param name="folder">A folder in the official layout: config.json, weights, tokenizer files and <c>speech_tokenizer/</c>.</param>
    /// <param name="threads">Threads to compute with; null is one for each processor. Their number changes speed and no result.</param>
    /// <param name="adapter">Folder of a LoRA adapter that is added to the weights: in the layout of PEFT, as training writes it.</param>
    /// <param name="compatibility">How a faulty fine-tune is to be spoken with as it was trained; the doctor says which.</param>
    /// <exception cref="IOException">The folder, or a file in it, is not there.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, configuration and tensors do not fit each other, or the adapter is of
    /// another model.</exception>
    /// <exception cref="ArgumentException">Raw text was asked for, and text and talker are not equally wide.</exception>
    public static Tts Load(string folder, int? threads = null, string? adapter = null, Compatibility compatibility = Compatibility.None)
    {
        var model = ModelFolder.Open(folder);
        if (adapter is not null)
            model = model.With(Adapter.Open(adapter));
        var own = threads is { } n ? new Workers(n) : null;
        try
        {
            return new(model, own ?? Workers.Shared, own, compatibility);
        }
        catch
        {
            own?.Dispose();
            throw;
        }
    }

    /// <summary>base, custom_voice or voice_design.</summary>
    public string Kind => _model.Config.TtsModelType;

    /// <summary>The model has a speaker encoder, so that <see cref="Clone"/> works.</summary>
    public bool CanClone => _model.Config.CanClone;

    /// <summary>Instructions have an effect. The official package drops them for 0.6B models.</summary>
    public bool CanInstruct => !_model.Config.IgnoresInstruct;

    /// <summary>Names that <see cref="SpeechOptions.Speaker"/> may have.</summary>
    public IEnumerable<string> Speakers => _ids.Speakers.Keys;

    /// <summary>Names that <see cref="SpeechOptions.Language"/> may have, beside Auto.</summary>
    public IEnumerable<string> Languages => _ids.Languages.Keys;

    /// <summary>Samples per second of all speech.</summary>
    public int SampleRate => _codec.SampleRate;

    /// <summary>Frames per second of all speech: 12.5 in the released models.</summary>
    public double FramesPerSecond => _codec.FramesPerSecond;

    /// <summary>How the model asks to be sampled, in its generation_config.json.</summary>
    public SamplingOptions Sampling => SamplingOf(_model.Generation);

    /// <summary>Speaks a text.</summary>
    /// <param name="text">What is to be said; not empty.</param>
    /// <param name="options">How; null is possible where the model needs neither speaker nor voice.</param>
    /// <param name="cancellation">Looked at after each frame of 80 ms.</param>
    /// <returns>Speech at <see cref="SampleRate"/>, frames * 1,920 samples within ±1.</returns>
    /// <exception cref="ArgumentException">The text is empty, or an option does not fit this model; the message lists what
    /// does.</exception>
    /// <exception cref="OperationCanceledException">The speech was cancelled.</exception>
    public Waveform Say(string text, SpeechOptions? options = null, CancellationToken cancellation = default) =>
        new(Stream(text, options).Whole(cancellation), SampleRate);

    /// <summary>Speaks a text chunk by chunk, while it is being made. The samples are those of <see cref="Say"/>, bit for bit.</summary>
    /// <inheritdoc cref="Say"/>
    public SpeechStream Stream(string text, SpeechOptions? options = null)
    {
        options ??= new();
        var sequence = TalkerSequence.Prompt(UtteranceOf(text, options), _ids);
        var sampling = options.Sampling ?? Sampling;
        var most = options.MaxFramesPerToken is { } each
            ? FramesBeyondText + (int)Math.Clamp(each * _tokenizer.Encode(SpokenText.Words(text)).Length, 0, 1e9) : int.MaxValue;
        var ofText = most < sampling.MaxFrames;
        sampling = ofText ? sampling with { MaxFrames = most } : sampling;
        return new(sequence, new(_talker, sampling) { LimitIsOfText = ofText }, _codec, options.Voice?.Frames ?? []);
    }

    /// <summary>
    /// What is asked for and the model was not fine-tuned for: language, layout, instruction, in-context cloning. It speaks all the same,
    /// and may not sound as it should.
    /// </summary>
    /// <param name="options">As for <see cref="Say"/>.</param>
    /// <returns>A sentence each; none where the model's folder has no manifest of its training.</returns>
    public IReadOnlyList<string> Untrained(SpeechOptions options) => _model.Manifest is not { } manifest ? []
        : [.. manifest.Untrained(options.Voice is null ? options.Speaker : null, LanguageOf(options), LayoutOf(options) == Layout.TextFirst
            ? RunManifest.TextFirst
            : RunManifest.Interleaved, !string.IsNullOrWhiteSpace(options.Instruct), options.Voice?.Transcript is not null)];

    /// <summary>
    /// What lets one doubt that a text can be spoken well: it is longer than what models are trained on. It is spoken all the same.
    /// </summary>
    /// <param name="text">What is to be said.</param>
    /// <returns>A sentence or two each.</returns>
    public IReadOnlyList<string> Doubts(string text)
    {
        // The longest clips that training takes without a doubt, at the four frames that speech takes a token.
        var most = (int)(RecordingChecks.Long * FramesPerSecond / FramesOfAToken);
        var tokens = _tokenizer.Encode(SpokenText.Words(text)).Length;
        return tokens <= most ? []
            : [FormattableString.Invariant(
                $"The text has {tokens} tokens, about {tokens * FramesOfAToken / FramesPerSecond:0} s of speech, ")
                + FormattableString.Invariant($"and models are trained on at most {RecordingChecks.Long:0} s at once ({most} tokens); ")
                + "it may lose words or stop early. Say it sentence by sentence."];
    }

    /// <summary>The model's name of the language; as it was given, where that differs in case alone.</summary>
    string LanguageOf(SpeechOptions options) =>
        _ids.LanguageName(options.Language) is var name && name.Equals(options.Language, StringComparison.OrdinalIgnoreCase)
            ? options.Language : name;

    static Layout LayoutOf(SpeechOptions options) => options.Layout ?? (options.Voice is null ? Layout.TextFirst : Layout.Interleaved);

    /// <summary>Makes a voice from a recording.</summary>
    /// <param name="recording">Speech of one person, at any rate; three to ten seconds without noise are best.</param>
    /// <param name="transcript">What is said in it, for in-context cloning; null clones by the vector alone.</param>
    /// <returns>The voice; what lets one doubt the recording is in <see cref="Voice.Warnings"/>.</returns>
    /// <exception cref="ArgumentException">The recording or the transcript cannot be used, by the checks that training has for them: it is
    /// silent, too short or too long, or nobody can say the text.</exception>
    /// <exception cref="NotSupportedException">The model has no speaker encoder.</exception>
    public Voice Clone(Waveform recording, string? transcript = null)
    {
        if (_encoder is null)
            throw new NotSupportedException($"This is a {Kind} model, which has no speaker encoder. Clone with a Base model.");
        var said = transcript is null ? null : SpokenText.Checked(transcript, "the transcript");
        var levels = ClipLevels.Measure(recording);
        if (RecordingChecks.Problem(recording, levels) is { } problem)
            throw new ArgumentException(RecordingChecks.Named(null, problem));
        List<string> warnings = [.. RecordingChecks.Doubts(levels, trimmed: false).Select(d => RecordingChecks.Named(null, d))];
        var voice = new Voice(_encoder.Embed(recording.ToRate(_encoder.SampleRate)));
        if (said is null)
            return voice with { Warnings = warnings };
        var frames = _codec.Encode(recording.ToRate(_codec.SampleRate));
        if (RecordingChecks.PaceDoubt(frames.Length, _tokenizer.Encode(said).Length) is { } doubt)
            warnings.Add($"The transcript: {doubt}");
        return voice with { Transcript = said, Frames = frames, Warnings = warnings };
    }

    /// <summary>Ends the threads, if this model was loaded with threads of its own.</summary>
    public void Dispose() => _own?.Dispose();

    internal Utterance UtteranceOf(string text, SpeechOptions o)
    {
        var words = SpokenText.Checked(text);
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
            Speaker = o.Speaker,
            Voice = o.Voice?.Vector,
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
