// The requests to the hub. Redirections are followed here and not by HttpClient, because the token must not leave the hub's own address,
// and because the hub names the hash of a file in the headers of the redirection.
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Qwen3Tts.Files;

namespace Qwen3Tts.Hub;

/// <summary>A problem that may pass: the request is worth repeating. The user sees its message if it does not pass.</summary>
sealed class HubTrouble(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? Wait { get; init; }
}

/// <summary>The bytes of a file, from a position on.</summary>
/// <param name="Answer">The answer, which ends the connection when it is disposed.</param>
/// <param name="Begin">Position of the first byte: that which was asked for, or 0 if the server sends the whole file.</param>
/// <param name="Tag">The server's name of this version of the file.</param>
/// <param name="IsOther">True if the hub now names another hash than in its list.</param>
sealed record HubContent(HttpResponseMessage Answer, long Begin, EntityTagHeaderValue? Tag, bool IsOther) : IDisposable
{
    public void Dispose() => Answer.Dispose();
}

/// <summary>Asks the hub for lists and files.</summary>
sealed class HubClient : IDisposable
{
    const int MostRedirections = 10;
    const int LongestList = 16 << 20;

    readonly HubOptions _options;
    readonly HttpClient _http;
    readonly Uri _home;

    public HubClient(HubOptions options)
    {
        _options = options;
        if (!Uri.TryCreate(options.Endpoint, UriKind.Absolute, out var home) || !IsWeb(home))
            throw new ArgumentException($"The hub's address is '{Printable.Text(options.Endpoint)}'. Set HF_ENDPOINT to an address that " +
                $"begins with https://, or leave it unset.");
        _home = home;
        _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = options.Patience })
        {
            Timeout = Timeout.InfiniteTimeSpan, // each step has its own limit
        };
    }

    /// <summary>The needed files of the model at its revision.</summary>
    public async Task<HubListing> List(HubId id, CancellationToken stop)
    {
        var place = $"{_options.Endpoint}/api/models/{id.Model}/revision/{Uri.EscapeDataString(id.Revision)}?blobs=true";
        var (answer, _) = await Send(new(place), null, stop);
        using (answer)
        {
            if (answer.StatusCode != HttpStatusCode.OK)
                throw Refusal(answer, id, $"the list of {id}");
            using var body = new MemoryStream();
            var buffer = new byte[1 << 16];
            while (await Read(answer, buffer, stop) is > 0 and var count)
                body.Write(buffer, 0, body.Length + count <= LongestList ? count
                    : throw new InvalidDataException($"{place}: the answer is too long for a list of files. Check HF_ENDPOINT."));
            return HubListing.From(JsonFile.Parse(body.ToArray(), place, HubJson.Default.ModelAnswer,
                "Check that HF_ENDPOINT is the address of a Hugging Face hub."), id, place);
        }
    }

    /// <summary>Opens a file at a position, for <see cref="Read"/>.</summary>
    /// <param name="id">The model.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="file">The file as it is listed.</param>
    /// <param name="begin">Number of bytes that are there already.</param>
    /// <param name="tag">The version that these bytes are of, if it is known.</param>
    /// <param name="stop">Cancels the request.</param>
    public async Task<HubContent> Open(HubId id, string commit, HubFile file, long begin, EntityTagHeaderValue? tag, CancellationToken stop)
    {
        var name = string.Join('/', file.Name.Split('/').Select(Uri.EscapeDataString));
        var (answer, hash) = await Send(new($"{_options.Endpoint}/{id.Model}/resolve/{commit}/{name}"), request =>
        {
            if (begin == 0)
                return;
            request.Headers.Range = new(begin, null);
            if (tag is { IsWeak: false })
                request.Headers.IfRange = new(tag);
        }, stop);
        try
        {
            var isOther = hash is not null && HubId.IsHash(hash) && hash != file.Hash;
            if (begin > 0 && answer.StatusCode == HttpStatusCode.PartialContent)
            {
                var range = answer.Content.Headers.ContentRange;
                var fits = range?.From == begin && (range.Length ?? file.Size) == file.Size
                    && (tag is null || answer.Headers.ETag is not { } now || tag.Equals(now));
                return new(answer, fits ? begin : -1, answer.Headers.ETag, isOther);
            }
            if (begin > 0 && answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                return new(answer, -1, null, isOther);
            if (answer.StatusCode != HttpStatusCode.OK)
                throw Refusal(answer, id, $"{file.Name} of {id}");
            return new(answer, 0, answer.Headers.ETag, isOther);
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>Reads bytes of an answer; 0 at its end.</summary>
    /// <exception cref="HubTrouble">The connection was lost.</exception>
    public Task<int> Read(HttpResponseMessage answer, Memory<byte> buffer, CancellationToken stop) =>
        Within(async limit => await (await answer.Content.ReadAsStreamAsync(limit)).ReadAsync(buffer, limit), stop);

    public void Dispose() => _http.Dispose();

    /// <summary>Sends a request and follows redirections: the last answer, and the hash that the hub itself gave.</summary>
    async Task<(HttpResponseMessage Answer, string? Hash)> Send(Uri address, Action<HttpRequestMessage>? add, CancellationToken stop)
    {
        var (isHome, hash) = (true, (string?)null);
        for (var i = 0; i <= MostRedirections; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.UserAgent.Add(new("qwen3tts", null));
            request.Headers.AcceptEncoding.Add(new("identity")); // otherwise lengths and positions would be those of packed bytes
            isHome = isHome && IsHome(address); // a server elsewhere may redirect back, and is not trusted either
            if (isHome && _options.Token is { } token)
                request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            add?.Invoke(request);
            var answer = await Within(limit => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit), stop);
            if (isHome)
                hash ??= HashIn(answer);
            if ((int)answer.StatusCode is not (301 or 302 or 303 or 307 or 308) || answer.Headers.Location is not { } next)
                return (answer, hash);
            answer.Dispose();
            var to = new Uri(address, next);
            if (!IsWeb(to) || address.Scheme == Uri.UriSchemeHttps && to.Scheme != Uri.UriSchemeHttps)
                throw new InvalidDataException(
                    $"{address.Host} redirects to '{Printable.Text(to.GetLeftPart(UriPartial.Authority))}', which is not a secure " +
                    $"address. Check HF_ENDPOINT and the proxy.");
            address = to;
        }
        throw new InvalidDataException($"{address.Host} redirects in a circle. Check HF_ENDPOINT and the proxy.");
    }

    bool IsHome(Uri address) =>
        Uri.Compare(address, _home, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    static bool IsWeb(Uri address) => address.Scheme is "https" or "http";

    static string? HashIn(HttpResponseMessage answer) =>
        (answer.Headers.TryGetValues("X-Linked-Etag", out var linked) ? linked.First() : answer.Headers.ETag?.Tag)?.Replace("W/", "",
            StringComparison.Ordinal).Trim('"');

    /// <summary>Does a step of a request, with a limit of time; loss of the connection becomes trouble that may pass.</summary>
    async Task<T> Within<T>(Func<CancellationToken, Task<T>> step, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(_options.Patience);
        try
        {
            return await step(limit.Token);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new HubTrouble($"{_home.Host} did not answer for {_options.Patience.TotalSeconds:0} seconds.", e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw new IOException($"{_home.Host} cannot be trusted: {(e.InnerException ?? e).Message} Check the clock and the proxy.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new HubTrouble($"The connection to {_home.Host} was lost: {(e.InnerException ?? e).Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>The error for an answer without the requested content.</summary>
    Exception Refusal(HttpResponseMessage answer, HubId id, string what)
    {
        var (status, code) = ((int)answer.StatusCode, answer.Headers.TryGetValues("X-Error-Code", out var codes) ? codes.First() : "");
        if (status is 408 or 429 or >= 500)
            return new HubTrouble(string.Create(CultureInfo.InvariantCulture,
                $"{_home.Host} answered {status} to the request for {what}{(status == 429 ? ": there were too many requests" : "")}."))
            {
                Wait = answer.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - DateTimeOffset.UtcNow : null,
            };
        if (code == "GatedRepo" || status is 403)
            return new UnauthorizedAccessException($"The hub does not give {id} to you ({status}). Accept the model's conditions at " +
                $"{_options.Endpoint}/{id.Model}, and set HF_TOKEN to a token of that account.");
        if (code == "RevisionNotFound")
            return new FileNotFoundException($"{id.Model} has no revision '{id.Revision}'. Give one of its branches, tags or commits.");
        if (status is 401)
            return new UnauthorizedAccessException($"The hub does not give {id} to you (401): {(_options.Token is null ? "no token is set"
                : "it does not accept the token")}, or there is no such model. Check the id, and set HF_TOKEN if the model is private " +
                $"or gated.");
        if (status is 404)
            return new FileNotFoundException(
                $"{_home.Host} has no such model, revision or file: {what} (404). Check the id; 'qwen3tts models list' shows the " +
                $"released ones.");
        return new IOException($"{_home.Host} answered {status} to the request for {what}. Check HF_ENDPOINT and the proxy.");
    }
}
