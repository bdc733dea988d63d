namespace Qwen3Tts.Files;

/// <summary>The user's own folder.</summary>
static class UserFolder
{
    /// <summary>Its path, also if it does not exist yet. By default .NET returns an empty path then, which is the current folder.</summary>
    public static string Path =>
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);
}
