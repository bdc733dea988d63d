// qwen3tts doctor: reports which faults of fine-tuning a checkpoint was trained with. It prints the verdict first, then the evidence. Exit
// codes: 0 healthy, 3 not healthy, 4 undecided or not measured.
using System.CommandLine;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Data;
using Qwen3Tts.Doctor;
using Qwen3Tts.Doctor.Faults;
using Qwen3Tts.Doctor.Report;
using Qwen3Tts.Files;
using Qwen3Tts.Hub;
using Spectre.Console;
using Cell = Spectre.Console.Text;

namespace Qwen3Tts.Cli;

sealed class DoctorCommand : DocumentedCommand
{
    public const int NotHealthy = 3, Undecided = 4;

    readonly Argument<string> _checkpoint = new("checkpoint") { Description = "Folder of the model, or its id on the hub." };
    readonly Option<string?> _base = new("--base")
    {
        Description = "Folder or hub id of the base model. It shows which weights changed, and makes the verdict more certain.",
        HelpName = "DIR",
    };
    readonly Option<string?> _data = new("--data")
    {
        Description = "JSONL with audio, text, ref_audio, audio_codes, language; best the data that it was trained on.",
        HelpName = "JSONL",
    };
    readonly Option<string?> _audio = new("--audio")
    {
        Description = "Instead of --data: a folder of recordings, each with its text in a TXT file.",
        HelpName = "DIR",
    };
    readonly Option<string?> _speaker = new("--speaker")
    {
        Description = "Name of the speaker whose recordings the data are. Default: the speaker that the base does not have.",
        HelpName = "NAME",
    };
    readonly Option<string?> _language = new("--language")
    {
        Description = "Language for clips that name none: the one that you speak with.",
        HelpName = "NAME",
    };
    readonly Option<int> _clips = new NumberOption<int>("--clips", new(1, 100_000))
    {
        Description = "Largest number of clips to measure, spread over the data.",
        DefaultValueFactory = _ => 10,
    };
    readonly Option<int> _takes = new NumberOption<int>("--takes", new(0, 10_000))
    {
        Description = "Number of sentences to speak; 0 speaks none.",
        DefaultValueFactory = _ => 4,
    };
    readonly Option<string?> _grammar = new("--grammar")
    {
        Description = "JSGF grammar of all sentences that are spoken, for pocketsphinx.",
        HelpName = "FILE",
    };
    readonly Option<string[]> _dictionary = new("--dictionary")
    {
        Description = "Dictionary with the pronunciations that pocketsphinx lacks.",
        HelpName = "FILE",
    };
    readonly Option<bool> _json = new("--json") { Description = "Write JSON instead of tables; docs/doctor.md describes it." };
    readonly Option<string?> _html = new("--html") { Description = "Also write the report as one HTML page.", HelpName = "FILE" };
    readonly Option<string?> _showPrompt = new("--show-prompt")
    {
        Description = "Only show the prompt of this text position by position, as trainer and generator write it.",
        HelpName = "TEXT",
    };
    readonly Option<string?> _as = new("--as")
    {
        Description = $"With --show-prompt: also show that of a faulty trainer: {string.Join(", ", PromptListing.Scripts)}, or " +
            $"a hypothesis.",
        HelpName = "SCRIPT",
    };
    readonly Option<string?> _instruct = new("--instruct") { Description = "With --show-prompt: an instruction.", HelpName = "TEXT" };
    readonly Option<string?> _transcript = new("--transcript")
    {
        Description = "With --show-prompt: the transcript of a reference recording, for in-context cloning.",
        HelpName = "TEXT",
    };
    readonly Option<bool> _interleaved = new("--interleaved")
    {
        Description = "With --show-prompt: text beside the frames instead of before them.",
    };

    public DoctorCommand() : base("doctor",
        "Reports which faults a checkpoint was trained with: measures it under every known fault of fine-tuning scripts.",
        "qwen3tts doctor my-voice --base Qwen3-TTS-12Hz-1.7B-Base --data codes.jsonl --language English",
        "qwen3tts doctor my-voice --audio recordings --html report.html",
        "qwen3tts doctor my-voice --show-prompt \"Good morning.\" --language English --as official-022e286")
    {
        Add(_checkpoint);
        AddGroup("Data", _base, _data, _audio, _speaker, _language);
        AddGroup("Measuring", _clips, _takes, _grammar, _dictionary);
        AddGroup("Output", _json, _html);
        AddGroup("Prompt", _showPrompt, _as, _instruct, _transcript, _interleaved);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        if (parsed.GetValue(_showPrompt) is not null)
            return ShowPrompt(parsed);
        if (parsed.GetValue(_data) is not null && parsed.GetValue(_audio) is not null)
            throw new ArgumentException("--data and --audio were both given. Give one of them.");
        var options = new DoctorOptions
        {
            Checkpoint = ModelHub.Resolve(parsed.GetRequiredValue(_checkpoint)),
            Base = parsed.GetValue(_base) is { } original ? ModelHub.Resolve(original) : null,
            Data = parsed.GetValue(_data) ?? parsed.GetValue(_audio),
            Speaker = parsed.GetValue(_speaker),
            Language = parsed.GetValue(_language),
            Clips = parsed.GetValue(_clips),
            Takes = parsed.GetValue(_takes),
            Expected = new(parsed.GetValue(_grammar), parsed.GetValue(_dictionary) ?? []),
        };
        if (parsed.GetValue(_html) is { } planned)
        {
            OutputFile.CheckIsNoInput(planned, Inputs(options, parsed));
            CheckFolderCanBeMade(planned);
        }
        var report = StatusLine.While("examining", show => Examination.Run(options, OpenSpeech, show, stop));
        if (parsed.GetValue(_html) is { } page)
            OutputFile.WriteText(page, HtmlReport.Write(report));
        if (parsed.GetValue(_json))
            Console.WriteLine(report.ToJson());
        else
            DoctorConsole.Print(report);
        return report.Healthy ? CommandRun.Done : report.Undecided ? Undecided : NotHealthy;
    }

    /// <summary>Every file that is read: those of the models, and those that the data name.</summary>
    IEnumerable<string?> Inputs(DoctorOptions options, ParseResult parsed)
    {
        // the examination reports what is wrong with the data
        var clips = options.Data is { } data && Path.Exists(data) ? ClipList.Read(data, new()) : [];
        var named = clips.SelectMany(c => new[] { c.Audio, c.Reference, Path.ChangeExtension(c.Audio, ".txt") });
        return [options.Data, parsed.GetValue(_grammar), .. parsed.GetValue(_dictionary)
            ?? [], .. OutputFile.Whole(options.Checkpoint), .. OutputFile.Whole(options.Base), .. named];
    }

    /// <summary>Checks the output before minutes of work: a missing folder can be created, but not in the place of a file.</summary>
    static void CheckFolderCanBeMade(string page)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(page));
        while (folder is not null && !Path.Exists(folder))
            folder = Path.GetDirectoryName(folder);
        if (File.Exists(folder))
            throw new IOException($"'{Printable.Text(page)}' cannot be written: '{Printable.Text(folder)}' is a file and not a folder. "
                + "Name a file in another folder.");
    }

    static SpeechSource OpenSpeech(string folder)
    {
        var tts = Tts.Load(folder);
        return new(tts.Sampling, tts.Stream);
    }

    int ShowPrompt(ParseResult parsed)
    {
        var faults = parsed.GetValue(_as) is { } script ? Hypothesis.Find(script) : FaultSet.None;
        var (right, faulty) = PromptListing.Pair(ModelHub.Resolve(parsed.GetRequiredValue(_checkpoint)),
            new(parsed.GetRequiredValue(_showPrompt)!, parsed.GetValue(_speaker), parsed.GetValue(_language), parsed.GetValue(_instruct),
            parsed.GetValue(_transcript), parsed.GetValue(_interleaved)), faults);
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = 200;
        var table = DoctorConsole.Columns(faults == FaultSet.None ? ["", "text", "codec", "is taught"]
            : ["", "text", "codec", "is taught", $"{parsed.GetValue(_as)}: text", "codec", "is taught"]);
        for (var i = 0; i < Math.Max(right.Count, faulty.Count); i++)
        {
            ListedPosition? a = i < right.Count ? right[i] : null, b = i < faulty.Count ? faulty[i] : null;
            string[] left = [a?.Text ?? "", a?.Codec ?? "", a?.Taught ?? ""], other = [b?.Text ?? "", b?.Codec ?? "", b?.Taught ?? ""];
            table.AddRow([new Cell($"{i}"), .. left.Select(t => new Cell(t)), .. faults == FaultSet.None ? []
                : other.Select((t, c) => t == left[c] ? new Cell(t) : new Cell(t.Length == 0 ? "–" : t, new Style(Color.Red)))]);
        }
        AnsiConsole.Write(table);
        AnsiConsole.Write(new Cell(faults == FaultSet.None
            ? "Trainer and generator write this one list; the frames come from the data in one and from the sampler in the other.\n"
            : $"Left: what the trainer writes and the generator speaks with, one list. Right: what {parsed.GetValue(_as)} trains on; " +
            $"what differs is red.\n"));
        return CommandRun.Done;
    }
}
