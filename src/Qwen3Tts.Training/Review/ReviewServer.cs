// Serves the review page on this machine alone. HttpListener is part of .NET itself: with ASP.NET Core, the whole trainer would need one
// more shared framework to start. The page's address has a random token, so other users and other pages cannot guess it; requests that a
// page of another site makes are refused by Host and Origin.
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Qwen3Tts.Audio;
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;

namespace Qwen3Tts.Training.Review;

sealed class ReviewServer : IDisposable
{
    const int MostBytes = 1 << 20; // of a request
    static readonly byte[] Page = ReadPage();

    readonly HttpListener _listener;
    readonly ReviewSession _session;
    readonly string _token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    readonly string _host;
    readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins to listen on a free port.</summary>
    /// <exception cref="IOException">No port can be opened.</exception>
    public ReviewServer(ReviewSession session)
    {
        _session = session;
        for (var tries = 0; ; tries++)
        {
            _host = $"127.0.0.1:{FreePort()}";
            _listener = new();
            _listener.Prefixes.Add($"http://{_host}/");
            try
            {
                _listener.Start();
                return;
            }
            catch (HttpListenerException e) when (tries >= 4)
            {
                throw new IOException($"No port can be opened on 127.0.0.1: {e.Message} Allow programs to listen there.", e);
            }
            catch (HttpListenerException)
            {
                _listener.Close(); // another program was faster
            }
        }
    }

    /// <summary>Address of the page.</summary>
    public Uri Address => new($"http://{_host}/{_token}/");

    /// <summary>Answers requests until the page's button ends it, or the token.</summary>
    public void Run(CancellationToken stop)
    {
        using var ended = stop.Register(() => _finished.TrySetResult());
        _ = Accept();
        _finished.Task.Wait(CancellationToken.None);
    }

    async Task Accept()
    {
        while (_listener.IsListening)
            try
            {
                var context = await _listener.GetContextAsync().ConfigureAwait(false);
                _ = Task.Run(() => Answer(context));
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return; // closed
            }
    }

    void Answer(HttpListenerContext context)
    {
        try
        {
            var (status, type, body) = Respond(context.Request);
            var response = context.Response;
            response.StatusCode = status;
            response.ContentType = type;
            foreach (var (name, value) in Headers)
                response.Headers[name] = value;
            response.ContentLength64 = body.Length;
            if (context.Request.HttpMethod != "HEAD")
                response.OutputStream.Write(body);
            response.Close();
            if (status == 200 && context.Request.Url!.AbsolutePath == $"/{_token}/finish")
                _finished.TrySetResult();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            context.Response.Abort(); // the browser went away
        }
    }

    /// <summary>The page may load nothing from elsewhere, be shown in no frame, and leave no trace in caches.</summary>
    static readonly (string, string)[] Headers =
    [
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; " +
            "media-src blob:; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
        ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    ];

    (int Status, string Type, byte[] Body) Respond(HttpListenerRequest request)
    {
        try
        {
            if (request.Headers["Host"] != _host || request.Headers["Origin"] is { } origin && origin != $"http://{_host}")
                return Error(403, "This request does not come from the review page. Open the address that the command printed.");
            var path = request.Url!.AbsolutePath;
            if (!path.StartsWith($"/{_token}/", StringComparison.Ordinal))
                return Error(404, "There is nothing here. Open the address that the command printed.");
            return (request.HttpMethod, path[(_token.Length + 2)..].Split('/')) switch
            {
                ("GET" or "HEAD", [""]) => (200, "text/html; charset=utf-8", Page),
                ("GET", ["clips"]) => List(_session.List()),
                ("GET", ["sound", var n]) when int.TryParse(n, out var index) => (200, "audio/wav", Sound(index)),
                ("POST", ["change"]) => List(_session.Change(ReadChange(Body(request)))),
                ("POST", ["finish"]) => (200, "text/plain", []),
                _ => Error(404, "There is nothing here. Open the address that the command printed."),
            };
        }
        catch (Exception e) when (CommandRun.IsUsersMistake(e))
        {
            return Error(e is IOException ? 409 : 400, e.Message);
        }
    }

    /// <summary>Reads the body of a request to change a clip.</summary>
    /// <exception cref="InvalidDataException">It is not such a request.</exception>
    public static ReviewChange ReadChange(ReadOnlySpan<byte> utf8) =>
        JsonFile.Parse(utf8, "request", ReviewJson.Default.ReviewChange, "Load the page again.");

    byte[] Sound(int index)
    {
        using var file = new MemoryStream();
        WavFile.Write(file, _session.Sound(index));
        return file.ToArray();
    }

    static byte[] Body(HttpListenerRequest request)
    {
        if (request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) != true)
            throw new InvalidDataException("The request is not JSON. Load the page again.");
        using var body = new MemoryStream();
        var buffer = new byte[8192];
        for (int read; (read = request.InputStream.Read(buffer)) > 0; body.Write(buffer, 0, read))
            if (body.Length > MostBytes)
                throw new InvalidDataException("The request is longer than 1 MB. Shorten the text.");
        return body.ToArray();
    }

    static (int, string, byte[]) List(ReviewList list) =>
        (200, "application/json", JsonSerializer.SerializeToUtf8Bytes(list, ReviewJson.Default.ReviewList));

    static (int, string, byte[]) Error(int status, string message) =>
        (status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(message));

    static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    static byte[] ReadPage()
    {
        using var stream = typeof(ReviewServer).Assembly.GetManifestResourceStream("Review.html")!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    public void Dispose() => _listener.Close();
}
