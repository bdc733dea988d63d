// Exports the result of a run as a folder in the official layout. A run with LoRA also writes the adapter, in adapter/ beside the merged
// weights; both speak the same.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Batching;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Optimizer;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Run;

static class RunExport
{
    const string AdapterFolder = "adapter";

    public static void Write(string target, ModelFolder model, TrainingOptions options, TalkerModule talker, AdamW optimizer,
        TrainingData data, IReadOnlyList<TrainingVoice> voices, NewLanguage? language, int step)
    {
        List<NewVoice> rows = [.. voices.Select(v => new NewVoice(v.Name, v.Vector))];
        var languages = language is null ? null : new Dictionary<string, int> { [language.Name] = language.Row };
        RunManifest CreateManifest(IReadOnlyList<int> at) => Manifest.Create(model, options, data, voices, at, step);
        if (options.Lora is not { } lora)
        {
            Export.Write(model, target, optimizer.Values, rows, overwrite: true, kind: options.ExportAs, manifest: CreateManifest,
                languages: languages);
            return;
        }
        var pairs = $"{target}.{AdapterFolder}";
        Lora.Save(pairs, talker, lora, model, rows, optimizer.Values);
        using var weights = model.OpenWeights();
        Export.Write(model, target, Lora.Merged(Adapter.Open(pairs), weights), rows, overwrite: true, kind: options.ExportAs,
            manifest: CreateManifest, beside: folder =>
        {
            OutputFile.WriteText(Path.Combine(pairs, RunManifest.FileName), File.ReadAllText(Path.Combine(folder, RunManifest.FileName)));
            Directory.Move(pairs, Path.Combine(folder, AdapterFolder));
            OutputRecord.Reload(pairs);
        });
    }
}
