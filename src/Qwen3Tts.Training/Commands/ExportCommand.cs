// qwen3tts-train export: prepared data for another trainer.
using System.CommandLine;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Training.Commands;

sealed class ExportCommand : DocumentedCommand
{
    readonly Argument<string> _data = new("codes") { Description = "The codes.jsonl that 'prepare' wrote." };
    readonly Option<string> _for = new("--for") { Description = "The trainer.", Required = true, HelpName = "ms-swift" };
    readonly Option<string?> _model = CommonOptions.Model();
    readonly Option<string> _name = new("--name") { Description = "Name of the new voice.", Required = true, HelpName = "NAME" };
    readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "Folder to write. Default: ms-swift beside the data.",
        HelpName = "DIR",
    };
    readonly Option<int> _gpus = new NumberOption<int>("--gpus", TrainingRanges.Gpus)
    {
        Description = "Number of GPUs that train together.",
        DefaultValueFactory = _ => 1,
    };
    readonly Option<int> _heldOut = new NumberOption<int>("--held-out", TrainingRanges.HeldOut)
    {
        Description = "Number of held-out clips, which are measured and not trained on. Default: those that the data holds out.",
        DefaultValueFactory = _ => 0,
    };
    readonly Option<int?> _steps = new NumberOption<int?>("--steps", TrainingRanges.Steps)
    {
        Description = "Number of optimizer steps. Default: as for 'train'.",
    };
    readonly Option<int> _batch = new NumberOption<int>("--batch", TrainingRanges.Batch)
    {
        Description = "Number of clips of a step, on all GPUs together.",
        DefaultValueFactory = _ => 8,
    };
    readonly Option<int?> _micro = new NumberOption<int?>("--micro-batch", TrainingRanges.MicroBatch)
    {
        Description = "Largest number of clips that a GPU computes together. Default: its part of the batch.",
    };
    readonly Option<double?> _rate = new NumberOption<double?>("--lr", TrainingRanges.LearningRate)
    {
        Description = "Largest learning rate. Default: as for 'train'.",
        HelpName = "RATE",
    };

    public ExportCommand() : base("export",
        "Writes prepared data and a command line for ms-swift, which trains on many machines with the correct alignment.",
        "qwen3tts-train export codes.jsonl --for ms-swift --model Qwen3-TTS-12Hz-1.7B-Base --name anna --gpus 8 --batch 64")
    {
        _for.OneOf("ms-swift");
        Add(_data);
        foreach (var option in new Option[] { _for, _model, _name, _output, _gpus, _heldOut, _steps, _batch, _micro, _rate })
            Add(option);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var data = Path.GetFullPath(parsed.GetRequiredValue(_data));
        var output = parsed.GetValue(_output) ?? Path.Combine(Path.GetDirectoryName(data)!, "ms-swift");
        var gpus = parsed.GetValue(_gpus);
        var note = StatusLine.While("Writing the data", _ => SwiftExport.Run(new()
        {
            Model = Path.GetFullPath(CommonOptions.ModelFolder(parsed.GetValue(_model))),
            Data = data,
            Speaker = parsed.GetRequiredValue(_name),
            HeldOut = parsed.GetValue(_heldOut),
            Steps = parsed.GetValue(_steps),
            Batch = parsed.GetValue(_batch),
            MicroBatch = parsed.GetValue(_micro),
            LearningRate = parsed.GetValue(_rate),
        }, output, gpus));
        Console.Out.WriteLine(
            $"Written: {output}\nRun there: bash train.sh\n{note}\nIts result is a model folder: check it with 'qwen3tts inspect' " +
            $"and 'qwen3tts doctor --data {data}'.");
        return CommandRun.Done;
    }
}
