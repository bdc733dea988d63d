// qwen3tts codec: a recording becomes frames of codes, and frames of codes become sound, as the library computes them. The codes are a line
// of the official codes.jsonl, {"audio": …, "text": …, "audio_codes": [[…], …]}, so trainers and other programs read them.
using System.CommandLine;
using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Data;
using Qwen3Tts.Files;

namespace Qwen3Tts.Cli;

sealed class CodecCommand : DocumentedCommand
{
    public CodecCommand() : base("codec", "Turns a recording into a model's codes, and codes into sound.",
        "qwen3tts codec encode me.wav --model models/mini -o codes.jsonl",
        "qwen3tts codec decode codes.jsonl --model models/mini -o again.wav")
    {
        Add(new EncodeCommand());
        Add(new DecodeCommand());
    }
}

/// <summary>A command that turns one file into another one with the codec of a model.</summary>
abstract class CodecConversion : DocumentedCommand
{
    readonly Argument<string> _input;
    readonly Option<string?> _model = CommonOptions.Model();
    readonly Option<string> _output;

    /// <param name="name">Name of the command.</param>
    /// <param name="description">What it does.</param>
    /// <param name="input">The file that is read: its name and what it is.</param>
    /// <param name="output">The file that is written: the kind of its name, and what it is.</param>
    /// <param name="example">A command line.</param>
    protected CodecConversion(string name, string description, (string Name, string Is) input, (string Kind, string Is) output,
        string example) : base(name, description, example)
    {
        _input = new(input.Name) { Description = input.Is };
        _output = new("--output", "-o") { Description = output.Is, HelpName = output.Kind, Required = true };
        Add(_input);
        Add(_model);
        Add(_output);
        this.Does(Run);
    }

    /// <summary>Reads the input, and checks the name of the output.</summary>
    /// <returns>The work: with the codec, it writes the output and returns what was written, in words.</returns>
    protected abstract Func<SpeechCodec, string> Prepare(ParseResult parsed, string input, string output, CancellationToken stop);

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var (input, output) = (parsed.GetRequiredValue(_input), parsed.GetRequiredValue(_output));
        var model = CommonOptions.ModelFolder(parsed.GetValue(_model));
        OutputFile.CheckIsNoInput(output, [input, .. OutputFile.Whole(model)]);
        var work = Prepare(parsed, input, output, stop);
        var codec = StatusLine.While($"loading the codec of {model}", _ => SpeechCodec.Load(ModelFolder.Open(model).CodecPath));
        Console.WriteLine($"{output}: {work(codec)}");
        return CommandRun.Done;
    }
}

sealed class EncodeCommand : CodecConversion
{
    readonly Option<string?> _text = new("--text")
    {
        Description = "The words of the recording, which trainers need.",
        HelpName = "TEXT",
    };

    public EncodeCommand() : base("encode", "Turns a recording into codes.", ("audio", $"The recording: {AudioFile.Readable}."),
        ("JSONL", "The file to write: one line of JSON, as in the official codes.jsonl."),
        "qwen3tts codec encode me.wav --model models/mini --text \"What I say in it.\" -o codes.jsonl")
    {
        Add(_text);
    }

    protected override Func<SpeechCodec, string> Prepare(ParseResult parsed, string input, string output, CancellationToken stop)
    {
        var recording = AudioFile.Read(input);
        return codec =>
        {
            var frames = StatusLine.While($"encoding {recording.Seconds:0} s", _ => codec.Encode(recording.ToRate(codec.SampleRate)));
            stop.ThrowIfCancellationRequested();
            CodesFile.Write(output, [new(output, input, !Path.IsPathRooted(input), parsed.GetValue(_text) ?? "", Codes: frames)], Line);
            return FormattableString.Invariant(
                $"{frames.Length} frames of {codec.CodesPerFrame} codes, {frames.Length / codec.FramesPerSecond:0.0} s");
        };
    }

    static void Line(Utf8JsonWriter json, string folder, Clip clip)
    {
        json.WriteStartObject();
        json.WriteString("audio", clip.GivenAsRelative ? CodesFile.Relative(folder, Path.GetFullPath(clip.Audio)) : clip.Audio);
        if (clip.Text.Length > 0)
            json.WriteString("text", clip.Text);
        CodesFile.WriteCodes(json, clip.Codes!);
        json.WriteEndObject();
    }
}

sealed class DecodeCommand : CodecConversion
{
    readonly Option<int?> _line = new NumberOption<int?>("--line", new(1, int.MaxValue))
    {
        Description = "Number of the line to decode. Default: the only one.",
    };

    public DecodeCommand() : base("decode", "Turns codes into sound.", ("codes", "A file of codes: lines of JSON with 'audio_codes'."),
        ("AUDIO", $"The file to write; its name ends in {AudioFormats.Writable}."),
        "qwen3tts codec decode codes.jsonl --line 3 --model models/mini -o third.wav")
    {
        Add(_line);
    }

    protected override Func<SpeechCodec, string> Prepare(ParseResult parsed, string input, string output, CancellationToken stop)
    {
        AudioFormats.Check(output, null);
        var frames = CodesFile.ReadFrames(input, parsed.GetValue(_line));
        return codec =>
        {
            var sound = StatusLine.While($"decoding {frames.Length} frames", _ => codec.Decode(frames));
            stop.ThrowIfCancellationRequested();
            AudioFile.WriteOutput(output, sound, WavFormat.Pcm16);
            return FormattableString.Invariant($"{sound.Seconds:0.0} s");
        };
    }
}
