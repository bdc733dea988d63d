// Writes FLAC (RFC 9639): mono, in frames of 4096 samples. Each frame is written in the shortest way: a constant, plain samples, or a
// prediction. The frames need only what the standard calls the streamable subset, so a player can begin at any of them.

namespace Qwen3Tts.Audio;

/// <param name="rate">Samples per second.</param>
/// <param name="bits">Bits of a sample, 16 or 24.</param>
sealed class FlacWriter(int rate, int bits)
{
    /// <summary>Number of samples of every frame but the last.</summary>
    public const int Block = 4096;
    const int BlockCode = 12, HighestRate = 655_350, CommentType = 4;

    int _frames;

    /// <summary>Writes a whole file. The stream need not seek: the frames are made before the header is written.</summary>
    /// <param name="stream">The stream, which is written from its current position and left open.</param>
    /// <param name="wave">What to write; values beyond -1 to 1 are clipped.</param>
    /// <param name="bits">Bits of a sample, 16 or 24.</param>
    /// <param name="tags">Facts for the header; null for none.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number, or FLAC cannot store the sample rate.</exception>
    public static void Write(Stream stream, Waveform wave, int bits, AudioTags? tags = null)
    {
        using var frames = new MemoryStream();
        stream.Write(new FlacWriter(wave.SampleRate, bits).WriteFrames(frames, [wave.Samples], tags));
        frames.WriteTo(stream);
    }

    /// <summary>Writes samples while they arrive, behind a header that names no length.</summary>
    /// <param name="stream">The stream, which need not seek.</param>
    /// <param name="rate">Samples per second.</param>
    /// <param name="chunks">The samples, which are generated while they are enumerated.</param>
    /// <param name="bits">Bits of a sample, 16 or 24.</param>
    /// <returns>The header with length and checksum, which may replace the first one.</returns>
    /// <exception cref="ArgumentException">A sample is not a finite number, or FLAC cannot store the sample rate.</exception>
    public static byte[] Write(Stream stream, int rate, IEnumerable<float[]> chunks, int bits)
    {
        var writer = new FlacWriter(rate, bits);
        stream.Write(writer.StreamedHeader());
        return writer.WriteFrames(stream, chunks);
    }

    /// <summary>Writes all frames; returns the header that belongs before them.</summary>
    byte[] WriteFrames(Stream stream, IEnumerable<float[]> chunks, AudioTags? tags = null)
    {
        var (hash, count, sizes) = (new Md5(), 0L, (Least: 0, Most: 0));
        foreach (var block in SampleBlocks.Of(chunks, Block))
        {
            var samples = Array.ConvertAll(block, s => PcmSamples.Of(s, bits));
            FlacStream.AddTo(hash, [Array.ConvertAll(samples, s => (long)s)], samples.Length, bits);
            var frame = Frame(samples);
            sizes = (count == 0 ? frame.Length : Math.Min(sizes.Least, frame.Length), Math.Max(sizes.Most, frame.Length));
            count += samples.Length;
            stream.Write(frame);
        }
        return Header(new(rate, 1, bits, count, hash.Finish()) { Block = (Block, Block), FrameBytes = sizes }, tags);
    }

    /// <summary>The header of a file whose length is not known yet, as when speech is streamed.</summary>
    public byte[] StreamedHeader(AudioTags? tags = null) =>
        Header(new(rate, 1, bits, 0, new byte[16]) { Block = (Block, Block) }, tags);

    byte[] Header(FlacStream stream, AudioTags? tags)
    {
        if (rate is < 1 or > HighestRate)
            throw new ArgumentException($"The sample rate is {rate} Hz, and FLAC stores up to {HighestRate} Hz. Write a WAV file.");
        var to = new BitWriter();
        foreach (var letter in "fLaC"u8)
            to.Write(letter, 8);
        to.Write(tags is null ? 1UL : 0, 1); // whether no other block follows
        to.Write(FlacStream.Type, 7);
        to.Write(FlacStream.Bytes, 24);
        stream.Write(to);
        if (tags is not null)
        {
            var comment = AudioTags.VorbisComment(tags);
            to.Write(1, 1);
            to.Write(CommentType, 7);
            to.Write((ulong)comment.Length, 24);
            foreach (var b in comment)
                to.Write(b, 8);
        }
        return to.Bytes.ToArray();
    }

    /// <summary>The next frame.</summary>
    /// <param name="samples">Integers [n]: <see cref="Block"/> of them, or fewer in the last frame, but at least one.</param>
    public byte[] Frame(int[] samples)
    {
        var to = new BitWriter();
        to.Write(0b11111111_111110_0_0, 16); // the mark of a frame; all frames have the same length
        to.Write(samples.Length == Block ? BlockCode : 7UL, 4);
        var (rateCode, rateBits, rateValue) = RateCode();
        to.Write((ulong)rateCode, 4);
        to.Write(0, 4); // one channel
        to.Write(bits == 16 ? 4UL : 6, 3);
        to.Write(0, 1);
        WriteNumber(to, _frames++);
        if (samples.Length != Block)
            to.Write((ulong)samples.Length - 1, 16);
        to.Write((ulong)rateValue, rateBits);
        to.Write(Checksum.Flac8.Of(to.Bytes), 8);
        WriteSubframe(to, samples);
        to.ToNextByte();
        to.Write(Checksum.Flac16.Of(to.Bytes), 16);
        return to.Bytes.ToArray();
    }

    /// <summary>The code of the sample rate, and the number that follows if it has no code of its own.</summary>
    (int Code, int Bits, int Value) RateCode() => Array.IndexOf(FlacFrame.Rates, rate) is > 0 and var known ? (known, 0, 0)
        : rate % 1000 == 0 && rate <= 255_000 ? (12, 8, rate / 1000)
        : rate <= ushort.MaxValue ? (13, 16, rate)
        : rate % 10 == 0 ? (14, 16, rate / 10) : (0, 0, 0);

    /// <summary>Writes a number of up to 31 bits in the manner of UTF-8.</summary>
    static void WriteNumber(BitWriter to, int number)
    {
        var more = 0; // bytes of six bits that follow the first one
        while (more == 0 ? number >= 1 << 7 : number >= 1L << 5 * more + 6)
            more++;
        if (more == 0)
            to.Write((ulong)number, 8);
        else
        {
            to.Write((0xFF00UL >> more + 1 & 0xFF) | (ulong)number >> 6 * more, 8);
            for (var i = more - 1; i >= 0; i--)
                to.Write(0x80 | (ulong)number >> 6 * i & 0x3F, 8);
        }
    }

    void WriteSubframe(BitWriter to, int[] samples)
    {
        if (samples.AsSpan().IndexOfAnyExcept(samples[0]) < 0)
        {
            to.Write(0, 8); // a constant
            to.Write((ulong)samples[0], bits);
            return;
        }
        var (best, codes, length) = Shortest(samples);
        if (length >= (long)samples.Length * bits)
        {
            to.Write(1 << 1, 8); // plain samples
            foreach (var sample in samples)
                to.Write((ulong)sample, bits);
            return;
        }
        to.Write((ulong)(best.Coefficients is null ? 8 + best.Order : 31 + best.Order) << 1, 8);
        foreach (var sample in samples.AsSpan(0, best.Order))
            to.Write((ulong)sample, bits);
        if (best.Coefficients is not null)
        {
            to.Write(FlacPredictor.Precision - 1, 4);
            to.Write((ulong)best.Shift, 5);
            foreach (var coefficient in best.Coefficients)
                to.Write((ulong)coefficient, FlacPredictor.Precision);
        }
        codes.Write(to, best.Differences, samples.Length);
    }

    (FlacPredictor Predictor, FlacRice Codes, long Bits) Shortest(int[] samples) =>
        FlacPredictor.Fitted(samples).Prepend(FlacPredictor.BestFixed(samples)).Select(predictor =>
        {
            var codes = FlacRice.Best(predictor.Differences, samples.Length);
            var coefficients = predictor.Coefficients is null ? 0 : 9 + predictor.Order * FlacPredictor.Precision;
            return (predictor, codes, 6 + codes.Bits + predictor.Order * bits + coefficients);
        }).MinBy(p => p.Item3);
}
