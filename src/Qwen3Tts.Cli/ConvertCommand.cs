// qwen3tts convert: a model folder in another layout. The name 'export' belongs to qwen3tts-train, which exports data with it.
using System.CommandLine;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Hub;
using Qwen3Tts.Loading;

namespace Qwen3Tts.Cli;

sealed class ConvertCommand : DocumentedCommand
{
    readonly Argument<string> _model = new("model") { Description = "Folder of the model, or its id on the hub." };
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
    readonly Option<string> _output = new("--output", "-o")
    {
        Description = "The folder to write.",
        HelpName = "DIR",
        Required = true,
    };

    public ConvertCommand() : base("convert",
        "Writes a model in another layout: the same numbers, with other names of tensors and other keys of config.json.",
        "qwen3tts convert qwen3-tts-base-hf --layout official --codec qwen3-tts-tokenizer-multi-codebook-hf -o Qwen3-TTS-Base",
        "qwen3tts convert runs/nora/export --layout transformers -o nora-hf")
    {
        Add(_model);
        Add(_layout);
        Add(_codec);
        Add(_output);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var folder = ModelHub.Resolve(parsed.GetRequiredValue(_model));
        var output = Path.GetFullPath(parsed.GetRequiredValue(_output));
        var model = ModelFolder.Open(folder);
        if (parsed.GetValue(_codec) is { } codec)
            model = model.WithCodec(codec);
        OutputFile.CheckIsNoInput(output, [folder, .. OutputFile.Whole(folder), .. OutputFile.Whole(model.CodecPath)]);
        var layout = parsed.GetValue(_layout) == "official" ? CheckpointLayout.Official : CheckpointLayout.Transformers;
        StatusLine.While($"converting {folder}", tell =>
        {
            ConvertedModel.Write(model, output, layout, share => tell($"converting {folder}: {share:P0}"), stop);
            return 0;
        });
        Console.WriteLine($"{output}: in {TransformersLayout.Describe(layout)}. Speak with it as with any model: "
            + $"qwen3tts say \"Good morning.\" --model '{output}' -o out.wav");
        return CommandRun.Done;
    }
}
