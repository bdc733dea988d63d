// A stream around the output that computes the hash of the bytes that are written, and reports a full disk with a message that says what to
// do.

namespace Qwen3Tts.Files;

/// <summary>Counts and hashes the bytes that are written.</summary>
/// <param name="inner">The stream that is written to; it is left open.</param>
/// <param name="path">Name of the file in messages.</param>
sealed class OutputStream(Stream inner, string path) : Stream
{
    readonly Sha256 _hash = new();
    long _written;

    public byte[] Hash() => _hash.Current();

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => _written;
    public override long Position { get => _written; set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            OutputFile.Try<int>(path, () => throw e);
        }
        _hash.Add(buffer);
        _written += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    public override void Flush() => OutputFile.Try(path, () => { inner.Flush(); return 0; });
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
}
