// The page itself: files in this assembly, sent as they are. It loads nothing from another host, and has no script or style in its HTML, so
// the policy forbids both. It is the same for everybody, so it needs no key; what it asks the server for does.
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Qwen3Tts.Server.Studio;

static class StudioPage
{
    const string Folder = "/studio/", Resources = "studio/", Index = "index.html";

    const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; media-src blob:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    sealed record PageFile(string Type, byte[] Bytes, string Tag);

    static readonly Dictionary<string, PageFile> Files = typeof(StudioPage).Assembly.GetManifestResourceNames()
        .Where(n => n.StartsWith(Resources, StringComparison.Ordinal))
        .ToDictionary(n => n[Resources.Length..], Read, StringComparer.Ordinal);

    /// <summary>The request is for the page, and not for what it shows.</summary>
    public static bool Is(PathString path) => path == "/"
        || path.Value is { } text && text.StartsWith(Folder, StringComparison.Ordinal) && Files.ContainsKey(text[Folder.Length..]);

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/", http => SendAsync(http, Files[Index])).ExcludeFromDescription();
        foreach (var (name, file) in Files)
            app.MapGet(Folder + name, http => SendAsync(http, file)).ExcludeFromDescription();
    }

    static Task SendAsync(HttpContext http, PageFile file)
    {
        var (headers, response) = (http.Response.Headers, http.Response);
        headers.ContentSecurityPolicy = Policy;
        headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-cache"; // a new version of the server has a new page
        headers.ETag = file.Tag;
        if (http.Request.Headers.IfNoneMatch == file.Tag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        (response.ContentType, response.ContentLength) = (file.Type, file.Bytes.Length);
        return response.Body.WriteAsync(file.Bytes, http.RequestAborted).AsTask();
    }

    static PageFile Read(string name)
    {
        using var stream = typeof(StudioPage).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new(Path.GetExtension(name) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".svg" => "image/svg+xml",
            var other => throw new InvalidDataException($"'{name}' is of a kind '{other}' that the page has no media type for. Add one."),
        }, bytes, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"");
    }
}
