// qwen3tts graft: a model that has no speaker encoder gets the one of a Base model.
using System.CommandLine;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Hub;
using Qwen3Tts.Loading;

namespace Qwen3Tts.Cli;

sealed class GraftCommand : DocumentedCommand
{
    readonly Argument<string> _model = new("model") { Description = "Folder of the model that is to clone, or its id on the hub." };
    readonly Option<string> _encoder = new("--encoder")
    {
        Description = "The Base model of the same size whose speaker encoder is taken.",
        HelpName = "DIR|ID",
        Required = true,
    };
    readonly Option<string> _output = new("--output", "-o") { Description = "The folder to write.", HelpName = "DIR", Required = true };

    public GraftCommand() : base("graft",
        "Puts the speaker encoder of a Base model into a CustomVoice or fine-tuned model, which then clones voices and keeps its speakers.",
        "qwen3tts graft Qwen3-TTS-12Hz-1.7B-CustomVoice --encoder Qwen3-TTS-12Hz-1.7B-Base -o CustomVoice-that-clones")
    {
        Add(_model);
        Add(_encoder);
        Add(_output);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var (folder, donor) = (ModelHub.Resolve(parsed.GetRequiredValue(_model)), ModelHub.Resolve(parsed.GetRequiredValue(_encoder)));
        var output = Path.GetFullPath(parsed.GetRequiredValue(_output));
        OutputFile.CheckIsNoInput(output, [.. OutputFile.Whole(folder), .. OutputFile.Whole(donor)]);
        StatusLine.While($"writing {output}", tell =>
        {
            GraftedModel.Write(ModelFolder.Open(folder), ModelFolder.Open(donor), output,
                share => tell($"writing {output}: {share:P0}"), stop);
            return 0;
        });
        Console.WriteLine($"{output}: clones with the speaker encoder of {donor}. Listen before you use it: the model was not trained with "
            + $"such vectors. qwen3tts say \"Good morning.\" --model {ShellWord.Quoted(output)} --voice me.wav "
            + "-o out.wav");
        return CommandRun.Done;
    }
}
