// What every request passes: its host, its origin and its key are checked, its error becomes JSON, and a line about it goes to the log. The
// line has no text, no name of a voice and no message, because messages quote them.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Qwen3Tts.Files;
using Qwen3Tts.Server.Studio;

namespace Qwen3Tts.Server;

static class Guard
{
    public static async Task RunAsync(HttpContext http, ServerState state, RequestDelegate next)
    {
        var (began, left) = (Stopwatch.GetTimestamp(), false);
        http.Response.Headers.XContentTypeOptions = "nosniff";
        try
        {
            Check(http, state.Options);
            await next(http).ConfigureAwait(false);
            if (!http.Response.HasStarted && http.Response is { StatusCode: (404 or 405 or 415) and var status, ContentLength: null })
                throw new ApiError(status, status == 415 ? "The body is of another kind. Send application/json for speech, and "
                    + "multipart/form-data for voices." : $"There is no {Printable.Text(http.Request.Method)} "
                    + $"{Printable.Text(http.Request.Path)} here. docs/serve.md lists what there is.");
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            left = true;
        }
        catch (Exception e) when (http.Response.HasStarted)
        {
            if (ApiError.OfLibrary(e) is null && e is not OperationCanceledException)
                Fault(state, e);
            http.Abort(); // the client sees that the audio is not complete
        }
        catch (OperationCanceledException) // the client is there, so it is the deadline
        {
            await ApiError.TooLate(state.Options.Deadline).WriteAsync(http.Response).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await (ApiError.OfLibrary(e) ?? Fault(state, e)).WriteAsync(http.Response).ConfigureAwait(false);
        }
        finally
        {
            Note(http, state, left ? StatusCodes.Status499ClientClosedRequest : http.Response.StatusCode, Stopwatch.GetElapsedTime(began));
        }
    }

    static void Note(HttpContext http, ServerState state, int status, TimeSpan took)
    {
        var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(none)";
        state.Metrics.Request(route, status, took);
        state.Options.Log?.Invoke(string.Create(CultureInfo.InvariantCulture,
            $"{DateTime.UtcNow:HH:mm:ss} {Printable.Text(http.Request.Method)} {route} {status} {took.TotalSeconds:0.00} s"));
    }

    /// <summary>A fault of the server: its kind and place go to the log.</summary>
    public static ApiError Fault(ServerState state, Exception e)
    {
        state.Options.Log?.Invoke($"fault: {e.GetType().Name}{string.Join(" <", (e.StackTrace ?? "").Split('\n').Take(4)
            .Select(l => l.Trim().Replace("at ", " ", StringComparison.Ordinal)))}");
        return new(StatusCodes.Status500InternalServerError, "The server has a fault. Its log has more; send the request again.");
    }

    static void Check(HttpContext http, SpeechServerOptions options)
    {
        var request = http.Request;
        if (!IsOwnHost(request.Host, options))
            throw new ApiError(StatusCodes.Status421MisdirectedRequest, $"This server is not '{Printable.Text(request.Host.Value ?? "")}'. "
                + "Name it as it is, or start it with --public-host.");
        // A page of another site may send requests, and a browser says so.
        if (request.Headers.Origin is { Count: > 0 } origin
            && !(Uri.TryCreate(origin.ToString(), UriKind.Absolute, out var from)
                && from.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase)))
            throw new ApiError(StatusCodes.Status403Forbidden, "Pages of other sites may not use this server. Send the request from a "
                + "program, or from a page of this server.");
        if (options.Keys.Count == 0 || request.Path == "/healthz" || options.Studio is not null && StudioPage.Is(request.Path))
            return;
        const string Scheme = "Bearer ";
        var given = request.Headers.Authorization.ToString();
        http.Items["key"] = given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && ApiKey.Find(options.Keys, given[Scheme.Length..].Trim()) is { } key ? key.Name
            : throw new ApiError(StatusCodes.Status401Unauthorized, "The request has no valid key. Send it as Authorization: Bearer KEY.",
                null, "invalid_api_key");
    }

    /// <summary>On a loopback address, a page could reach the server under a name of its own site, which it lets point here.</summary>
    static bool IsOwnHost(HostString host, SpeechServerOptions options) =>
        host.HasValue && (!IPAddress.IsLoopback(options.Address) && options.PublicHosts.Count == 0
            || host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || IPAddress.TryParse(host.Host.Trim('[', ']'), out var address) && (IPAddress.IsLoopback(address)
                || address.Equals(options.Address))
            || options.PublicHosts.Contains(host.Host, StringComparer.OrdinalIgnoreCase));
}
