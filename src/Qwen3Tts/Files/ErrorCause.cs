// Many files of a set often fail for one reason. An error that says which reason it shares with others is told once for all of them.

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
