// Voices of their own: cloned from recordings, kept in files, and used with models that they fit.
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Text;
using Qwen3Tts.Voices;

namespace Qwen3Tts;

public sealed partial class Tts
{
    string? _encoderHash, _codecHash;

    /// <summary>SHA-256 of the speaker encoder's tensors: voices are exchangeable between models that share it.</summary>
    string EncoderHash => _encoderHash ??= HashOf(_model.OpenWeights(), TensorNames.SpeakerEncoder);

    /// <summary>SHA-256 of the codebooks, which give the codes of frames their meaning; the rest of a codec is large.</summary>
    string CodecHash => _codecHash ??= HashOf(_model.OpenCodecWeights(), TensorNames.CodecQuantizer);

    static string HashOf(Weights opened, string part)
    {
        using var weights = opened;
        return Adapter.HashOf(weights, part);
    }

    /// <summary>Makes a voice from a recording.</summary>
    /// <param name="recording">Speech of one person, at any sample rate; three to ten seconds without noise are best.</param>
    /// <param name="transcript">The words of the recording, for in-context cloning; null clones with the vector alone.</param>
    /// <param name="options">How to clone in context; null does what the official package does.</param>
    /// <returns>The voice. <see cref="Voice.Warnings"/> has reasons to doubt the recording.</returns>
    /// <exception cref="ArgumentException">The recording or the transcript fails the checks that training has for them: the recording is
    /// silent, too short or too long, or the text cannot be spoken. Or an option is out of range.</exception>
    /// <exception cref="NotSupportedException">The model has no speaker encoder.</exception>
    public Voice Clone(Waveform recording, string? transcript = null, CloneOptions? options = null)
    {
        CheckIsNotDisposed();
        if (_encoder is null)
            throw new NotSupportedException($"This is a {Kind} model, which has no speaker encoder. Clone with a Base model.");
        options ??= new();
        if (options.SilenceAtEnd is not (>= 0 and <= 5))
            throw new ArgumentException(FormattableString.Invariant(
                $"SilenceAtEnd is {options.SilenceAtEnd}. Give 0 to 5 seconds."));
        var said = transcript is null ? null : SpokenText.Checked(transcript, "the transcript");
        var levels = ClipLevels.Measure(recording);
        if (RecordingChecks.Problem(recording, levels) is { } problem)
            throw new ArgumentException(RecordingChecks.Named(null, problem));
        List<string> warnings = [.. RecordingChecks.Doubts(levels, trimmed: false).Append(RecordingChecks.NoiseDoubt(recording))
            .OfType<string>().Select(d => RecordingChecks.Named(null, d))];
        var voice = new Voice(_encoder.Embed(recording.ToRate(_encoder.SampleRate)));
        if (said is null)
            return voice with { Warnings = warnings };
        var frames = _codec.Encode(ClipLevels.FillSilence(recording, options.SilenceAtEnd).ToRate(_codec.SampleRate));
        var tokens = _tokenizer.Encode(said);
        if (RecordingChecks.PaceDoubt(frames.Length, tokens.Length) is { } doubt)
            warnings.Add($"The transcript: {doubt}");
        else if (options.ChecksTranscript && TranscriptFit.Doubt(_talker, _ids, new() { Text = tokens, Voice = voice.Vector }, frames,
            _tokenizer.Encode(".")) is { } wrong)
            warnings.Add(wrong);
        return voice with { Transcript = said, Frames = frames, Warnings = warnings };
    }

    /// <summary>
    /// Makes a voice from recordings of one person, for a file. The vector is the mean of the recordings' vectors; the first recording is
    /// the reference for cloning in context.
    /// </summary>
    /// <param name="name">Name of the voice.</param>
    /// <param name="recordings">One recording or more, each with its name for messages.</param>
    /// <param name="transcript">The words of the first recording; null clones with the vector alone.</param>
    /// <param name="options">As for <see cref="Clone"/>.</param>
    /// <exception cref="ArgumentException">There is no recording, or one of them cannot be used.</exception>
    /// <exception cref="NotSupportedException">The model has no speaker encoder.</exception>
    public VoiceFile CreateVoice(string name, IReadOnlyList<(string Name, Waveform Audio)> recordings, string? transcript = null,
        CloneOptions? options = null)
    {
        if (recordings.Count == 0)
            throw new ArgumentException("There is no recording. Give one or more.");
        var voices = new List<Voice>();
        foreach (var (file, audio) in recordings)
            try
            {
                voices.Add(Clone(audio, voices.Count == 0 ? transcript : null, options));
            }
            catch (ArgumentException e)
            {
                throw new ArgumentException($"{Printable.Text(file)}: {e.Message}", e);
            }
        var share = 1.0 / voices.Count;
        return new(voices[0] with
        {
            Vector = voices.Count == 1 ? voices[0].Vector : VoiceMix.Mean([.. voices.Select(v => (v.Vector, share))]),
            Warnings = [.. voices.Zip(recordings).SelectMany(v => v.First.Warnings.Select(w =>
                voices.Count == 1 ? w : $"{Printable.Text(v.Second.Name)}: {w}"))],
        })
        {
            Name = name,
            EncoderSha256 = EncoderHash,
            CodecSha256 = CodecHash,
            Parts = [.. recordings.Select(r => new VoicePart("recording", r.Name, VoiceMix.HashOf(r.Audio.Samples), share))],
        };
    }

    /// <summary>The voice of a file, if it can be used with this model.</summary>
    /// <param name="file">A voice that was read from a file, or made before.</param>
    /// <returns>The voice, with one warning more if this model has no speaker encoder that could be compared.</returns>
    /// <exception cref="ArgumentException">The voice belongs to a model of another size, to another speaker encoder or to another
    /// codec.</exception>
    public Voice Use(VoiceFile file)
    {
        const string again = "Make it again from its recording with this model, or take the model that it was made with.";
        var (voice, name) = (file.Voice, Printable.Text(file.Name));
        if (voice.Vector.Length != _model.Config.TalkerConfig.HiddenSize)
            throw new ArgumentException($"The voice '{name}' has {voice.Vector.Length} numbers, and this model's voices have "
                + $"{_model.Config.TalkerConfig.HiddenSize}: it was made with a model of another size. {again}");
        if (_encoder is not null && file.EncoderSha256 != EncoderHash)
            throw new ArgumentException($"The voice '{name}' was made by the speaker encoder {VoiceMix.Short(file.EncoderSha256)}…, and "
                + $"this model has {VoiceMix.Short(EncoderHash)}…. {again}");
        if (voice.Frames.Count > 0 && (file.CodecSha256 != CodecHash
            || voice.Frames.Any(f => f.Length != _codec.CodesPerFrame || f.Any(c => (uint)c >= (uint)_codec.CodebookSize))))
            throw new ArgumentException($"The voice '{name}' has frames of another codec than this model's. {again}");
        return _encoder is not null ? voice : voice with
        {
            Warnings = [.. voice.Warnings, $"This {Kind} model has no speaker encoder, so it may not know voices as '{name}' was made. "
                + "Listen to it, or speak with the Base model."],
        };
    }
}
