// qwen3tts serve: serves models over HTTP until Ctrl-C.
using System.CommandLine;
using System.Net;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Hub;
using Qwen3Tts.Server;

namespace Qwen3Tts.Cli;

sealed class ServeCommand : DocumentedCommand
{
    const string Localhost = "localhost";

    readonly Argument<string[]> _models = new("model")
    {
        Description = "Folder of a model, or its id on the hub; several serve under their names, or as NAME=MODEL. The first one serves "
            + "requests that name none. Default: the miniature in this program.",
        Arity = ArgumentArity.ZeroOrMore,
    };
    readonly Option<string?> _voices = new("--voices")
    {
        Description = "Folder of voice files and of adapters (LoRA); uploaded voices are kept there. Without it, none are kept.",
        HelpName = "DIR",
    };
    readonly Option<string> _host = new("--host")
    {
        Description = "Address to listen on. Any but one of this machine alone needs --api-key-file.",
        HelpName = "ADDRESS",
        DefaultValueFactory = _ => "127.0.0.1",
    };
    readonly Option<int> _port = Number("--port", new(0, 65535), "Port; 0 takes a free one.", 8080);
    readonly Option<string?> _keys = new("--api-key-file")
    {
        Description = "File with a key on each line, or sha256: and its hash. Requests need one: Authorization: Bearer KEY.",
        HelpName = "FILE",
    };
    readonly Option<string[]> _publicHosts = new("--public-host")
    {
        Description = "Name under which a proxy in front is reached. Can be given several times.",
        HelpName = "NAME",
    };
    readonly Option<int> _together = Number("--max-together", new(1, 32), "The most speeches that are made at the same time.", 8);
    readonly Option<int> _queue = Number("--max-queue", new(0, 100_000), "The most requests that wait; further ones get 429.", 16);
    readonly Option<int> _text = Number("--max-text", new(1, 1_000_000), "The most characters of a text.", 4096);
    readonly Option<int> _upload = Number("--max-upload-mb", new(1, 1000), "The most megabytes of a recording.", 10);
    readonly Option<int> _seconds = Number("--max-seconds", new(1, 86400), "The most seconds of a speech.", 600);
    readonly Option<int> _deadline = Number("--timeout", new(1, 86400), "The most seconds that a request takes, with its wait.", 600);
    readonly Option<bool> _noProvenance = new("--no-provenance")
    {
        Description = "Do not write into WAV, FLAC and Opus that the speech is synthetic, with model, voice, seed and time.",
    };
    readonly Option<string?> _studio = new("--studio")
    {
        Description = "Folder for recordings and training runs of the page at /. Without it, the page trains nothing.",
        HelpName = "DIR",
    };
    readonly Option<string[]> _examine = new("--examine")
    {
        Description = "Folder of a checkpoint that the page may examine, as NAME=DIR. Can be given several times. Served models can always "
            + "be.",
        HelpName = "NAME=DIR",
    };
    readonly Option<bool> _noStudio = new("--no-studio") { Description = "Serve no page at /." };
    readonly Option<string?> _grammar = new("--grammar")
    {
        Description = "JSGF grammar of all sentences that speech for /score may say, for pocketsphinx. Without it, whisper.cpp hears, if "
            + "it is installed.",
        HelpName = "FILE",
    };
    readonly Option<string[]> _dictionaries = new("--dictionary")
    {
        Description = "Dictionary with the pronunciations that pocketsphinx lacks.",
        HelpName = "FILE",
    };
    readonly Option<bool> _development = new("--development") { Description = "Show the page of the API at /scalar." };
    readonly Option<string> _precision = PrecisionOption.Create();
    readonly Option<bool> _map = PrecisionOption.Map();
    readonly Option<int?> _threads = CommonOptions.Threads();

    public ServeCommand() : base("serve", "Serves models over HTTP, as OpenAI serves speech (docs/serve.md).",
        "qwen3tts serve models/mini",
        "qwen3tts serve Qwen/Qwen3-TTS-12Hz-1.7B-Base clear=runs/nora/export --voices voices --precision int8",
        "qwen3tts serve models/mini --host 0.0.0.0 --api-key-file keys.txt")
    {
        Add(_models);
        AddGroup("Model", _voices, _precision, _map, _threads);
        AddGroup("Network", _host, _port, _keys, _publicHosts);
        AddGroup("Limits", _together, _queue, _text, _upload, _seconds, _deadline);
        AddGroup("Page", _studio, _examine, _noStudio);
        AddGroup("Answers", _noProvenance, _development);
        AddGroup("Scores", _grammar, _dictionaries);
        this.Does(Run);
    }

    static NumberOption<int> Number(string name, NumberRange range, string what, int usual) => new(name, range)
    {
        Description = what,
        DefaultValueFactory = _ => usual,
    };

    int Run(ParseResult parsed, CancellationToken stop)
    {
        var options = ServerOptions(parsed);
        options.CheckAddress();
        var (models, checkpoints) = (new List<(string Name, Tts Model)>(), Examined(parsed.GetValue(_examine) ?? []).ToList());
        Tts Load(string place) => Tts.LoadAsync(place, new()
        {
            Threads = parsed.GetValue(_threads),
            Precision = PrecisionOption.Precision(parsed.GetValue(_precision)!),
            KeepConverted = true,
            MapWeights = parsed.GetValue(_map),
        }, null, stop).GetAwaiter().GetResult();
        try
        {
            foreach (var (given, place) in Named(parsed.GetValue(_models) ?? []))
            {
                var name = given ?? ModelHub.NameOf(place);
                checkpoints.Insert(models.Count, new(name, place)); // the served ones come first
                models.Add((name, StatusLine.While($"loading {place}", _ => Load(place))));
            }
            var studio = options.Studio is { } page ? page with { Checkpoints = checkpoints, Load = Load } : null;
            ServeAsync(options with { Models = models, Studio = studio }, stop).GetAwaiter().GetResult();
            return CommandRun.Done;
        }
        finally
        {
            foreach (var (_, model) in models)
                model.Dispose();
        }
    }

    /// <summary>All options but the models.</summary>
    SpeechServerOptions ServerOptions(ParseResult parsed) => new()
    {
        Models = [],
        Address = Address(parsed.GetValue(_host)!),
        Port = parsed.GetValue(_port),
        Keys = parsed.GetValue(_keys) is { } file ? ApiKey.Read(TextFile.Read(file).Split('\n'), file) : [],
        PublicHosts = parsed.GetValue(_publicHosts) ?? [],
        VoicesFolder = parsed.GetValue(_voices) is { } folder ? Path.GetFullPath(folder) : null,
        MostTogether = parsed.GetValue(_together),
        MostWaiting = parsed.GetValue(_queue),
        MostCharacters = parsed.GetValue(_text),
        MostUploadBytes = parsed.GetValue(_upload) << 20,
        MostSeconds = parsed.GetValue(_seconds),
        Deadline = TimeSpan.FromSeconds(parsed.GetValue(_deadline)),
        Provenance = !parsed.GetValue(_noProvenance),
        Studio = parsed.GetValue(_noStudio) ? null : new()
        {
            Folder = parsed.GetValue(_studio) is { } studio ? Path.GetFullPath(studio) : null,
            Trainer = HandOver.InBackground(),
        },
        Development = parsed.GetValue(_development),
        Grammar = parsed.GetValue(_grammar),
        Dictionaries = parsed.GetValue(_dictionaries) ?? [],
        Log = Console.Error.WriteLine,
    };

    static async Task ServeAsync(SpeechServerOptions options, CancellationToken stop)
    {
        await using var server = await SpeechServer.StartAsync(options).ConfigureAwait(false);
        Console.Out.WriteLine($"Serving {string.Join(", ", options.Models.Select(m => m.Name))} at {server.Address}v1, voices: "
            + $"{(server.Voices.Count > 0 ? string.Join(", ", server.Voices) : "none yet")}. Ctrl-C stops.");
        await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Console.Error.WriteLine("Stopping: speeches that go on are finished.");
    }

    static IEnumerable<StudioCheckpoint> Examined(string[] given) => given.Select(g =>
        g.IndexOf('=', StringComparison.Ordinal) is > 0 and var at && Directory.Exists(g[(at + 1)..])
            ? new StudioCheckpoint(g[..at], Path.GetFullPath(g[(at + 1)..]))
            : throw new ArgumentException($"--examine is '{Printable.Text(g)}', which names no folder. Give NAME=DIR."));

    /// <summary>The folders of the models with their names; null where no name is given.</summary>
    static IEnumerable<(string? Name, string Folder)> Named(string[] given)
    {
        return given.Length == 0 ? [(null, CommonOptions.NamedModel(null) ?? Miniature.Folder)]
            : given.Select(g => g.IndexOf('=', StringComparison.Ordinal) is > 0 and var at && !Directory.Exists(g)
                ? ((string?)g[..at], ModelHub.Resolve(g[(at + 1)..])) : (null, ModelHub.Resolve(g)));
    }

    static IPAddress Address(string host) => host == Localhost ? IPAddress.Loopback
        : IPAddress.TryParse(host, out var address) ? address
        : throw new ArgumentException($"--host is '{Printable.Text(host)}', which is no address. Give one such as 127.0.0.1, or 0.0.0.0 "
            + "for all of this machine.");
}
