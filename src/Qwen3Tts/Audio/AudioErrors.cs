// The messages about a recording that cannot be read. They begin with the name of the file, and end with what to do.
using Qwen3Tts.Files;

namespace Qwen3Tts.Audio;

/// <param name="name">Name of the file in messages.</param>
sealed class AudioErrors(string name)
{
    public const string Again = "Copy or record it again.";
    const int LowestRate = 1000, HighestRate = 768_000;

    /// <summary>The most samples that are decoded: a small file can hold hours of silence.</summary>
    public int MostSamples { get; init; } = Array.MaxLength;

    public string Convert => $"Convert it with: ffmpeg -i \"{name}\" -c:a pcm_s16le out.wav";

    /// <summary>An error with its place.</summary>
    /// <param name="what">What is wrong, without the full stop.</param>
    /// <param name="remedy">A complete sentence.</param>
    /// <param name="cause">What files with the same mistake share, if <paramref name="what"/> has numbers of this file.</param>
    /// <param name="inner">The error of a decoder, or null.</param>
    public InvalidDataException Bad(string what, string remedy, string? cause = null, Exception? inner = null) =>
        new InvalidDataException($"{name}: {what}. {remedy}", inner).WithCause(cause ?? what);

    /// <summary>The error of a file that is of another kind than expected.</summary>
    /// <param name="head">The first bytes of the file.</param>
    /// <param name="expected">What the file should be.</param>
    public InvalidDataException NotRead(ReadOnlySpan<byte> head, string expected)
    {
        GitLfs.CheckIsNoPointer(head, name);
        return head.IsEmpty ? Bad($"the file is empty, not {expected}", Again)
            : AudioKind.Recognise(head) is { } kind
                ? Bad($"this is {kind}, not {expected}", $"Convert it with: ffmpeg -i \"{name}\" out.wav")
            : Bad($"this is not {expected}; it begins with the bytes {System.Convert.ToHexStringLower(head)}",
                $"If it is audio, convert it with: ffmpeg -i \"{name}\" out.wav");
    }

    /// <summary>The sample rate of a header, in samples per second, if it is one that recordings have.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    public int Rate(long rate) => rate is >= LowestRate and <= HighestRate ? (int)rate
        : throw Bad($"its sample rate is {rate} Hz, which is outside {LowestRate} to {HighestRate}", Convert);
}
