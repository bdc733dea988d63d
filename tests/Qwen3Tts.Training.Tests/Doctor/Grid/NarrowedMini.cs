using System.Text.Json.Nodes;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Tests;

/// <summary>A base with other widths: the widened miniature, with three quarters of the talker's inner width and half of the code
/// predictor's, trained until it speaks about as well as before.</summary>
static class NarrowedMini
{
    /// <summary>Writes the model into a folder that is kept; a model that exists there is not trained again.</summary>
    public static string In(string folder)
    {
        var (run, cut) = (Path.Combine(folder, "narrowed-base"), Path.Combine(folder, "narrowed-cut"));
        if (Directory.Exists(Path.Combine(run, "export")))
            return Path.Combine(run, "export");
        if (!Directory.Exists(cut))
            Write(WidenedMini.Model, cut);
        return Trainer.Run(new()
        {
            Model = cut,
            Data = new PlantedFaults(Path.Combine(folder, "full"), 60).Data,
            Speaker = "first",
            Steps = 200,
            Batch = 4,
            LearningRate = 5e-4,
            SaveEvery = 200,
            EvaluateEvery = 0,
            HeldOut = 0,
            Layout = LayoutPolicy.Mixed,
            Languages = ["data", "auto"],
            ExportAs = ExportAs.Base,
            Force = true,
        }, run, Existing.Refuse, null, default).Export;
    }

    static void Write(string model, string target)
    {
        foreach (var file in Directory.GetFiles(model, "*", SearchOption.AllDirectories).Where(f => !Golden.HoldsWeights(f, model)))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(target, Path.GetRelativePath(model, file)))!);
            File.Copy(file, Path.Combine(target, Path.GetRelativePath(model, file)));
        }
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(model, "config.json")))!;
        var (talker, predictor) = (config["talker_config"]!, config["talker_config"]!["code_predictor_config"]!);
        talker["intermediate_size"] = talker["intermediate_size"]!.GetValue<int>() * 3 / 4;
        predictor["intermediate_size"] = predictor["intermediate_size"]!.GetValue<int>() / 2;
        File.WriteAllText(Path.Combine(target, "config.json"), config.ToJsonString());
        using var weights = Weights.Open(model);
        SafetensorsWriter.Write(Path.Combine(target, "model.safetensors"), [.. weights.Entries.Select(e =>
        {
            if (!e.Name.Contains(".mlp.", StringComparison.Ordinal) || !e.Name.StartsWith("talker.", StringComparison.Ordinal))
                return TensorToWrite.Copy(weights.FileOf(e.Name), e);
            var inner = e.Name.Contains("code_predictor", StringComparison.Ordinal) ? predictor : talker;
            var width = inner["intermediate_size"]!.GetValue<int>();
            return e.Name.Contains("down_proj", StringComparison.Ordinal) ? Cut(e, e.Shape[0], width) : Cut(e, width, e.Shape[1]);
        })]);

        TensorToWrite Cut(TensorEntry entry, int rows, int columns)
        {
            var (from, to) = (weights.FileOf(entry.Name).BFloat16(entry.Name), new ushort[rows * columns]);
            for (var row = 0; row < rows; row++)
                from.Span.Slice(row * entry.Shape[1], columns).CopyTo(to.AsSpan(row * columns));
            return TensorToWrite.FromArray(entry.Name, [rows, columns], to);
        }
    }
}
