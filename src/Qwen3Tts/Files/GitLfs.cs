// Who clones a model's repository without Git LFS gets a few lines of text in place of each large file.

namespace Qwen3Tts.Files;

/// <summary>Recognises the pointers of Git LFS.</summary>
static class GitLfs
{
    /// <summary>Bytes from the beginning of a file that are enough for <see cref="CheckIsNoPointer"/>.</summary>
    public const int Beginning = 64;

    /// <exception cref="InvalidDataException">The file is a pointer.</exception>
    public static void CheckIsNoPointer(ReadOnlySpan<byte> begin, string path)
    {
        if (begin.StartsWith("version https://git-lfs.github.com/spec/"u8))
            throw new InvalidDataException($"{path} is a pointer of Git LFS and not the file itself. Run 'git lfs pull' in its folder, or download the file.");
    }
}
