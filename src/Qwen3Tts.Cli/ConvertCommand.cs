// qwen3tts convert: a model folder in another layout. The name 'export' belongs to qwen3tts-train, which exports data with it.
using System.CommandLine;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Loading;

namespace Qwen3Tts.Cli;

sealed class ConvertCommand : ModelWritingCommand
{
    readonly Option<string> _layout = new Option<string>("--layout")
    {
        Description = "official: as the released models; transformers: as Hugging Face transformers' own integration, which is not " +
            "released yet.",
        HelpName = "official|transformers",
        Required = true,
    }.OneOf("official", "transformers");
    readonly Option<string?> _codec = new("--codec")
    {
        Description = "Folder of the codec, if it is neither in the model nor beside it.",
        HelpName = "DIR",
    };

    public ConvertCommand() : base("convert",
        "Writes a model in another layout: the same numbers, with other names of tensors and other keys of config.json.",
        "qwen3tts convert qwen3-tts-base-hf --layout official --codec qwen3-tts-tokenizer-multi-codebook-hf -o Qwen3-TTS-Base",
        "qwen3tts convert runs/nora/export --layout transformers -o nora-hf")
    {
        Add(_layout);
        Add(_codec);
    }

    protected override string Write(ParseResult parsed, string folder, string output, CancellationToken stop)
    {
        var model = ModelFolder.Open(folder);
        if (parsed.GetValue(_codec) is { } codec)
            model = model.WithCodec(codec);
        OutputFile.CheckIsNoInput(output, [folder, .. OutputFile.Whole(folder), .. OutputFile.Whole(model.CodecPath)]);
        var layout = parsed.GetValue(_layout) == "official" ? CheckpointLayout.Official : CheckpointLayout.Transformers;
        WithProgress($"converting {folder}", progress => ConvertedModel.Write(model, output, layout, progress, stop));
        return $"in {TransformersLayout.Describe(layout)}";
    }
}
