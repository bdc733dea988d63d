// qwen3tts say: speaks a text with a voice and writes an audio file. The options become one record that is passed down as a whole. Sampling
// options that are not given are those of the model.
using System.CommandLine;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;

namespace Qwen3Tts.Cli;

sealed class SayCommand : DocumentedCommand
{
    const string Standard = "-"; // standard input or output
    const string TextFirst = "text-first", Interleaved = "interleaved";
    const string Auto = "auto", Off = "off";

    readonly Argument<string?> _text = new("text")
    {
        Description = "The text to speak; - reads it from standard input. The model reads numbers, dates and units as it learned to; " +
            "write them in words to be sure.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    readonly Option<string?> _file = new("--file") { Description = "Read the text from this file.", HelpName = "TXT" };
    readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The file to write. Its extension chooses the format: .wav, .flac, .opus or .ogg (Opus), and .mp3, .m4a or .aac " +
            "with the program ffmpeg. - streams WAV to standard output.",
        HelpName = "AUDIO",
        Required = true,
    };
    readonly Option<string?> _bits = new Option<string?>("--bits")
    {
        Description = "Bits of a sample: WAV takes all three, FLAC takes integers. Default: 16.",
        HelpName = string.Join('|', SampleFormats.Keys),
    }.OneOf([.. SampleFormats.Keys]);
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
    readonly Option<int?> _seed = CommonOptions.Seed();
    readonly Option<double?> _temperature = Sampling<double?>("--temperature", SamplingOptions.TemperatureRange,
        "Divides the scores; a lower one makes speech more uniform.");
    readonly Option<int?> _topK = Sampling<int?>("--top-k", SamplingOptions.TopKRange,
        "Number of most probable codes to draw from; 0: all.");
    readonly Option<double?> _topP = Sampling<double?>("--top-p", SamplingOptions.TopPRange,
        "Draw from the most probable codes that together have this probability; 1: all.");
    readonly Option<double?> _repetitionPenalty = Sampling<double?>("--repetition-penalty", SamplingOptions.RepetitionPenaltyRange,
        "Above 1, codes that were already generated become less probable.");
    readonly Option<double?> _predictorTemperature = Sampling<double?>("--predictor-temperature", SamplingOptions.TemperatureRange,
        "Temperature for a frame's other 15 codes.");
    readonly Option<int?> _predictorTopK = Sampling<int?>("--predictor-top-k", SamplingOptions.TopKRange, "Likewise.");
    readonly Option<double?> _predictorTopP = Sampling<double?>("--predictor-top-p", SamplingOptions.TopPRange, "Likewise.");
    readonly Option<bool> _greedy = new("--greedy")
    {
        Description = "Take the most probable code instead of drawing. Greedy speech often does not end.",
    };
    readonly Option<double?> _maxSeconds = Sampling<double?>("--max-seconds", new(0, 86400, Above: true, Reason: "A day has as many."),
        "Stop after this many seconds of speech.");
    readonly Option<double> _maxFramesPerToken = new NumberOption<double>("--max-frames-per-token", new(0, 1000))
    {
        Description = "Stop speech that is far longer than its text: the largest number of frames (80 ms) for each text token. Speech " +
            "takes 3 to 5; 0 is no limit.",
        DefaultValueFactory = _ => SpeechOptions.UsualMaxFramesPerToken,
    };
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
    readonly Option<string?> _srt = new("--srt")
    {
        Description = "Also write subtitles in the format SubRip: each sentence that was spoken, with its times.",
        HelpName = "SRT",
    };
    readonly Option<string> _precision = PrecisionOption.Create();
    readonly Option<int?> _threads = CommonOptions.Threads();

    static Dictionary<string, WavFormat> SampleFormats =>
        new() { ["16"] = WavFormat.Pcm16, ["24"] = WavFormat.Pcm24, ["float"] = WavFormat.Float32 };

    static Dictionary<string, Sequence.Compatibility> Compat =>
        new() { ["raw-text"] = Sequence.Compatibility.RawText, ["speaker-at-6"] = Sequence.Compatibility.SpeakerAt6 };

    public SayCommand() : base("say", "Speaks a text. A long one is spoken sentence by sentence.",
        "qwen3tts say \"Set white at B four now.\" --model models/mini --voice tests/Mini/clips/rms_1.wav -o out.wav",
        "qwen3tts say \"Good morning.\" --model Qwen3-TTS-12Hz-1.7B-CustomVoice --speaker vivian --instruct \"Very happy.\" -o out.wav",
        "qwen3tts say \"Robert has nine yellow pencils.\" --model models/mini --adapter runs/nora/export/adapter --speaker nora -o out.wav",
        "qwen3tts say \"Good morning.\" --voice me.voice.safetensors -o out.wav",
        "qwen3tts say --file chapter.txt --voice me.wav --transcript \"What I say in it.\" --seed 7 -o chapter.flac --srt chapter.srt",
        "echo \"Three seven one nine\" | qwen3tts say - --voice me.wav -o - | aplay")
    {
        Add(_text);
        Option[] options = [_output, _bits, _file, _split, _srt, _model, _adapter, .. _voice.All, _speaker, _language, _instruct,
            _layout, _seed, _temperature, _topK, _topP, _repetitionPenalty, _predictorTemperature,
            _predictorTopK, _predictorTopP, _greedy, _maxSeconds,
            _maxFramesPerToken, _compat, _precision, _threads];
        foreach (var option in options)
            Add(option);
        this.Does(Run);
    }

    static Sequence.Compatibility Compatible(string? names) =>
        (names ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Aggregate(Sequence.Compatibility.None, (all, name) => all | (Compat.TryGetValue(name, out var one) ? one
            : throw new ArgumentException(
            $"--compat is '{name}', expected {string.Join(" or ", Compat.Keys)}. Take what 'qwen3tts doctor' says, or leave it out.")));

    static Option<T> Sampling<T>(string name, NumberRange range, string description) =>
        new NumberOption<T>(name, range) { Description = $"{description} Default: the model's." };

    int Run(ParseResult parsed, CancellationToken stop)
    {
        CheckTogether(parsed);
        var output = parsed.GetRequiredValue(_output);
        if (Directory.Exists(output))
            throw new ArgumentException($"'{output}' is a folder. Give --output the name of the file to write.");
        var text = Text(parsed, stop);
        var model = CommonOptions.ModelFolder(parsed.GetValue(_model));
        var srt = parsed.GetValue(_srt);
        if (srt == Standard || srt is not null && output != Standard && FileIdentity.Same(srt, output))
            throw new ArgumentException($"--srt is '{srt}', where the speech goes or may go. Name a file of its own, such as out.srt.");
        string[] outputs = [.. new[] { output == Standard ? null : output, srt }.OfType<string>()];
        OutputFile.CheckAreNoInputs(
            outputs, [parsed.GetValue(_file), _voice.Path(parsed), .. OutputFile.Whole(model),
                .. OutputFile.Whole(parsed.GetValue(_adapter))]);
        WavFormat? samples = parsed.GetValue(_bits) is { } bits ? SampleFormats[bits] : null;
        if (output != Standard)
            AudioFormats.Check(output, samples);
        var compatibility = Compatible(parsed.GetValue(_compat));
        using var tts = StatusLine.While($"loading {model}",
            _ => Tts.Load(model, parsed.GetValue(_threads), parsed.GetValue(_adapter), compatibility,
                PrecisionOption.Precision(parsed.GetValue(_precision)!)));
        var options = Speech(parsed, tts);
        var parts = new LongTextOptions { MaxSeconds = parsed.GetValue(_maxSeconds) };
        var isLong = parsed.GetValue(_split) == Auto && LongSpeech.IsLong(tts, text, options, parts);
        foreach (var doubt in (options.Voice?.Warnings ?? []).Concat(isLong ? [] : tts.Doubts(text)).Concat(tts.Untrained(options)))
            Console.Error.WriteLine(doubt);
        stop.ThrowIfCancellationRequested();
        var file = output == Standard ? null : output;
        var (spoken, ending, times) = isLong ? LongSpeech.Say(tts, text, options, parts, file, samples ?? WavFormat.Pcm16, stop)
            : LongSpeech.SayAtOnce(tts, text, options, file, samples ?? WavFormat.Pcm16, stop);
        if (srt is not null)
            OutputFile.WriteText(srt, Subtitles.Srt(times));
        var print = file is null || OutputFile.IsSpecial(FileIdentity.Resolve(file)) ? Console.Error : Console.Out;
        print.WriteLine($"{file ?? "spoken"}: {spoken}, seed {options.Sampling!.Seed}, {ending.Words}");
        if (ending.Remedy is { } remedy)
            Console.Error.WriteLine(remedy);
        return ending.IsStopped ? CommandRun.Interrupted : CommandRun.Done;
    }

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

    SpeechOptions Speech(ParseResult parsed, Tts tts)
    {
        var model = tts.Sampling;
        var greedy = parsed.GetValue(_greedy);
        return new()
        {
            Speaker = parsed.GetValue(_speaker),
            Voice = _voice.Read(parsed, tts),
            Instruct = parsed.GetValue(_instruct),
            Language = parsed.GetValue(_language)!,
            MaxFramesPerToken = parsed.GetValue(_maxFramesPerToken) is > 0 and var most ? most : null,
            Layout = parsed.GetValue(_layout) switch
            {
                TextFirst => Sequence.Layout.TextFirst,
                Interleaved => Sequence.Layout.Interleaved,
                _ => null
            },
            Sampling = model with
            {
                Greedy = greedy || model.Greedy,
                PredictorGreedy = greedy || model.PredictorGreedy,
                Temperature = parsed.GetValue(_temperature) ?? model.Temperature,
                TopK = parsed.GetValue(_topK) ?? model.TopK,
                TopP = parsed.GetValue(_topP) ?? model.TopP,
                RepetitionPenalty = parsed.GetValue(_repetitionPenalty) ?? model.RepetitionPenalty,
                PredictorTemperature = parsed.GetValue(_predictorTemperature) ?? model.PredictorTemperature,
                PredictorTopK = parsed.GetValue(_predictorTopK) ?? model.PredictorTopK,
                PredictorTopP = parsed.GetValue(_predictorTopP) ?? model.PredictorTopP,
                MaxFrames = parsed.GetValue(_maxSeconds) is { } seconds
                    ? (int)Math.Clamp(Math.Ceiling(seconds * tts.FramesPerSecond), 0, int.MaxValue) : model.MaxFrames,
                Seed = (ulong)(parsed.GetValue(_seed) ?? Random.Shared.Next()),
            },
        };
    }
}
