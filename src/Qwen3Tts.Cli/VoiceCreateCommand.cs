// qwen3tts voice create: a voice file from recordings, or from a voice that a model designs from words.
using System.CommandLine;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Hub;
using Qwen3Tts.Sequence;
using Qwen3Tts.Voices;

namespace Qwen3Tts.Cli;

sealed class VoiceCreateCommand : DocumentedCommand
{
    readonly Option<string[]> _recordings = new("--recording")
    {
        Description = "A recording of the person. Given several times, the vectors are averaged, and the first one is the reference.",
        HelpName = "AUDIO",
    };
    readonly Option<string?> _transcript = VoiceOptions.Transcript();
    readonly Option<double?> _silence = VoiceOptions.Silence();
    readonly Option<string?> _language = new("--language") { Description = "Language of the recording or the design.", HelpName = "NAME" };
    readonly Option<string?> _model = CommonOptions.Model();
    readonly Option<string?> _design = new("--design")
    {
        Description = "The voice in words. A VoiceDesign model speaks --text with it, and the Base model clones this take.",
        HelpName = "TEXT",
    };
    readonly Option<string?> _text = new("--text") { Description = "With --design or --take: what the take says.", HelpName = "TEXT" };
    readonly Option<string?> _designModel = new("--design-model") { Description = "The VoiceDesign model.", HelpName = "DIR|ID" };
    readonly Option<string?> _take = new("--take")
    {
        Description = "An existing take of a designed voice, instead of a new one.",
        HelpName = "AUDIO",
    };
    readonly Option<int?> _seed = CommonOptions.Seed("a new one each time, which is printed");
    readonly Option<string?> _name = new("--name") { Description = "Name of the voice. Default: that of the file.", HelpName = "NAME" };
    readonly Option<string> _output = VoiceCommand.Output($"The voice file to write, usually *{VoiceFile.Extension}.");

    public VoiceCreateCommand() : base("create", "Creates a voice file from recordings, or from a voice that is designed in words.",
        "qwen3tts voice create --recording me.wav --transcript \"What I say in it.\" --model models/mini -o me.voice.safetensors",
        "qwen3tts voice create --recording a.wav --recording b.wav --model models/mini -o me.voice.safetensors",
        "qwen3tts voice create --design \"A calm old man.\" --text \"Good morning.\" --design-model Qwen3-TTS-12Hz-1.7B-VoiceDesign "
            + "--model Qwen3-TTS-12Hz-1.7B-Base --seed 7 -o old.voice.safetensors",
        "qwen3tts voice create --take old.wav --design \"A calm old man.\" --text \"Good morning.\" --model Qwen3-TTS-12Hz-1.7B-Base "
            + "-o old.voice.safetensors")
    {
        Option[] options = [_recordings, _transcript, _silence, _language, _model, _design, _text, _designModel, _take, _seed, _name,
            _output];
        foreach (var option in options)
            Add(option);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        Check(parsed);
        var (output, model) = (parsed.GetRequiredValue(_output), CommonOptions.ModelFolder(parsed.GetValue(_model)));
        string[] files = [.. parsed.GetValue(_recordings) ?? [], .. parsed.GetValue(_take) is { } one ? [one] : Array.Empty<string>()];
        VoiceCommand.CheckOutput(output, [.. files, .. OutputFile.Whole(model)]);
        var (designed, seed) = files.Length > 0 ? (null, 0) : Design(parsed, stop);
        using var tts = StatusLine.While($"loading {model}", _ => Tts.Load(model));
        CheckLanguage(parsed.GetValue(_language), tts);
        List<(string, Waveform)> recordings = designed is { } take ? [("take", take)]
            : [.. files.Select(f => (Path.GetFileName(f), AudioFile.Read(f)))];
        var voice = StatusLine.While("making the voice", _ => tts.CreateVoice(
            VoiceCommand.NameOf(parsed.GetValue(_name), output), recordings, parsed.GetValue(_transcript) ?? parsed.GetValue(_text), new()
            {
                SilenceAtEnd = VoiceOptions.Seconds(parsed.GetValue(_silence)),
                ChecksTranscript = true,
            }));
        if (parsed.GetValue(_design) is { } words)
            voice = voice with
            {
                Parts = [new VoicePart("design", designed is null ? words : $"{words} (seed {seed})", voice.Parts[0].Sha256, 1)],
            };
        if (designed is not null)
            Console.WriteLine($"designed with seed {seed}");
        return VoiceCommand.Write(voice with { Language = parsed.GetValue(_language) }, output);
    }

    /// <summary>A recording may be in a language that the model does not have, but not in one that does not exist.</summary>
    static void CheckLanguage(string? language, Tts tts)
    {
        if (language is not null && !LanguageNames.IsLanguage(language) && LanguageNames.Find(language, tts.Languages) is null)
            throw new ArgumentException(LanguageNames.Unknown(language, tts.Languages));
    }

    void Check(ParseResult parsed)
    {
        var (recordings, take, design) = (parsed.GetValue(_recordings) ?? [], parsed.GetValue(_take), parsed.GetValue(_design));
        if (recordings.Length > 0 ? take is not null || design is not null : take is null && design is null)
            throw new ArgumentException("A voice comes from --recording or from --design and --take. Give one of the two.");
        if (design is not null && take is null && (parsed.GetValue(_text) is null || parsed.GetValue(_designModel) is null))
            throw new ArgumentException("--design needs --text, which the new voice says, and --design-model. Give them, or a --take.");
        if (recordings.Length > 0 && parsed.GetValue(_text) is not null)
            throw new ArgumentException("--text is what a designed voice says. Give the words of a recording with --transcript.");
        if (recordings.Length == 0 && parsed.GetValue(_transcript) is not null)
            throw new ArgumentException("--transcript belongs to --recording. Give the words of a designed voice with --text.");
    }

    (Waveform Take, int Seed) Design(ParseResult parsed, CancellationToken stop)
    {
        var folder = ModelHub.Resolve(parsed.GetValue(_designModel)!);
        using var tts = StatusLine.While($"loading {folder}", _ => Tts.Load(folder));
        if (tts.Kind != "voice_design")
            throw new ArgumentException($"'{folder}' is a {tts.Kind} model, which designs no voices. Name a VoiceDesign model.");
        var seed = parsed.GetValue(_seed) ?? Random.Shared.Next();
        var take = StatusLine.While("designing the voice", _ => tts.Say(parsed.GetValue(_text)!, new()
        {
            Instruct = parsed.GetValue(_design),
            Language = parsed.GetValue(_language) ?? "Auto",
            Sampling = tts.Sampling with { Seed = (ulong)seed },
            MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken,
        }, stop).Waveform);
        return (take, seed);
    }
}
