// Who clones a model's repository without Git LFS gets a few lines of text in place of each large file.

namespace Qwen3Tts.Files;

/// <summary>Recognises the pointers of Git LFS.</summary>
static class GitLfs
{
    /// <summary>Bytes from the beginning of a file that are enough for <see cref="CheckIsNoPointer"/>.</summary>
    public const int Beginning = 64;

    /// <summary>From so many bytes on, a beginning is recognised.</summary>
    const int Fewest = 12;

    static ReadOnlySpan<byte> Pointer => "version https://git-lfs.github.com/spec/"u8;

    /// <param name="begin">At least the first 12 bytes of the file.</param>
    /// <param name="path">What messages call it.</param>
    /// <exception cref="InvalidDataException">The file is a pointer.</exception>
    public static void CheckIsNoPointer(ReadOnlySpan<byte> begin, string path)
    {
        if (Pointer.StartsWith(begin[..Math.Min(begin.Length, Pointer.Length)]) && begin.Length >= Fewest)
            throw new InvalidDataException($"{path} is a pointer of Git LFS and not the file itself. "
                + "Run 'git lfs pull' in its folder, or download the file.").WithCause("Git LFS");
    }
}
