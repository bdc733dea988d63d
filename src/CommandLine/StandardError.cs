// Standard error for progress and remarks. If it is a file on a full disk, or a terminal that is gone, they are lost, and the work goes on:
// hours of training must not end for a line of progress.
using System.Text;

namespace Qwen3Tts.CommandLine;

static class StandardError
{
    /// <summary>Lets <see cref="Console.Error"/> never fail. A program calls it once, first.</summary>
    public static void NeverFails() => Console.SetError(Over(Console.OpenStandardError(), Console.Error.Encoding));

    /// <summary>A writer, for several threads, that drops what the stream does not take.</summary>
    internal static TextWriter Over(Stream inner, Encoding encoding) =>
        TextWriter.Synchronized(new StreamWriter(new Tolerant(inner), encoding, bufferSize: 256) { AutoFlush = true });

    sealed class Tolerant(Stream inner) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                inner.Write(buffer);
            }
            catch (IOException)
            {
                // there is no other place to say so
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
