// qwen3tts quantize: a model folder with smaller weights, which speaks faster.
using System.CommandLine;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Hub;
using Qwen3Tts.Loading;

namespace Qwen3Tts.Cli;

sealed class QuantizeCommand : DocumentedCommand
{
    readonly Argument<string> _model = new("model") { Description = "Folder of the model, or its id on the hub." };
    readonly Option<string> _to = new Option<string>("--to")
    {
        Description = "int8: a byte for each weight of a linear layer; int4: four bits in the layers of the talker.",
        HelpName = "int8|int4",
        DefaultValueFactory = _ => "int8",
    }.OneOf("int8", "int4");
    readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The folder to write.",
        HelpName = "DIR",
        Required = true,
    };

    public QuantizeCommand() : base("quantize",
        "Writes a model with smaller weights, which loads and speaks faster. Fine-tune the original, and quantise the result.",
        "qwen3tts quantize Qwen3-TTS-12Hz-0.6B-Base --to int8 -o Qwen3-TTS-12Hz-0.6B-Base-int8",
        "qwen3tts quantize runs/nora/export --to int4 -o nora-int4")
    {
        Add(_model);
        Add(_to);
        Add(_output);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var folder = ModelHub.Resolve(parsed.GetRequiredValue(_model));
        var output = Path.GetFullPath(parsed.GetRequiredValue(_output));
        var model = ModelFolder.Open(folder);
        OutputFile.CheckIsNoInput(output, [folder, .. OutputFile.Whole(folder)]);
        var type = PrecisionOption.Precision(parsed.GetValue(_to)!).ToWeightType()!.Value;
        StatusLine.While($"quantising {folder}", tell =>
        {
            QuantizedModel.Write(model, output, type, share => tell($"quantising {folder}: {share:P0}"), stop);
            return 0;
        });
        Console.WriteLine($"{output}: {Bytes(output)}, {parsed.GetValue(_to)}; the original has {Bytes(folder)}. Speak with it as with any "
            + $"model: qwen3tts say \"Good morning.\" --model '{output}' -o out.wav");
        return CommandRun.Done;
    }

    static string Bytes(string folder) => FormattableString.Invariant(
        $"{Directory.GetFiles(folder, "*.safetensors").Sum(WholeFile.Size) / 1048576.0:0.0} MiB of weights");
}
