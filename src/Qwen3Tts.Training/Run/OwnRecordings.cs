// The recordings that speech is compared with in evaluations. Training itself does not read them: what is missing or cannot be read is not
// compared.
using Qwen3Tts.Audio;
using Qwen3Tts.Data;
using Qwen3Tts.Likeness;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Run;

/// <param name="options">Options of the run.</param>
/// <param name="training">The clips that are trained on.</param>
sealed class OwnRecordings(TrainingOptions options, IReadOnlyList<Clip> training)
{
    const int Most = 40; // of a voice: more of them hardly move the mean

    readonly Dictionary<string, LongTermSpectrum?> _voices = [];
    readonly Dictionary<string, Waveform?> _recordings = [];

    /// <summary>The mean spectrum of the clip's voice; null if there are too few recordings.</summary>
    public LongTermSpectrum? VoiceOf(Clip clip)
    {
        var name = NameOf(clip);
        if (!_voices.TryGetValue(name, out var voice))
        {
            var own = OfVoice(clip).ToList();
            _voices[name] = voice = own.Count < LongTermSpectrum.Fewest ? null : new(own);
        }
        return voice;
    }

    /// <summary>Recordings of the clip's voice, some of those that are trained on. They are read when they are asked for.</summary>
    public IEnumerable<Waveform> OfVoice(Clip clip) =>
        training.Where(c => NameOf(c) == NameOf(clip) && !c.Doubtful).Take(Most).Select(Read).OfType<Waveform>();

    /// <summary>The recording of a held-out clip.</summary>
    public Waveform? Of(Clip clip) =>
        _recordings.TryGetValue(clip.Audio, out var wave) ? wave : _recordings[clip.Audio] = Read(clip);

    /// <summary>The name of the clip's voice.</summary>
    public string NameOf(Clip clip) => Files.SpeakerName.Key(TrainingVoices.NameOf(options, clip));

    static Waveform? Read(Clip clip)
    {
        try
        {
            return File.Exists(clip.Audio) && AudioFile.Read(clip.Audio) is var wave && SpeechFigures.IsMeasurable(wave) ? wave : null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
