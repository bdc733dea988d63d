// If a model's repository is cloned without Git LFS, each large file is replaced by a pointer: a few lines of text.

namespace Qwen3Tts.Files;

/// <summary>Recognises the pointers of Git LFS.</summary>
static class GitLfs
{
    /// <summary>Number of bytes from the beginning of a file that <see cref="CheckIsNoPointer"/> needs.</summary>
    public const int Beginning = 64;

    /// <summary>Fewest bytes by which a pointer is recognised.</summary>
    const int Fewest = 12;

    static ReadOnlySpan<byte> Pointer => "version https://git-lfs.github.com/spec/"u8;

    /// <param name="begin">At least the first 12 bytes of the file.</param>
    /// <param name="path">Name of the file in messages.</param>
    /// <exception cref="InvalidDataException">The file is a pointer.</exception>
    public static void CheckIsNoPointer(ReadOnlySpan<byte> begin, string path)
    {
        if (Pointer.StartsWith(begin[..Math.Min(begin.Length, Pointer.Length)]) && begin.Length >= Fewest)
            throw new InvalidDataException($"{path} is a pointer of Git LFS and not the file itself. "
                + "Run 'git lfs pull' in its folder, or download the file.").WithCause("Git LFS");
    }
}
