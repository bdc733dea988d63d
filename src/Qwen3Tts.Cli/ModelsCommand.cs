// qwen3tts models: lists, downloads, checks and removes models of the Hugging Face hub. They are in the cache that the Python package
// huggingface_hub has too, so a model that one of them downloaded is there for the other.
using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Hub;
using Spectre.Console;
using Cell = Spectre.Console.Text;

namespace Qwen3Tts.Cli;

sealed class ModelsCommand : DocumentedCommand
{
    public ModelsCommand() : base("models",
        "Lists, downloads, checks and removes models of the Hugging Face hub. They are kept in the cache of huggingface_hub (HF_HOME, "
        + "HF_HUB_CACHE); HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are used too.",
        "qwen3tts models list", "qwen3tts models download Qwen/Qwen3-TTS-12Hz-0.6B-Base")
    {
        Add(new ModelsListCommand());
        Add(new ModelsDownloadCommand());
        Add(new ModelsVerifyCommand());
        Add(new ModelsRemoveCommand());
    }
}

/// <summary>A command for one model of the hub.</summary>
abstract class ModelIdCommand : DocumentedCommand
{
    readonly Argument<string> _id;

    protected ModelIdCommand(string name, string description, string id, params IReadOnlyList<string> examples)
        : base(name, description, examples)
    {
        Add(_id = new("id") { Description = id });
        this.Does((parsed, stop) => Run(parsed.GetRequiredValue(_id), parsed, stop));
    }

    protected abstract int Run(string id, ParseResult parsed, CancellationToken stop);
}

/// <summary>A line of the list, for --json. What is not in the cache has no revision, no commit and no folder.</summary>
sealed record ListedModel(string Id, string? Revision, string? Commit, string? Folder, long Bytes, bool Complete,
    IReadOnlyList<string> Missing);

/// <summary>The list for --json; docs/json.md describes it.</summary>
sealed record ListedModels(string Cache, IReadOnlyList<ListedModel> Models);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ListedModels))]
sealed partial class ModelsJson : JsonSerializerContext;

sealed class ModelsListCommand : DocumentedCommand
{
    readonly Option<bool> _json = new("--json") { Description = "Write JSON instead of a table." };

    public ModelsListCommand() : base("list", "Lists the Qwen3-TTS models in the cache, and the released ones that are not there.",
        "qwen3tts models list", "qwen3tts models list --json")
    {
        Add(_json);
        this.Does(Run);
    }

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var options = HubOptions.FromEnvironment();
        var cached = ModelHub.List(options);
        IReadOnlyList<ListedModel> all =
        [
            .. cached.Select(m => new ListedModel(m.Id, m.Revision, m.Commit, m.Folder, m.Bytes, m.IsComplete, m.Missing)),
            .. ReleasedModels.All.Where(r => cached.All(m => m.Id != r.Id))
                .Select(r => new ListedModel(r.Id, null, null, null, r.Bytes, false, [])),
        ];
        if (parsed.GetValue(_json))
        {
            Console.WriteLine(JsonSerializer.Serialize(new(options.Cache, all), ModelsJson.Default.ListedModels));
            return CommandRun.Done;
        }
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = 160; // files and pipes have no width; the default of 80 columns would break the table
        var table = new Table().Border(TableBorder.Simple).AddColumns("model", "revision", "size", "state");
        table.Columns[2].RightAligned();
        foreach (var model in all)
            table.AddRow(new Cell(model.Id), new Cell(Revision(model)),
                new Cell($"{(model.Commit is null ? "about " : "")}{HubFile.Words(model.Bytes)}"), new Cell(State(model)));
        AnsiConsole.Write(table);
        Console.WriteLine($"The cache is {options.Cache}. Download one: qwen3tts models download {ReleasedModels.All[0].Id}");
        return CommandRun.Done;
    }

    static string Revision(ListedModel model) => model.Commit is not { } commit ? ""
        : model.Revision == commit ? commit[..12] : $"{model.Revision} ({commit[..12]})";

    static string State(ListedModel model) => model.Commit is null ? "not downloaded"
        : model.Complete ? "complete" : $"incomplete: {string.Join(", ", model.Missing)} missing";
}

sealed class ModelsDownloadCommand : ModelIdCommand
{
    readonly Option<string?> _revision = new("--revision")
    {
        Description = "A branch, a tag or the hash of a commit. Default: main.",
        HelpName = "R",
    };

    public ModelsDownloadCommand() : base("download",
        "Downloads a model, or what is missing of it. After Ctrl-C or a lost connection, the same command continues.",
        "Id of the model: owner/name, or owner/name@revision.",
        "qwen3tts models download Qwen/Qwen3-TTS-12Hz-0.6B-Base",
        "qwen3tts models download Qwen/Qwen3-TTS-12Hz-1.7B-CustomVoice --revision main")
    {
        GoesOn = true;
        Add(_revision);
    }

    protected override int Run(string id, ParseResult parsed, CancellationToken stop)
    {
        if (parsed.GetValue(_revision) is { } revision)
            id = id.Contains('@', StringComparison.Ordinal)
                ? throw new ArgumentException($"'{id}' names a revision, and --revision was given too. Give one of them.")
                : $"{id}@{revision}";
        var model = StatusLine.While($"downloading {id}", show =>
            ModelHub.DownloadAsync(id, null, new Told(id, show), stop).GetAwaiter().GetResult());
        Console.WriteLine($"{model.Folder}: {model.Id}, {HubFile.Words(model.Bytes)}, commit {model.Commit}. Speak with it: "
            + $"qwen3tts say \"Good morning.\" --model {HubId.Parse(id)} -o out.wav");
        return CommandRun.Done;
    }

    /// <summary>Shows the progress at once, on the thread that downloads.</summary>
    sealed class Told(string id, Action<string> show) : IProgress<HubProgress>
    {
        public void Report(HubProgress value)
        {
            var share = value.Total == 0 ? "" : $": {HubFile.Words(value.Bytes)} of {HubFile.Words(value.Total)}";
            show($"downloading {id}{share} {value.Note ?? value.File}");
            if (value.Note is { } note && Console.IsErrorRedirected)
                Console.Error.WriteLine(note); // a log has no status line, and should say why nothing happens
        }
    }
}

sealed class ModelsVerifyCommand : ModelIdCommand
{
    public ModelsVerifyCommand() : base("verify",
        "Reads every file of a model in the cache and compares it with its hash. The exit code is 1 if a file is damaged or missing.",
        "Id of a model in the cache: owner/name, or owner/name@revision.",
        "qwen3tts models verify Qwen/Qwen3-TTS-12Hz-0.6B-Base")
    {
    }

    protected override int Run(string id, ParseResult parsed, CancellationToken stop)
    {
        var checks = StatusLine.While($"reading {id}", show =>
        {
            var done = new List<HubFileCheck>();
            foreach (var check in ModelHub.Verify(id, null, stop))
            {
                done.Add(check);
                show($"reading {id}: {check.File}");
            }
            return done;
        });
        var wrong = checks.Where(c => c.Problem is not null).ToList();
        foreach (var check in wrong)
            Console.WriteLine($"{check.File} {check.Problem}");
        Console.WriteLine(wrong.Count == 0
            ? $"{id}: {checks.Count} files with {HubFile.Words(checks.Sum(c => c.Bytes))} are what the hub listed."
            : $"{id}: {wrong.Count} of {checks.Count} files are not what the hub listed. Remove the model and download it again: "
                + $"qwen3tts models remove {HubId.Parse(id).Model}");
        return wrong.Count == 0 ? CommandRun.Done : CommandRun.UsersMistake;
    }
}

sealed class ModelsRemoveCommand : ModelIdCommand
{
    public ModelsRemoveCommand() : base("remove",
        "Removes all revisions of a model from the cache, at once and for all programs that use the cache.",
        "Id of a model in the cache: owner/name.",
        "qwen3tts models remove Qwen/Qwen3-TTS-12Hz-0.6B-Base")
    {
    }

    protected override int Run(string id, ParseResult parsed, CancellationToken stop)
    {
        Console.WriteLine($"{id} is removed from the cache; {HubFile.Words(ModelHub.Remove(id))} are free now.");
        return CommandRun.Done;
    }
}
