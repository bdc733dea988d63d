// qwen3tts quantize: a model folder with smaller weights, which speaks faster.
using System.CommandLine;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Loading;

namespace Qwen3Tts.Cli;

sealed class QuantizeCommand : ModelWritingCommand
{
    readonly Option<string> _to = new Option<string>("--to")
    {
        Description = "int8: a byte for each weight of a linear layer; int4: four bits in the layers of the talker.",
        HelpName = "int8|int4",
        DefaultValueFactory = _ => "int8",
    }.OneOf("int8", "int4");

    public QuantizeCommand() : base("quantize",
        "Writes a model with smaller weights, which loads and speaks faster. Fine-tune the original, and quantise the result.",
        "qwen3tts quantize Qwen3-TTS-12Hz-0.6B-Base --to int8 -o Qwen3-TTS-12Hz-0.6B-Base-int8",
        "qwen3tts quantize runs/nora/export --to int4 -o nora-int4")
    {
        Add(_to);
    }

    protected override string Write(ParseResult parsed, string folder, string output, CancellationToken stop)
    {
        var model = ModelFolder.Open(folder);
        OutputFile.CheckIsNoInput(output, [folder, .. OutputFile.Whole(folder)]);
        var type = PrecisionOption.Precision(parsed.GetValue(_to)!).ToWeightType()!.Value;
        WithProgress($"quantising {folder}", progress => QuantizedModel.Write(model, output, type, progress, stop));
        return $"{Bytes(output)}, {parsed.GetValue(_to)}; the original has {Bytes(folder)}";
    }

    static string Bytes(string folder) => FormattableString.Invariant(
        $"{Directory.GetFiles(folder, "*.safetensors").Sum(WholeFile.Size) / 1048576.0:0.0} MiB of weights");
}
