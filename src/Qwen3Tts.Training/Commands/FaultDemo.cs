// A checkpoint with a fault of one's choice and the base it was made from, for whoever wants to see what the doctor says to it;
// docs/post-mortem.md begins so. Rate, batch and steps are those of the run that it tells of.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Training.Commands;

static class FaultDemo
{
    const int Steps = 60;
    const double Rate = 5e-4;
    const string Name = "nora", Base = "Base", Checkpoint = "my-voice";

    /// <param name="fault">A script, a fault, or several joined by '+', as the doctor names them.</param>
    /// <param name="model">That is copied to be the base, with text as wide as its talker.</param>
    /// <param name="recordings">In English.</param>
    /// <param name="output">Gets base, list and checkpoint.</param>
    /// <param name="steps">Null for as many as the post-mortem's run.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="ArgumentException">There is no such fault, or the model cannot have it.</exception>
    public static int Run(string fault, string model, string recordings, string output, int? steps, CancellationToken stop)
    {
        var planted = Hypothesis.Combine(Hypothesis.Find(fault));
        var (data, original, checkpoint) = (Path.Combine(output, "codes.jsonl"), Path.Combine(output, Base),
            Path.Combine(output, Checkpoint));
        OutputFile.CheckIsNoInput(output, model, recordings);
        OutputFile.CheckAreOthers(PreparedFiles.Lists(data), OutputFile.Whole(model));
        OutputFolder.CheckIsFree(Path.GetFullPath(checkpoint));
        using var own = FolderLock.Take(output, "The demo");

        WidenedText.Write(ModelFolder.Open(model), original);
        ConsoleWork.Prepare(original, new PreparationOptions { Input = recordings, Output = data, Language = "English" }, stop);
        stop.ThrowIfCancellationRequested();
        var trained = ConsoleWork.Train(new()
        {
            Model = Path.GetFullPath(original),
            Data = Path.GetFullPath(data),
            Speaker = Name,
            Steps = steps ?? Steps,
            Batch = 1,
            LearningRate = Rate,
            EvaluateEvery = 0,
            HeldOut = 0,
            Layout = LayoutPolicy.TextFirst,
            Languages = ["data"],
            Force = true,
            Planted = planted,
        }, Path.Combine(output, "run"), Existing.Overwrite, stop);
        stop.ThrowIfCancellationRequested();
        OutputFolder.Replace(Path.GetFullPath(trained.Export), Path.GetFullPath(checkpoint));
        Console.Out.WriteLine($"{checkpoint} was trained from {original} as {planted.Name}, on {data}. Ask: cd {output} && qwen3tts doctor "
            + $"{Checkpoint} --base {Base} --data codes.jsonl");
        return CommandRun.Done;
    }
}
