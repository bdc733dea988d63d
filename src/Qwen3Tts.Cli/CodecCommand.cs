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

    /// <summary>Loads the codec of a model.</summary>
    public static SpeechCodec Load(string model) =>
        StatusLine.While($"loading the codec of {model}", _ => SpeechCodec.Load(ModelFolder.Open(model).CodecPath));
}

sealed class EncodeCommand : DocumentedCommand
{
    readonly Argument<string> _audio = new("audio") { Description = $"The recording: {AudioFile.Readable}." };
    readonly Option<string?> _model = CommonOptions.Model();
    readonly Option<string?> _text = new("--text") { Description = "The words of the recording, which trainers need.", HelpName = "TEXT" };
    readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The file to write: one line of JSON, as in the official codes.jsonl.",
        HelpName = "JSONL",
        Required = true,
    };

    public EncodeCommand() : base("encode", "Turns a recording into codes.",
        "qwen3tts codec encode me.wav --model models/mini --text \"What I say in it.\" -o codes.jsonl")
    {
        Add(_audio);
        foreach (var option in new Option[] { _model, _text, _output })
            Add(option);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var (audio, output) = (parsed.GetRequiredValue(_audio), parsed.GetRequiredValue(_output));
        var model = CommonOptions.ModelFolder(parsed.GetValue(_model));
        OutputFile.CheckIsNoInput(output, [audio, .. OutputFile.Whole(model)]);
        var recording = AudioFile.Read(audio);
        var codec = CodecCommand.Load(model);
        var frames = StatusLine.While($"encoding {recording.Seconds:0} s", _ => codec.Encode(recording.ToRate(codec.SampleRate)));
        stop.ThrowIfCancellationRequested();
        CodesFile.Write(output, [new(output, audio, !Path.IsPathRooted(audio), parsed.GetValue(_text) ?? "", Codes: frames)], Line);
        Console.WriteLine(FormattableString.Invariant(
            $"{output}: {frames.Length} frames of {codec.CodesPerFrame} codes, {frames.Length / codec.FramesPerSecond:0.0} s"));
        return CommandRun.Done;
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

sealed class DecodeCommand : DocumentedCommand
{
    readonly Argument<string> _codes = new("codes") { Description = "A file of codes: lines of JSON with 'audio_codes'." };
    readonly Option<string?> _model = CommonOptions.Model();
    readonly Option<int?> _line = new NumberOption<int?>("--line", new(1, int.MaxValue))
    {
        Description = "Number of the line to decode. Default: the only one.",
    };
    readonly Option<string> _output = new("--output", "-o")
    {
        Description = $"The file to write; its name ends in {AudioFormats.Writable}.",
        HelpName = "AUDIO",
        Required = true,
    };

    public DecodeCommand() : base("decode", "Turns codes into sound.",
        "qwen3tts codec decode codes.jsonl --line 3 --model models/mini -o third.wav")
    {
        Add(_codes);
        foreach (var option in new Option[] { _model, _line, _output })
            Add(option);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var (codes, output) = (parsed.GetRequiredValue(_codes), parsed.GetRequiredValue(_output));
        var model = CommonOptions.ModelFolder(parsed.GetValue(_model));
        OutputFile.CheckIsNoInput(output, [codes, .. OutputFile.Whole(model)]);
        AudioFormats.Check(output, null);
        var frames = CodesFile.ReadFrames(codes, parsed.GetValue(_line));
        var codec = CodecCommand.Load(model);
        var sound = StatusLine.While($"decoding {frames.Length} frames", _ => codec.Decode(frames));
        stop.ThrowIfCancellationRequested();
        AudioFile.WriteOutput(output, sound, WavFormat.Pcm16);
        Console.WriteLine(FormattableString.Invariant($"{output}: {sound.Seconds:0.0} s"));
        return CommandRun.Done;
    }
}
