// Several files of a set often fail for the same reason. An error that names the reason it shares with others is reported once for all.

namespace Qwen3Tts.Files;

static class ErrorCause
{
    const string Key = "Qwen3Tts.Cause";

    /// <summary>Marks an error with the cause that it shares with errors of other files or lines.</summary>
    public static T WithCause<T>(this T error, string cause) where T : Exception
    {
        error.Data[Key] = cause;
        return error;
    }

    /// <summary>The cause that an error was marked with, or null.</summary>
    public static string? Cause(this Exception error) => error.Data[Key] as string;
}
