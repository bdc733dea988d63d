// Everything in one command: from recordings of a voice to a model that speaks with it, and a page to hear and see the result. Some
// recordings are held out of training. For their texts the page has the recording, the voice cloned before training, the fine-tuned voice,
// and the voice of the same run with the faults of the official script.
using System.Diagnostics;
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Files;
using Qwen3Tts.Generation;
using Qwen3Tts.Listening;
using Qwen3Tts.Sequence;
using Qwen3Tts.Training.Data;
using Qwen3Tts.Training.Log;
using Qwen3Tts.Training.Options;
using Qwen3Tts.Training.Pages;
using Qwen3Tts.Training.Run;

namespace Qwen3Tts.Training.Commands;

static class Demo
{
    const int HeldOut = 6; // held-out texts that are spoken at the end
    const int TakesPerText = 3; // several, because a single take is a matter of chance

    public static int Run(string model, string recordings, string output, int? steps, CancellationToken stop, bool force = false)
    {
        var clock = Stopwatch.StartNew();
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(recordings)));
        var (data, page) = (Path.Combine(output, "codes.jsonl"), Path.Combine(output, "index.html"));
        CheckOutput(output, model, recordings, data, page);
        using var own = FolderLock.Take(output, "The demo");

        Say($"1 of 5 · Preparing the recordings of {name}, {recordings}");
        var prepared = ConsoleWork.Prepare(model, new PreparationOptions { Input = recordings, Output = data }, stop);
        Say(ConsoleWork.Summary(prepared));

        Say("\n2 of 5 · Fine-tuning");
        var options = MakeOptions(model, data, name, prepared) with { Steps = steps, Force = force };
        var trained = ConsoleWork.Train(options, Path.Combine(output, "run"), Existing.Overwrite, stop);
        Say(ConsoleWork.Summary(trained));
        stop.ThrowIfCancellationRequested();

        Say("\n3 of 5 · The same with the faults of the official script");
        var faulty = WithFaults(options, Path.Combine(output, "run-with-faults"), stop);
        Say($"{ConsoleWork.Summary(faulty.Run)}\nFaults: {faulty.Faults}. {faulty.Refusal}");
        stop.ThrowIfCancellationRequested();

        Say($"\n4 of 5 · Speaking {trained.HeldOut.Count} texts that were held out, before and after");
        var voices = Speak(model, trained, faulty, name, output, stop);

        Say("\n5 of 5 · Listening");
        (voices, var ears) = Listen(voices, stop);
        var texts = trained.HeldOut.Select(c => c.Text).ToList();
        OutputFile.WriteText(page, DemoPage.Write(name, trained, faulty, texts, voices, ears, TakesPerText));
        Say($"\nDone in {clock.Elapsed:m\\:ss}. Look and listen: {page}\nThe voice: qwen3tts say \"{trained.HeldOut[0].Text}\" --model " +
            $"{trained.Export} --speaker {name.ToLowerInvariant()} -o out.wav");
        return CommandRun.Done;
    }

    static TrainingOptions MakeOptions(string model, string data, string name, PreparationReport prepared) => new()
    {
        Model = Path.GetFullPath(model),
        Data = Path.GetFullPath(data),
        Speaker = name,
        HeldOut = prepared.HeldOut(Math.Min(HeldOut, prepared.Clips.Count / 2)),
        EvaluateEvery = 0,
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
        OutputFile.CheckAreOthers([page, .. PreparedFiles.Lists(data), .. SpeechIn(output)], OutputFile.Whole(model));
        foreach (var file in SpeechIn(output).Prepend(page))
            OutputFile.CheckIsFree(file, OutputRecord.At(output));
    }

    /// <summary>The versions with their word error rates, and the recogniser or why there is none.</summary>
    static (List<DemoVoice> Voices, string Ears) Listen(List<DemoVoice> voices, CancellationToken stop)
    {
        var ears = SpeechRecogniser.Find(Expected(), out var reason);
        voices = [.. voices.Select(v => v with { Heard = ears?.Judge(v.Takes, cancel: stop) })];
        foreach (var voice in voices)
            Say($"{voice.Name,-36}{(voice.Heard is { } h ? $"word error rate {h}" : "")}");
        if (ears is null)
            Say($"No word error rates: {reason}.");
        return (voices, ears?.Name ?? reason);
    }

    static string SpeechFile(string output, int text, string version) => Path.Combine(output, "speech", $"{text + 1}-{version}.wav");

    /// <summary>
    /// All audio files that will be written. They are checked before an hour of training: a file of another program may be in the place of
    /// one.
    /// </summary>
    static IEnumerable<string> SpeechIn(string output) =>
        Enumerable.Range(0, HeldOut).SelectMany(text => Versions.Select(version => SpeechFile(output, text, version)));

    static readonly string[] Versions = ["recording", "before", "after", "with-faults"];

    /// <summary>
    /// The fault of text without its projection can only be planted if text and talker have the same width; with other models the official
    /// script itself stops.
    /// </summary>
    static FaultyRun WithFaults(TrainingOptions options, string run, CancellationToken stop)
    {
        var talker = ModelFolder.Open(options.Model).Config.TalkerConfig;
        var planted = Hypothesis.Combine(talker.TextHiddenSize == talker.HiddenSize ? FaultSet.Official
            : FaultSet.Official & ~FaultSet.NoTextProjection);
        options = options with { Planted = planted };
        var refusal = "The preflight does not refuse it.";
        try
        {
            ConsoleWork.Train(options with { Steps = 1, WarmUp = 0, Force = false }, run, Existing.Overwrite, stop);
        }
        catch (InvalidDataException e)
        {
            refusal = e.Message;
        }
        return new(ConsoleWork.Train(options with { Force = true }, run, Existing.Overwrite, stop),
            string.Join(", ", Hypothesis.All.Where(h => int.PopCount((int)h.Faults) == 1 && planted.Faults.HasFlag(h.Faults))
            .Select(h => h.Name)), refusal);
    }

    static List<DemoVoice> Speak(string model, TrainingResult trained, FaultyRun faulty, string name, string output,
        CancellationToken stop) => StatusLine.While("Loading the models", line =>
    {
        var texts = trained.HeldOut.Select(c => c.Text).ToList();
        DemoVoice Speak(string title, string file, int takes, Func<string, int, Waveform> say)
        {
            var all = new List<(Waveform, string)>();
            for (var take = 0; take < takes; take++)
                foreach (var (i, text) in texts.Index())
                {
                    line($"{title}: {all.Count + 1} of {takes * texts.Count}");
                    var speech = say(text, take);
                    if (take == 0)
                        WavFile.WriteOutput(SpeechFile(output, i, file), speech, OutputRecord.At(output));
                    all.Add((speech, text));
                }
            return new(title, [.. texts.Select((_, i) => $"speech/{i + 1}-{file}.wav")], all);
        }

        using var before = Tts.Load(model);
        using var after = Tts.Load(trained.Export);
        using var wrong = Tts.Load(faulty.Run.Export);
        var clone = before.Clone(AudioFile.Read(trained.HeldOut[0].Reference!));
        var recordings = trained.HeldOut.Select(c => AudioFile.Read(c.Audio)).ToList();
        return new List<DemoVoice>
        {
            Speak("The recording", Versions[0], 1, (text, _) => recordings[texts.IndexOf(text)]),
            Speak("Cloned, before training", Versions[1], TakesPerText, (text, take) =>
                before.Say(text, Options(before, take) with { Voice = clone }, stop).Waveform),
            Speak("Fine-tuned, after", Versions[2], TakesPerText, (text, take) =>
                after.Say(text, Options(after, take) with { Speaker = name }, stop).Waveform),
            Speak("With the official script's faults", Versions[3], TakesPerText, (text, take) =>
                wrong.Say(text, Options(wrong, take) with { Speaker = name }, stop).Waveform),
        };
    });

    /// <summary>Text first for all versions, and the same seeds, so that only the training differs.</summary>
    static SpeechOptions Options(Tts tts, int take) => new()
    {
        Layout = Layout.TextFirst,
        Sampling = tts.Sampling with { Seed = (ulong)take + 1 },
        MaxFramesPerToken = SpeechOptions.UsualMaxFramesPerToken,
    };

    /// <summary>The grammar of the miniature's sentences in the repository; other recordings are recognised without a grammar.</summary>
    static ExpectedSpeech Expected() =>
        Find("tests", "Mini", "grammar.jsgf") is { } grammar ? new(grammar, Path.Combine(Path.GetDirectoryName(grammar)!, "german.dict"))
            : new();

    /// <summary>A folder of the repository, which the demo takes where none is named.</summary>
    /// <exception cref="DirectoryNotFoundException">Neither the current folder nor this program is in the repository.</exception>
    public static string InRepository(params string[] parts) => Find(parts)
        ?? throw new DirectoryNotFoundException(
            $"'{Path.Combine(parts)}' is neither above the current folder nor above this program. Start it in the repository, or name " +
            $"--model and --recordings.");

    /// <summary>Finds a path of the repository, from the current folder or from the program's folder upwards.</summary>
    static string? Find(params string[] parts)
    {
        foreach (var start in new[] { Directory.GetCurrentDirectory(), AppContext.BaseDirectory })
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
                if (Path.Combine([folder.FullName, .. parts]) is var path && Path.Exists(path))
                    return path;
        return null;
    }

    static void Say(string line) => Console.Out.WriteLine(line);
}
