// What is written to an output passes here: its hash is made on the way, and a full disk is said in words.
using System.Security.Cryptography;

namespace Qwen3Tts.Files;

/// <summary>Counts and hashes what is written.</summary>
/// <param name="inner">Where it goes; left open.</param>
/// <param name="path">What messages call it.</param>
sealed class OutputStream(Stream inner, string path) : Stream
{
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    long _written;

    public byte[] Sha256() => _hash.GetCurrentHash();

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
        _hash.AppendData(buffer);
        _written += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    public override void Flush() => OutputFile.Try(path, () => { inner.Flush(); return 0; });
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _hash.Dispose();
        base.Dispose(disposing);
    }
}
