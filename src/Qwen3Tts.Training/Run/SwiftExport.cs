// Exports the data and a command line for ms-swift, a trainer that uses many machines. Of the other trainers for this model, ms-swift has
// every alignment right since its pull request 9752 (July 2026): text is projected, labels are shifted once, the code predictor gets the
// hidden state that has not seen the frame, and the end of speech is trained. It knows one layout (text first) and no language.
using System.Globalization;
using System.Text.Json;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Data;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Model;
using Qwen3Tts.Training.Options;

namespace Qwen3Tts.Training.Run;

static class SwiftExport
{
    const string Release = "4.5.0"; // the release whose source code was read for this file

    /// <summary>
    /// Writes train.jsonl, valid.jsonl if clips are held out, and train.sh; returns a sentence about what ms-swift ignores.
    /// </summary>
    /// <param name="options">The options that a run of this program would have.</param>
    /// <param name="output">The folder to write.</param>
    /// <param name="gpus">Number of GPUs that train together.</param>
    /// <exception cref="InvalidDataException">The data is not ready, or names several references.</exception>
    public static string Run(TrainingOptions options, string output, int gpus)
    {
        var model = ModelFolder.Open(options.Model);
        Export.CheckName(model.Config.TalkerConfig, options.Speaker!);
        if (!model.Config.CanClone)
            throw new InvalidDataException(
                $"{options.Model}: there is no speaker encoder in it, and ms-swift takes the voice from a recording. Name a Base model.");
        var clips = CodesFile.Read(options.Data, model.Config.TalkerConfig.NumCodeGroups,
            model.Config.TalkerConfig.CodePredictorConfig.VocabSize);
        if (clips.Select(c => c.Reference).Distinct().Take(2).ToList() is [var first, var second])
            throw new InvalidDataException(
                $"{options.Data}: the lines name different references, such as '{first}' and '{second}', and ms-swift stores the voice " +
                $"of the first one. Prepare the recordings with --reference.");
        if (clips.FirstOrDefault(c => ClipGate.Error(c) is not null) is { } bad)
            throw new InvalidDataException(ClipGate.Error(bad)); // ms-swift would read a control token in a text as a control token
        var heldOut = HeldOut.Select(clips, options.HeldOut);
        options = (options with { HeldOut = heldOut.Count(held => held) }).Completed(model.Config, clips.Count, linesNameLanguages: false);

        OutputFile.CheckAreNoInputs(
            [output, .. new[] { "train.jsonl", "valid.jsonl", "train.sh" }.Select(f => Path.Combine(output, f))],
            [options.Data, .. clips.SelectMany(c => new[] { c.Audio, c.Reference }), .. OutputFile.Whole(options.Model)]);
        CodesFile.Write(Path.Combine(output, "train.jsonl"), clips.Where((_, i) => !heldOut[i]), WriteLine);
        if (options.HeldOut > 0)
            CodesFile.Write(Path.Combine(output, "valid.jsonl"), clips.Where((_, i) => heldOut[i]), WriteLine);
        OutputFile.WriteText(Path.Combine(output, "train.sh"), Script(options, gpus));
        var lost = new[] { ("language", clips.Count(c => c.Language is not null)), ("instruct", clips.Count(c => c.Instruct is not null)) }
            .Where(l => l.Item2 > 0).Select(l => $"{l.Item2} lines name a {l.Item1}").ToList();
        return "ms-swift trains text first and without a language: speak with the result so."
            + (lost.Count > 0 ? $" {string.Join(", ", lost)}, which it does not know." : "");
    }

    static void WriteLine(Utf8JsonWriter json, string folder, Clip clip)
    {
        json.WriteStartObject();
        json.WriteStartArray("messages");
        json.WriteStartObject();
        json.WriteString("role", "assistant");
        json.WriteString("content", clip.Text);
        json.WriteEndObject();
        json.WriteEndArray();
        foreach (var (key, file) in new[] { ("audios", clip.Audio), ("ref_audios", clip.Reference!) })
        {
            json.WriteStartArray(key);
            json.WriteStringValue(CodesFile.Relative(folder, file));
            json.WriteEndArray();
        }
        CodesFile.WriteCodes(json, clip.Codes!);
        json.WriteEndObject();
    }

    /// <summary>The batch is divided among the GPUs, and rounded up if it cannot be divided.</summary>
    static string Script(TrainingOptions options, int gpus)
    {
        var (name, each) = (Path.GetFileName(Path.TrimEndingDirectorySeparator(options.Model)), options.MicroBatch ?? options.Batch);
        var model = name.StartsWith("Qwen3-TTS-12Hz-", StringComparison.Ordinal) ? $"Qwen/{name}" : options.Model;
        var batch = Math.Max(1, Math.Min(each, (options.Batch + gpus - 1) / gpus));
        var accumulated = Math.Max(1, (options.Batch + gpus * batch - 1) / (gpus * batch));
        return string.Create(CultureInfo.InvariantCulture, $$"""
            #!/usr/bin/env bash
            # Fine-tunes {{Printable.Text(options.Speaker!)}} with ms-swift on {{gpus}} GPUs; {{gpus * batch * accumulated}} clips a step. Needs:
            #   pip install qwen-tts 'ms-swift>={{Release}}'   (earlier ones train labels that do not fit)
            # Paths in the lists count from this folder. The weights are float32, computed in BF16: BF16 weights would hardly move at this rate.
            # Afterwards, with the checkpoint that it writes:
            #   qwen3tts inspect output/…/checkpoint-…
            #   qwen3tts doctor output/…/checkpoint-… --base {{Quoted(Printable.Text(name))}} --data codes.jsonl
            set -euo pipefail
            cd "$(dirname "$0")"
            model={{Quoted(model)}}
            SPEAKER_NAME={{Quoted(options.Speaker!.ToLowerInvariant())}} NPROC_PER_NODE={{gpus}} swift sft \
              --model "${MODEL:-$model}" \
              --model_type qwen3_tts \
              --dataset train.jsonl \
              {{(options.HeldOut > 0 ? "--val_dataset valid.jsonl --eval_steps 100" : "--split_dataset_ratio 0 --eval_strategy no")}} \
              --tuner_type full --torch_dtype float32 --bf16 true --fp16 false \
              --max_steps {{options.Steps}} --learning_rate {{options.LearningRate}} --warmup_steps {{options.WarmUp}} --lr_scheduler_type linear \
              --per_device_train_batch_size {{batch}} --gradient_accumulation_steps {{accumulated}} --gradient_checkpointing true \
              --weight_decay {{options.WeightDecay}} --max_grad_norm {{options.LargestNorm}} --seed {{options.Seed}} \
              --save_steps 100 --save_total_limit 4 --logging_steps 5 --max_length 4096 --ddp_find_unused_parameters true \
              --output_dir output

            """).Replace("\r", "", StringComparison.Ordinal);
    }

    static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
