// Reads one channel of a FLAC frame (RFC 9639 section 9.2): a constant, plain samples, or a prediction from the samples before with the
// differences from it, which are stored in Rice codes.
namespace Qwen3Tts.Audio;

/// <param name="bits">The reader, which stands at the subframe.</param>
/// <param name="bad">Makes the error of a damaged frame.</param>
sealed class FlacSubframe(BitReader bits, Func<string, Exception> bad)
{
    /// <summary>The predictors without stored coefficients: a derivative stays constant. The latest sample is first.</summary>
    public static readonly int[][] Fixed = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

    /// <summary>Reads the samples of a channel.</summary>
    /// <param name="samples">out: samples [n].</param>
    /// <param name="depth">Bits of a sample, 4 to 33.</param>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    /// <exception cref="InvalidDataException">The subframe is damaged.</exception>
    public void Read(Span<long> samples, int depth)
    {
        var (zero, type, wastes) = (bits.Bits(1), (int)bits.Bits(6), bits.Bits(1));
        if (zero != 0)
            throw bad("a channel does not begin with a zero");
        var wasted = wastes == 0 ? 0 : bits.Zeros() + 1; // lowest bits that are 0 in all samples
        if (wasted >= depth)
            throw bad($"it leaves out {wasted} of {depth} bits");
        var stored = depth - (int)wasted;
        switch (type)
        {
            case 0:
                samples.Fill(bits.Signed(stored));
                break;
            case 1:
                foreach (ref var sample in samples)
                    sample = bits.Signed(stored);
                break;
            case >= 8 and <= 12:
                ReadPredicted(samples, stored, type - 8, null);
                break;
            case >= 32:
                ReadPredicted(samples, stored, type - 31, new int[type - 31]);
                break;
            default:
                throw bad($"a channel has the reserved type {type}");
        }
        if (wasted > 0)
            foreach (ref var sample in samples)
                sample <<= (int)wasted;
        var limit = 1L << depth - 1;
        foreach (var sample in samples)
            if (sample < -limit || sample >= limit)
                throw bad($"a sample is {sample}, which has more than {depth} bits");
    }

    /// <param name="samples">out: samples [n].</param>
    /// <param name="depth">Bits of a sample as it is stored.</param>
    /// <param name="order">Number of samples that a prediction is made from.</param>
    /// <param name="coefficients">An array for the coefficients that are stored; null if they are fixed.</param>
    void ReadPredicted(Span<long> samples, int depth, int order, int[]? coefficients)
    {
        if (order > samples.Length)
            throw bad($"a channel of {samples.Length} samples is predicted from {order}");
        foreach (ref var sample in samples[..order])
            sample = bits.Signed(depth);
        var shift = 0;
        if (coefficients is not null)
        {
            var precision = (int)bits.Bits(4) + 1;
            shift = (int)bits.Signed(5);
            if (precision == 16 || shift < 0)
                throw bad($"its coefficients have {precision} bits and a shift of {shift}");
            foreach (ref var coefficient in coefficients.AsSpan())
                coefficient = (int)bits.Signed(precision);
        }
        ReadDifferences(samples, order);
        var factors = coefficients ?? Fixed[order];
        for (var t = order; t < samples.Length; t++)
        {
            var sum = 0L;
            for (var i = 0; i < factors.Length; i++)
                sum += factors[i] * samples[t - 1 - i];
            samples[t] += sum >> shift;
        }
    }

    /// <summary>Reads the differences from the prediction to the places of their samples.</summary>
    void ReadDifferences(Span<long> samples, int order)
    {
        var method = (int)bits.Bits(2);
        if (method > 1)
            throw bad($"its differences have the reserved coding {method}");
        var partitions = 1 << (int)bits.Bits(4);
        var length = samples.Length / partitions;
        if (length * partitions != samples.Length || length < order)
            throw bad($"{samples.Length} samples are divided into {partitions} parts");
        for (var part = 0; part < partitions; part++)
            ReadPart(samples[(part == 0 ? order : part * length)..((part + 1) * length)], method == 0 ? 4 : 5);
    }

    void ReadPart(Span<long> differences, int parameterBits)
    {
        var low = (int)bits.Bits(parameterBits); // number of bits that are stored as they are
        if (low == (1 << parameterBits) - 1) // a mark: no Rice codes but plain numbers
        {
            var width = (int)bits.Bits(5);
            foreach (ref var difference in differences)
                difference = bits.Signed(width);
            return;
        }
        foreach (ref var difference in differences)
        {
            var high = bits.Zeros();
            if (high > uint.MaxValue >> low)
                throw bad("a difference has more than 32 bits");
            var folded = high << low | (long)bits.Bits(low); // 0, -1, 1, -2, 2, …
            difference = folded >> 1 ^ -(folded & 1);
        }
    }
}
