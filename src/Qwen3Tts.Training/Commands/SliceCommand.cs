// qwen3tts-train slice: cuts long recordings into clips.
using System.CommandLine;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Kernels;
using Qwen3Tts.Sequence;
using Qwen3Tts.Speaker;
using Qwen3Tts.Training.Slicing;

namespace Qwen3Tts.Training.Commands;

sealed class SliceCommand : DocumentedCommand
{
    static readonly SliceOptions Usual = new();
    static readonly NumberRange Lengths = new(0.5, RecordingChecks.Longest, Reason: "Models learn sentences.");

    readonly Argument<string[]> _audio = new("audio")
    {
        Description = $"Recordings, or folders of them: {AudioFile.Readable}. A file beside a recording with its name and .srt, .vtt, " +
            ".TextGrid, .lab or .txt has its text.",
        Arity = ArgumentArity.OneOrMore,
    };
    readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Folder of the clips and their list. Default: clips.",
        HelpName = "DIR",
    };
    readonly Option<double?> _shortest = new NumberOption<double?>("--shortest", Lengths)
    {
        Description = $"Shortest clip in seconds. Default: {Usual.Shortest}.",
    };
    readonly Option<double?> _longest = new NumberOption<double?>("--longest", Lengths)
    {
        Description = $"Longest clip in seconds. Default: {Usual.Longest}.",
    };
    readonly Option<double?> _noise = new NumberOption<double?>("--noise", new(0, 60))
    {
        Description = $"Least distance of the speech from the sound in its pauses, in dB. Default: {Usual.LeastDistance}.",
    };
    readonly Option<string?> _language = new("--language")
    {
        Description = "Language of the recordings, for the list and for Whisper.",
        HelpName = "NAME",
    };
    readonly Option<string?> _model = new("--model", "-m")
    {
        Description = "Folder or id of a Base model, whose speaker encoder tells the speakers apart: the main one is kept. Default: all " +
            "speech is kept.",
        HelpName = "DIR|ID",
    };
    readonly Option<string?> _transcribe = new("--transcribe")
    {
        Description = "Write down what no file has with Whisper, in this process.",
        HelpName = "whisper",
    };
    readonly Option<string?> _whisper = new("--whisper-model")
    {
        Description = "Model of Whisper, a ggml file of whisper.cpp. Default: $QWEN3TTS_WHISPER_MODEL.",
        HelpName = "FILE",
    };
    readonly Option<string?> _command = new("--transcribe-command")
    {
        Description = "Write down what no file has with this command, which gets the path of a clip for {wav} and prints its words. It is "
            + "started without a shell; double quotes keep words together.",
        HelpName = "COMMAND",
    };

    public SliceCommand() : base("slice",
        "Cuts long recordings into clips for training, at pauses, and leaves out what cannot be used. The same command again goes on " +
        "where it was stopped.",
        "qwen3tts-train slice podcast.mp3 -o clips",
        "qwen3tts-train slice recordings -o clips --model Qwen3-TTS-12Hz-0.6B-Base --transcribe whisper --whisper-model ggml-base.bin",
        "qwen3tts-train slice memo.flac --transcribe-command \"my-recogniser --plain {wav}\"")
    {
        GoesOn = true;
        Add(_audio);
        Add(_output);
        AddGroup("Clips", _shortest, _longest, _noise, _model);
        AddGroup("Texts", _language, _transcribe, _whisper, _command);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var options = new SliceOptions
        {
            Shortest = parsed.GetValue(_shortest) ?? Math.Min(Usual.Shortest, parsed.GetValue(_longest) ?? Usual.Shortest),
            Longest = parsed.GetValue(_longest) ?? Math.Max(Usual.Longest, parsed.GetValue(_shortest) ?? 0),
            LeastDistance = parsed.GetValue(_noise) ?? Usual.LeastDistance,
        };
        if (options.Shortest > options.Longest)
            throw new ArgumentException("--shortest is more than --longest; exchange them.");
        if (parsed.GetValue(_transcribe) is { } recogniser && recogniser != "whisper")
            throw new ArgumentException($"--transcribe is '{Printable.Text(recogniser)}'; give whisper, or use --transcribe-command.");
        var language = parsed.GetValue(_language) is { } given ? LanguageNames.NameOf(given) : null;
        using var transcriber = Transcription.From(parsed.GetValue(_transcribe) is not null, parsed.GetValue(_whisper),
            parsed.GetValue(_command), language);
        var request = new SliceRequest
        {
            Inputs = parsed.GetRequiredValue(_audio),
            Output = parsed.GetValue(_output) ?? "clips",
            Options = options,
            Language = language,
            Transcriber = transcriber,
            Voices = parsed.GetValue(_model) is { } model ? Voices(CommonOptions.ModelFolder(model)) : null,
        };
        var report = StatusLine.While("Reading recordings", say => Slicer.Run(request, say, stop));
        Console.Out.WriteLine(SliceTable.Summary(report));
        Console.Out.WriteLine(Next(request.Output, report));
        return report.Slices.Any(s => s.File is not null) ? CommandRun.Done : CommandRun.UsersMistake;
    }

    static string Next(string output, SliceReport report)
    {
        var clips = report.Slices.Where(s => s.File is not null).ToList();
        var silent = clips.Count(c => c.Text.Length == 0);
        return $"Written: {Path.Combine(output, Slicer.ListName)}; every stretch and its reason: {Path.Combine(output, Slicer.TableName)}\n"
            + $"Listen: {Path.Combine(output, Slicer.PageName)}\n"
            + (clips.Count == 0 ? "No clip is left. The table says why; --shortest, --longest and --noise change the limits."
                : silent > 0 ? $"{silent} clips have no text yet: write it with 'qwen3tts-train review {ShellWord.Quoted(output)}', or "
                    + "use --transcribe whisper."
                : $"Next: qwen3tts-train prepare {ShellWord.Quoted(output)} --model DIR")
            + (clips.Count > 0 && 2 * clips.Sum(c => c.Span.Seconds) < report.Slices.Sum(s => s.Span.Seconds)
                ? "\nMore was left out than kept; --shortest, --longest and --noise change the limits." : "");
    }

    /// <summary>The speaker encoder of a model. Its fingerprint is what it makes of a fixed sound.</summary>
    static VoiceEncoder Voices(string model)
    {
        var folder = ModelFolder.Open(model);
        if (!folder.Config.CanClone)
            throw new ArgumentException($"The model '{model}' has no speaker encoder. Name a Base model, or leave --model out.");
        var encoder = SpeakerEncoder.Load(folder, Workers.Shared);
        var sound = Enumerable.Range(0, encoder.SampleRate).Select(i => 0.3f * MathF.Sin(0.00001f * i * (i % 4001))).ToArray();
        var print = SHA256.HashData(MemoryMarshal.AsBytes(encoder.Embed(new Waveform(sound, encoder.SampleRate)).AsSpan()));
        return new(encoder.SampleRate, print, encoder.Embed);
    }
}
