// The server: configure, map, run. Nothing is read from files or variables of the environment but what the options name.
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Qwen3Tts.Server.Studio;
using Scalar.AspNetCore;

namespace Qwen3Tts.Server;

/// <summary>Serves models over HTTP, as OpenAI serves speech. docs/serve.md describes the requests.</summary>
public sealed class SpeechServer : IAsyncDisposable
{
    const int MostConnections = 512;
    const string ApiPage = "Qwen3Tts.Server.ApiPage";

    readonly WebApplication _app;
    readonly ServerState _state;

    SpeechServer(WebApplication app, ServerState state) => (_app, _state) = (app, state);

    /// <summary>Starts a server.</summary>
    /// <param name="options">What it serves.</param>
    /// <exception cref="ArgumentException">An option is out of range, or the address is reachable from other machines and there is no
    /// key.</exception>
    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<SpeechServer> StartAsync(SpeechServerOptions options)
    {
        Check(options);
        var models = new ServedModels(options.Models.Select(m => new ServedModel(m.Name, m.Model, IsTrained: false)));
        ServerState? state = null;
        try
        {
            foreach (var trained in TrainedModels.Load(options))
                models.Add(trained);
            state = new(options, models);
            state.Metrics.Watch(state.Queue);
            return new(await ListenAsync(options, state).ConfigureAwait(false), state);
        }
        catch
        {
            (state ?? (IDisposable)models).Dispose();
            throw;
        }
    }

    static async Task<WebApplication> ListenAsync(SpeechServerOptions options, ServerState state)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestBodySize = 64 << 10; // routes that take more say so
            kestrel.Listen(options.Address, options.Port);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(state);
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopWithin);
        builder.Services.Configure<JsonOptions>(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ServerJson.Default);
            json.SerializerOptions.PropertyNamingPolicy = ServerJson.Default.Options.PropertyNamingPolicy;
        });
        builder.Services.AddOpenApi(Describe);
        var app = builder.Build();
        Map(app, state);
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        return app;
    }

    static void Describe(OpenApiOptions document) => document.AddDocumentTransformer((about, _, _) =>
    {
        about.Info.Title = "Qwen3-TTS";
        return Task.CompletedTask;
    }).AddSchemaTransformer((schema, of, _) =>
    {
        if (of.JsonTypeInfo.Type == typeof(byte[])) // a file of a form, and no base64
            schema.Format = "binary";
        return Task.CompletedTask;
    });

    /// <summary>A program that is compiled ahead of time may leave the page of the API out, which has 2 MB.</summary>
    [FeatureSwitchDefinition(ApiPage)]
    static bool HasApiPage => !AppContext.TryGetSwitch(ApiPage, out var has) || has;

    static void Map(WebApplication app, ServerState state)
    {
        app.Use((http, next) => Guard.RunAsync(http, state, next));
        app.UseWebSockets(new() { KeepAliveInterval = TimeSpan.FromSeconds(30) });
        SpeechApi.Map(app);
        VoicesApi.Map(app);
        ScoreApi.Map(app);
        app.MapGet("/healthz", Health).WithName("health").WithSummary("Answers ok while the server serves.");
        app.MapGet("/metrics", Numbers).WithName("metrics").WithSummary("Numbers for Prometheus.");
        app.MapOpenApi();
        if (state.Options.Studio is not null)
        {
            StudioPage.Map(app);
            StudioApi.Map(app);
        }
        if (HasApiPage && state.Options.Development)
            app.MapScalarApiReference();
    }

    static Task Health(HttpContext http, IHostApplicationLifetime life)
    {
        if (life.ApplicationStopping.IsCancellationRequested)
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return http.Response.WriteAsync(life.ApplicationStopping.IsCancellationRequested ? "stopping\n" : "ok\n");
    }

    static Task Numbers(HttpContext http, ServerState state)
    {
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return http.Response.WriteAsync(state.Metrics.Write());
    }

    static void Check(SpeechServerOptions options)
    {
        if (options.Models.Count == 0)
            throw new ArgumentException("There is no model to serve. Name one or more.");
        if (options.Models.GroupBy(m => m.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"Two models are called '{twice.Key}'. Give each a name of its own: NAME=DIR.");
        if (options.Studio?.Checkpoints.GroupBy(c => c.Name).FirstOrDefault(g => g.Count() > 1) is { } same)
            throw new ArgumentException($"Two checkpoints are called '{same.Key}'. Give each a name of its own: --examine NAME=DIR.");
        if (options.MostTogether is < 1 or > 32)
            throw new ArgumentException($"{options.MostTogether} speeches are to be made at the same time. Choose 1 to 32.");
        if (options.MostWaiting < 0)
            throw new ArgumentException($"{options.MostWaiting} requests are to wait. Choose 0 or more.");
        if (options.Development && !HasApiPage)
            throw new ArgumentException("This program was built without the page of the API. Leave --development out, and read "
                + "/openapi/v1.json, or take the program that runs on .NET.");
        options.CheckAddress();
    }

    /// <summary>Address and port that it listens on.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!
        .Addresses.First());

    /// <summary>The names of all voices that requests may give.</summary>
    public IReadOnlyList<string> Voices => [.. _state.Models.All.SelectMany(m => _state.Voices.Names(m.Model)).Distinct()];

    /// <summary>Takes no more requests, waits for speeches that go on, and ends those that take longer than the options allow.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        _state.Dispose();
    }

    /// <summary>The program that hosts the server handles signals.</summary>
    sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
