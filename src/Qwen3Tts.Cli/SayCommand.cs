// qwen3tts say: speaks a text with a voice and writes an audio file. The options become one record that is passed down as a whole. Sampling
// options that are not given are those of the model.
using System.CommandLine;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Cli;

sealed class SayCommand : DocumentedCommand
{
    const string Standard = "-"; // standard input
    const string TextFirst = "text-first", Interleaved = "interleaved";
    const string Auto = "auto", Off = "off";

    readonly Argument<string?> _text = new("text")
    {
        Description = "The text to speak; - reads it from standard input. The model reads numbers, dates and units as it learned to; " +
            "write them in words to be sure.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    readonly Option<string?> _file = new("--file") { Description = "Read the text from this file.", HelpName = "TXT" };
    readonly Option<string?> _model = CommonOptions.Model();
    readonly Option<string?> _adapter = new("--adapter")
    {
        Description = "Folder of a LoRA adapter that was trained on the model.",
        HelpName = "DIR",
    };
    readonly VoiceOptions _voice = new();
    readonly Option<string?> _speaker = new("--speaker") { Description = "Name of one of the model's speakers.", HelpName = "NAME" };
    readonly Option<string> _language = new("--language")
    {
        Description = "One of the model's languages; with Auto the model decides.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "Auto",
    };
    readonly Option<string?> _instruct = new("--instruct")
    {
        Description = "Instruction in words: how to speak, or which voice to design.",
        HelpName = "TEXT",
    };
    readonly Option<string?> _layout = new Option<string?>("--layout")
    {
        Description = "Where the text stands. Default: interleaved for a cloned voice, otherwise text-first.",
        HelpName = $"{TextFirst}|{Interleaved}",
    }.OneOf(TextFirst, Interleaved);
    readonly Option<string?> _compat = new("--compat")
    {
        Description = $"Speak as a faulty fine-tune was trained, if `doctor` says so: {string.Join(", ", Compat.Keys)}; several joined " +
            $"by commas.",
        HelpName = "NAMES",
    };
    readonly Option<string> _split = new Option<string>("--split")
    {
        Description = "Whether a long text is spoken sentence by sentence, with pauses, or at once. auto splits what is longer than a " +
            "few sentences, but not for a model that designs voices, because it designs another voice for each part.",
        HelpName = $"{Auto}|{Off}",
        DefaultValueFactory = _ => Auto,
    }.OneOf(Auto, Off);
    readonly OutputFlags _output = new();
    readonly SamplingFlags _sampling = new();
    readonly Option<string> _precision = PrecisionOption.Create();
    readonly Option<bool> _map = PrecisionOption.Map();
    readonly Option<int?> _threads = CommonOptions.Threads();

    static Dictionary<string, Sequence.Compatibility> Compat =>
        new() { ["raw-text"] = Sequence.Compatibility.RawText, ["speaker-at-6"] = Sequence.Compatibility.SpeakerAt6 };

    public SayCommand() : base("say", "Speaks a text. A long one is spoken sentence by sentence.",
        "qwen3tts say \"Set white at B four now.\" --play",
        "qwen3tts say \"Set white at B four now.\" --model models/mini --voice tests/Mini/clips/rms_1.wav -o out.wav",
        "qwen3tts say \"Good morning.\" --model Qwen3-TTS-12Hz-1.7B-CustomVoice --speaker vivian --instruct \"Very happy.\" -o out.wav",
        "qwen3tts say \"Robert has nine yellow pencils.\" --model models/mini --adapter runs/nora/export/adapter --speaker nora -o out.wav",
        "qwen3tts say \"Good morning.\" --voice me.voice.safetensors -o out.wav",
        "qwen3tts say --file chapter.txt --voice me.wav --transcript \"What I say in it.\" --seed 7 -o chapter.flac --srt chapter.srt",
        "echo \"Three seven one nine\" | qwen3tts say - --voice me.wav -o - | aplay")
    {
        Add(_text);
        AddGroup("Text", _file, _split);
        AddGroup("Output", _output.All);
        AddGroup("Model", _model, _adapter, _precision, _map, _threads, _compat);
        AddGroup("Voice", [.. _voice.All, _speaker, _language, _instruct, _layout]);
        AddGroup("Sampling", _sampling.Drawing);
        AddGroup("Limits", _sampling.Limits);
        this.Does(Run);
    }

    static Sequence.Compatibility Compatible(string? names) =>
        (names ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Aggregate(Sequence.Compatibility.None, (all, name) => all | (Compat.TryGetValue(name, out var one) ? one
            : throw new ArgumentException(
            $"--compat is '{name}', expected {string.Join(" or ", Compat.Keys)}. Take what 'qwen3tts doctor' says, or leave it out.")));

    int Run(ParseResult parsed, CancellationToken stop)
    {
        CheckTogether(parsed);
        var text = Text(parsed, stop);
        var named = CommonOptions.NamedModel(parsed.GetValue(_model));
        var model = named ?? Miniature.Folder;
        var voice = _voice.Path(parsed) ?? (named is null && parsed.GetValue(_speaker) is null ? Miniature.Voice : null);
        var target = _output.Read(parsed, [parsed.GetValue(_file), voice, .. OutputFile.Whole(model),
            .. OutputFile.Whole(parsed.GetValue(_adapter))]);
        if (named is null)
            Console.Error.WriteLine(Miniature.Introduce(text));
        using var tts = Load(parsed, model);
        var options = StatusLine.While("reading the voice", _ => Speech(parsed, tts, voice));
        var parts = new LongTextOptions { MaxSeconds = _sampling.MaxSeconds(parsed) };
        var isLong = parsed.GetValue(_split) == Auto && LongSpeech.IsLong(tts, text, options, parts);
        string[] doubts = [.. tts.Warnings, .. options.Voice?.Warnings ?? [], .. isLong ? [] : tts.Doubts(text), .. tts.Untrained(options)];
        foreach (var doubt in doubts)
            Console.Error.WriteLine(doubt);
        stop.ThrowIfCancellationRequested();
        var (spoken, ending, times) = isLong ? LongSpeech.Say(tts, text, options, parts, target, stop)
            : LongSpeech.SayAtOnce(tts, text, options, target, stop);
        if (_output.Srt(parsed) is { } srt)
            OutputFile.WriteText(srt, Subtitles.Srt(times));
        var seed = options.Sampling!.Seed;
        if (_output.Json(parsed))
            Console.Out.WriteLine(new SayReport(target.File, model, seed, tts.SampleRate, spoken.Seconds, spoken.Elapsed,
                times.Sum(t => t.Frames), ending.IsStopped, [.. times.Select(SaidSentence.Of)], doubts).ToJson());
        else
            (target.TakesStandardOutput ? Console.Error : Console.Out)
                .WriteLine($"{target.File ?? "spoken"}: {spoken}, seed {seed}, {ending.Words}");
        if (ending.Remedy is { } remedy)
            Console.Error.WriteLine(remedy);
        return ending.IsStopped ? CommandRun.Interrupted : CommandRun.Done;
    }

    Tts Load(ParseResult parsed, string model) =>
        StatusLine.While($"loading {model}", _ => Tts.Load(model, new()
        {
            Threads = parsed.GetValue(_threads),
            Adapter = parsed.GetValue(_adapter),
            Compatibility = Compatible(parsed.GetValue(_compat)),
            Precision = PrecisionOption.Precision(parsed.GetValue(_precision)!),
            KeepConverted = true,
            MapWeights = parsed.GetValue(_map),
        }));

    void CheckTogether(ParseResult parsed)
    {
        if (_voice.Path(parsed) is not null && parsed.GetValue(_speaker) is not null)
            throw new ArgumentException(
                "--voice and --speaker were both given. Give one of them: a recording to clone, or a name that the model knows.");
        _voice.Check(parsed);
        if (parsed.GetValue(_text) is null == parsed.GetValue(_file) is null)
            throw new ArgumentException(parsed.GetValue(_text) is null
                ? "There is no text to say. Give it as the argument, with --file, or - for standard input."
                : "A text and --file were both given. Give one of them.");
    }

    string Text(ParseResult parsed, CancellationToken stop)
    {
        var text = parsed.GetValue(_file) is { } file ? TextFile.Read(file)
            // reading from a console would wait for ever
            : parsed.GetValue(_text) is Standard ? Task.Run(Console.In.ReadToEnd, stop).WaitAsync(stop).GetAwaiter().GetResult()
            : parsed.GetValue(_text)!;
        return text.Trim();
    }

    SpeechOptions Speech(ParseResult parsed, Tts tts, string? voice) => new()
    {
        Speaker = parsed.GetValue(_speaker),
        Voice = voice is null ? null : _voice.Read(parsed, tts, voice),
        Instruct = parsed.GetValue(_instruct),
        Language = parsed.GetValue(_language)!,
        MaxFramesPerToken = _sampling.MaxFramesPerToken(parsed),
        MaxRepeatedSeconds = _sampling.MaxFramesPerToken(parsed) is null ? null : SpeechOptions.UsualMaxRepeatedSeconds,
        Layout = parsed.GetValue(_layout) switch
        {
            TextFirst => Sequence.Layout.TextFirst,
            Interleaved => Sequence.Layout.Interleaved,
            _ => null
        },
        Sampling = _sampling.Read(parsed, tts.Sampling, tts.FramesPerSecond),
    };
}
