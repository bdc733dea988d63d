// qwen3tts voice export: the vector of a voice for other programs, or its reference recording as it sounds from its codes.
using System.Buffers.Binary;
using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Voices;

namespace Qwen3Tts.Cli;

sealed class VoiceExportCommand : DocumentedCommand
{
    readonly Argument<string> _file = new("file") { Description = "The voice file." };
    readonly Option<string?> _model = CommonOptions.Model();
    readonly Option<string> _output = VoiceCommand.Output("The file to write: .safetensors, .npy or .json get the vector, .wav the "
        + "reference recording, decoded from its codes with the codec of --model.");

    public VoiceExportCommand() : base("export", "Writes a voice's vector for other programs, or its reference recording.",
        "qwen3tts voice export me.voice.safetensors -o me.npy",
        "qwen3tts voice export me.voice.safetensors --model models/mini -o reference.wav")
    {
        Add(_file);
        Add(_model);
        Add(_output);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var (input, output) = (parsed.GetRequiredValue(_file), parsed.GetRequiredValue(_output));
        OutputFile.CheckIsNoInput(output, input);
        var voice = VoiceFile.Read(input);
        var vector = voice.Voice.Vector;
        switch (Path.GetExtension(output).ToLowerInvariant())
        {
            case ".npy":
                OutputFile.Write(output, stream => WriteNpy(stream, vector));
                break;
            case ".json":
                OutputFile.Write(output, stream => WriteJson(stream, voice));
                break;
            case ".safetensors":
                SafetensorsWriter.Write(output, [TensorToWrite.FromArray("vector", [vector.Length], vector)],
                    record: OutputRecord.At(Path.GetDirectoryName(Path.GetFullPath(output))!));
                break;
            case ".wav":
                if (voice.Voice.Frames.Count == 0)
                    throw new ArgumentException($"The voice '{Printable.Text(voice.Name)}' has no reference recording. Export its vector.");
                var codec = SpeechCodec.Load(ModelFolder.Open(CommonOptions.ModelFolder(parsed.GetValue(_model))).CodecPath);
                AudioFile.WriteOutput(output, codec.Decode(voice.Voice.Frames), WavFormat.Pcm16);
                break;
            default:
                throw new ArgumentException($"'{Printable.Text(output)}' has another extension. Give .safetensors, .npy, .json or .wav.");
        }
        Console.WriteLine($"{output}: written");
        return CommandRun.Done;
    }

    /// <summary>The format .npy of NumPy, version 1: a header padded to 64 bytes, then the numbers.</summary>
    static void WriteNpy(Stream stream, float[] vector)
    {
        var header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({vector.Length},), }}";
        header = header.PadRight((header.Length + 11 + 63) / 64 * 64 - 11) + "\n";
        Span<byte> start = [0x93, .. "NUMPY"u8, 1, 0, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(start[8..], (ushort)header.Length);
        stream.Write(start);
        stream.Write(Encoding.ASCII.GetBytes(header));
        stream.Write(MemoryMarshal.AsBytes(vector.AsSpan()));
    }

    static void WriteJson(Stream stream, VoiceFile voice)
    {
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteString("name", voice.Name);
        json.WriteStartArray("vector");
        foreach (var number in voice.Voice.Vector)
            json.WriteNumberValue(number);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
