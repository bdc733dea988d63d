// Everything in one command: from recordings of a voice to a model that speaks with it, and a page to hear and see the result. The
// recordings announce trains with words that the miniature has never heard, and some are held out of training. The table at the end has the
// recordings, the voice cloned before training, the fine-tuned voice, and the voice of the same run with the faults of the official script.
using System.Diagnostics;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Listening;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Pages;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Training.Commands;

static class Demo
{
    const int HeldOut = 8; // recordings that are not trained on, and that the page plays

    // How the miniature learns recordings/nora.jsonl: what was tried is in docs/log.md.
    const int NoraSplices = 720, NoraSteps = 250;
    const double NoraRate = 4e-4;

    public static int Run(string model, string recordings, string output, int? steps, CancellationToken stop, bool force = false)
    {
        var clock = Stopwatch.StartNew();
        var miniature = IsAt(model, "models", "mini");
        var nora = miniature && IsAt(recordings, "recordings", "nora.jsonl");
        var name = Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(recordings)));
        var (data, page) = (Path.Combine(output, "codes.jsonl"), Path.Combine(output, "index.html"));
        CheckOutput(output, model, recordings, data, page);
        using var own = FolderLock.Take(output, "The demo");

        Say($"1 of 5 · Preparing the recordings of {name}, {recordings}");
        var prepared = Prepare(model, recordings, data, nora, miniature, stop);
        Say(ConsoleWork.Summary(prepared));

        var options = MakeOptions(model, data, name, prepared) with { Steps = steps, Force = force };
        var (trained, faulty) = Train(!nora ? options : options with { Steps = steps ?? NoraSteps, LearningRate = NoraRate }, output, stop);

        var texts = DemoTexts.Find(recordings, trained.HeldOut.Select(c => c.Text), miniature);
        Say($"\n4 of 5 · Speaking {texts.New.Count} texts that were held out"
            + (texts.Old.Count > 0 ? $", and {texts.Old.Count} sentences that the model could say before" : ""));
        var spoken = new DemoVoices(texts, trained.HeldOut, [.. prepared.Clips.Where(c => c.Levels is not null).Select(c => c.Clip)]);
        Speak(spoken, model, trained, faulty, name, stop);

        Say("\n5 of 5 · Listening");
        var (voices, decoded) = Listen(spoken, texts, output, out var ears, stop);
        OutputFile.WriteText(page, DemoPage.Write(name, trained, faulty, texts.New, voices, decoded, ears));
        Say($"{DemoTable.Text(voices)}\n{Explain(texts, ears)}\n{DemoTable.CostOfTheCodec(decoded)}");
        Say($"\nDone in {clock.Elapsed:m\\:ss}. Look and listen: {page}\nThe voice: qwen3tts say \"{trained.HeldOut[0].Text}\" --model " +
            $"{trained.Export} --speaker {name.ToLowerInvariant()}{(miniature ? " --language English" : "")} -o out.wav");
        return CommandRun.Done;
    }

    static PreparationReport Prepare(string model, string recordings, string data, bool nora, bool miniature, CancellationToken stop)
    {
        var options = new PreparationOptions
        {
            Input = recordings,
            Output = data,
            CompareTexts = false, // most words are new to the miniature, so it cannot tell
            Language = miniature ? "English" : null,
        };
        return ConsoleWork.Prepare(model, !nora ? options : options with
        {
            Splice = NoraSplices,
            NotSpliced = DemoTexts.ReadBeside(recordings),
        }, stop);
    }

    /// <summary>The correct run and its faulty twin.</summary>
    static (TrainingResult Correct, FaultyRun Faulty) Train(TrainingOptions options, string output, CancellationToken stop)
    {
        Say("\n2 of 5 · Fine-tuning");
        FaultyTwin StartTwin() => new(options, Path.Combine(output, "run-with-faults"), stop);
        using var beside = FaultyTwin.IsBeside(options.Model) ? StartTwin() : null;
        var correct = ConsoleWork.Train(options, Path.Combine(output, "run"), Existing.Overwrite, stop);
        Say(ConsoleWork.Summary(correct));
        stop.ThrowIfCancellationRequested();

        Say("\n3 of 5 · Now the same with the official script's faults. Our check refuses this run; for the demo it runs anyway.");
        using var after = beside is null ? StartTwin() : null;
        var faulty = (beside ?? after)!.Wait();
        Say($"{ConsoleWork.Summary(faulty.Run)}\nFaults: {faulty.Faults}.");
        stop.ThrowIfCancellationRequested();
        return (correct, faulty);
    }

    static bool IsAt(string path, params string[] parts) =>
        Find(parts) is { } found && Path.GetFullPath(found) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    static TrainingOptions MakeOptions(string model, string data, string name, PreparationReport prepared) => new()
    {
        Model = Path.GetFullPath(model),
        Data = Path.GetFullPath(data),
        Speaker = name,
        HeldOut = prepared.HeldOut(Math.Min(HeldOut, prepared.Clips.Count / 2)),
        EvaluateEvery = 0,
        Layout = LayoutPolicy.TextFirst, // as all voices of the demo speak
        Languages = prepared.Clips.Any(c => c.Clip.Language is not null) ? ["data"] : null,
    };

    /// <summary>
    /// Refuses, before anything is done, a folder that is not that of a demo, and files of others with the names of its results.
    /// </summary>
    static void CheckOutput(string output, string model, string recordings, string data, string page)
    {
        if (Directory.Exists(output) && !Directory.EnumerateFileSystemEntries(output).All(OutputFolder.IsBookkeeping)
            && !File.Exists(data + ".cache"))
            throw new IOException($"'{output}' is not empty and holds no demo. Name another folder with --output.");
        OutputFile.CheckIsNoInput(output, model, recordings);
        var speech = Enumerable.Range(0, HeldOut).SelectMany(text => DemoVoices.Files.Select(version =>
            DemoVoices.SpeechFile(output, text, version))).ToList();
        OutputFile.CheckAreOthers([page, .. PreparedFiles.Lists(data), .. speech], OutputFile.Whole(model));
        foreach (var file in speech.Prepend(page))
            OutputFile.CheckIsFree(file, OutputRecord.At(output));
    }

    static void Speak(DemoVoices spoken, string model, TrainingResult trained, FaultyRun faulty, string name, CancellationToken stop) =>
        StatusLine.While("Loading the models", line =>
    {
        spoken.AddRecordings(SpeechCodec.Load(ModelFolder.Open(model).CodecPath));
        using (var before = Tts.Load(model))
            spoken.Add("Cloned, before training", before,
                new() { Voice = before.Clone(AudioFile.Read(trained.HeldOut[0].Reference!)) }, line, stop);
        foreach (var (title, export) in new[] { ("Fine-tuned", trained.Export), ("With the official script's faults", faulty.Run.Export) })
            using (var after = Tts.Load(export))
                spoken.Add(title, after, new() { Speaker = name }, line, stop);
        return 0;
    });

    /// <summary>Measures the voices; says which recogniser heard the words, or why there is none.</summary>
    static (IReadOnlyList<DemoVoice> Voices, DemoVoice Decoded) Listen(DemoVoices spoken, DemoTexts texts, string output, out string ears,
        CancellationToken stop)
    {
        var recogniser = SpeechRecogniser.Find(texts.NewWords, out var reason);
        var old = SpeechRecogniser.Find(texts.OldWords, out _);
        ears = recogniser is null ? $"They were not counted: {reason}." : $"Words were recognised by {recogniser.Name}.";
        return StatusLine.While("Recognising words", _ => spoken.Measure(output, recogniser, old, stop));
    }

    static string Explain(DemoTexts texts, string ears) =>
        $"Over {texts.New.Count} texts that were held out; in brackets the interval of 95 % confidence. Likeness: 0 is the mean of other " +
        $"voices, 1 that of the recordings. {ears}";

    /// <summary>A folder of the repository, which the demo takes where none is named.</summary>
    /// <exception cref="DirectoryNotFoundException">Neither the current folder nor this program is in the repository.</exception>
    public static string InRepository(params string[] parts) => Find(parts)
        ?? throw new DirectoryNotFoundException(
            $"'{Path.Combine(parts)}' is neither above the current folder nor above this program. Start it in the repository, or name " +
            $"--model and --recordings.");

    /// <summary>Finds a path of the repository, from the current folder or from the program's folder upwards.</summary>
    public static string? Find(params string[] parts)
    {
        foreach (var start in new[] { Directory.GetCurrentDirectory(), AppContext.BaseDirectory })
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
                if (Path.Combine([folder.FullName, .. parts]) is var path && Path.Exists(path))
                    return path;
        return null;
    }

    static void Say(string line) => Console.Out.WriteLine(line);
}
