// A small HTTP server on a free port of this machine. It writes its answers byte by byte, so it can break off, lie about lengths and
// redirect, which a server made for serving would not do.
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Qwen3Tts.Tests;

/// <summary>A request, with its headers by lower-case name.</summary>
sealed record HubRequest(string Path, IReadOnlyDictionary<string, string> Headers)
{
    public string? Token => Headers.GetValueOrDefault("authorization");

    /// <summary>The first position that is asked for, or null.</summary>
    public long? From => Headers.TryGetValue("range", out var range) ? long.Parse(range["bytes=".Length..].TrimEnd('-')) : null;
}

/// <summary>An answer.</summary>
/// <param name="Status">The status.</param>
/// <param name="Body">The content.</param>
/// <param name="Declared">The length in the header; null for the true one, -1 for no header.</param>
/// <param name="Sent">Bytes after which the connection is closed; null for all.</param>
/// <param name="Headers">Further headers.</param>
sealed record HubReply(int Status, byte[] Body, long? Declared = null, int? Sent = null, params string[] Headers)
{
    public HubReply(int status, params string[] headers) : this(status, [], null, null, headers) { }
}

sealed class HubServer : IDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public HubServer()
    {
        _listener.Start();
        Answer = Serve;
        Begin(Accept);
    }

    public string Address => $"http://{_listener.LocalEndpoint}";
    public Dictionary<string, byte[]> Files { get; } = [];
    public string Commit { get; set; } = new('c', 40);

    /// <summary>All requests so far, in their order.</summary>
    public List<HubRequest> Requests { get; } = [];

    /// <summary>What is answered. A test may put its own answers before those of <see cref="Serve"/>.</summary>
    public Func<HubRequest, HubReply> Answer { get; set; }

    public IEnumerable<HubRequest> RequestsFor(string file)
    {
        lock (Requests)
            return [.. Requests.Where(r => r.Path.EndsWith($"/{file}", StringComparison.Ordinal))];
    }

    /// <summary>The answers of a hub that works. Names in *.safetensors are listed as large files.</summary>
    public HubReply Serve(HubRequest request)
    {
        if (request.Path.StartsWith("/api/models/", StringComparison.Ordinal))
            return new(200, Encoding.UTF8.GetBytes(Listing()));
        var name = request.Path.Split($"/resolve/{Commit}/") is [_, var after] ? Uri.UnescapeDataString(after) : "";
        if (!Files.TryGetValue(name, out var body))
            return new(404, "X-Error-Code: EntryNotFound");
        var tag = $"ETag: \"{HashOf(name, body)}\"";
        return request.From is not { } from ? new(200, body, Headers: tag)
            : from >= body.Length ? new(416)
            : new(206, body[(int)from..], null, null, tag, $"Content-Range: bytes {from}-{body.Length - 1}/{body.Length}");
    }

    public string Listing() => $$"""{"id":"x/y","sha":"{{Commit}}","private":false,"siblings":[{{string.Join(',', Files.Select(f =>
        $$"""{"rfilename":"{{f.Key.Replace("\\", "\\\\")}}","size":{{f.Value.Length}},"blobId":"{{GitHash(f.Value)}}"{{(IsLarge(f.Key)
            ? $$""","lfs":{"sha256":"{{Sha256(f.Value)}}","size":{{f.Value.Length}},"pointerSize":134}""" : "")}}}"""))}}]}""";

    public static string HashOf(string name, byte[] body) => IsLarge(name) ? Sha256(body) : GitHash(body);

    static bool IsLarge(string name) => name.EndsWith(".safetensors", StringComparison.Ordinal);

    static string Sha256(byte[] body) => Convert.ToHexStringLower(SHA256.HashData(body));

    static string GitHash(byte[] body) =>
        Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {body.Length}\0"), .. body]));

    public void Dispose()
    {
        _listener.Stop(); // also ends the wait for the next connection
    }

    /// <summary>Threads of their own, because answers wait, and must not take the threads that the download runs on.</summary>
    static void Begin(Action work) => new Thread(() => work()) { IsBackground = true, Name = "hub server" }.Start();

    void Accept()
    {
        try
        {
            while (true)
            {
                var client = _listener.AcceptTcpClient();
                Begin(() => Talk(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // the server was stopped
        }
    }

    void Talk(TcpClient client)
    {
        using (client)
            try
            {
                using var stream = client.GetStream();
                var reader = new StreamReader(stream, Encoding.Latin1);
                var path = reader.ReadLine()?.Split(' ')[1] ?? "";
                var headers = new Dictionary<string, string>();
                while (reader.ReadLine() is { Length: > 0 } line)
                    headers[line.Split(':')[0].ToLowerInvariant()] = line[(line.IndexOf(':') + 1)..].Trim();
                var request = new HubRequest(path, headers);
                lock (Requests)
                    Requests.Add(request);
                var reply = Answer(request);
                var length = reply.Declared is -1 ? "" : $"Content-Length: {reply.Declared ?? reply.Body.Length}\r\n";
                var more = string.Concat(reply.Headers.Select(h => $"{h}\r\n"));
                stream.Write(Encoding.Latin1.GetBytes($"HTTP/1.1 {reply.Status} x\r\n{length}Connection: close\r\n{more}\r\n"));
                stream.Write(reply.Body.AsSpan(0, reply.Sent ?? reply.Body.Length));
                client.Client.Shutdown(SocketShutdown.Send);
                reader.ReadToEnd(); // closing with unread bytes would reset the connection and lose what was sent
            }
            catch (IOException)
            {
                // the client went away
            }
    }
}
