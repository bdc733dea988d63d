// Errors in the shape of OpenAI's: {"error": {"message", "type", "param", "code"}}.
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Qwen3Tts.Server;

/// <summary>A request that cannot be served.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">What is wrong, and what to do.</param>
/// <param name="parameter">The field that is wrong; null if it is none.</param>
/// <param name="code">A word for programs.</param>
sealed class ApiError(int status, string message, string? parameter = null, string? code = null) : Exception(message)
{
    public int Status => status;
    public string? Parameter => parameter;

    /// <summary>Seconds after which the client should come again.</summary>
    public int? RetryAfter { get; init; }

    public ErrorDetail Detail => new(Message, status switch
    {
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    }, parameter, code);

    /// <summary>A wrong field.</summary>
    public static ApiError Of(string parameter, string message) => new(StatusCodes.Status400BadRequest, message, parameter);

    /// <summary>The library's refusal of a request: those of its exceptions that are the caller's mistake. Null for a fault.</summary>
    public static ApiError? OfLibrary(Exception e) => e switch
    {
        ApiError own => own,
        BadHttpRequestException bad => new(bad.StatusCode, $"The request cannot be read: {bad.Message}"),
        NotSupportedException or InvalidDataException => new(StatusCodes.Status400BadRequest, e.Message),
        ArgumentException when e.GetType() == typeof(ArgumentException) => new(StatusCodes.Status400BadRequest, e.Message),
        _ => null,
    };

    public static ApiError TooMany(FairQueue queue) => new(StatusCodes.Status429TooManyRequests,
        $"{queue.Waiting} requests wait already. Send the request again after the time that Retry-After names.", null, "queue_full")
    {
        RetryAfter = queue.RetryAfter,
    };

    public static ApiError Stopping() => new(StatusCodes.Status503ServiceUnavailable,
        "The server stops. Send the request again when it runs.");

    public static ApiError TooLate(TimeSpan deadline) => new(StatusCodes.Status504GatewayTimeout, string.Create(
        CultureInfo.InvariantCulture, $"The request took longer than {deadline.TotalSeconds:0} s. Send a shorter text, or send it later."),
        null, "deadline");

    public async Task WriteAsync(HttpResponse response)
    {
        response.StatusCode = status;
        if (RetryAfter is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        await Json.WriteAsync(response, new ErrorBody(Detail), ServerJson.Default.ErrorBody).ConfigureAwait(false);
    }
}
