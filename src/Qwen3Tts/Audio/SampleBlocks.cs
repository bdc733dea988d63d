namespace Qwen3Tts.Audio;

static class SampleBlocks
{
    /// <summary>The same samples in blocks of one size, each as soon as it is full, so that the memory does not grow.</summary>
    /// <param name="chunks">Samples of any number each, which are generated while they are enumerated.</param>
    /// <param name="size">Samples of every block but the last, which may be shorter.</param>
    /// <exception cref="ArgumentException">A sample is not a finite number.</exception>
    public static IEnumerable<float[]> Of(IEnumerable<float[]> chunks, int size)
    {
        var (block, filled) = (new float[size], 0);
        foreach (var chunk in chunks)
        {
            PcmSamples.CheckFinite(chunk);
            for (var at = 0; at < chunk.Length;)
            {
                var count = Math.Min(size - filled, chunk.Length - at);
                chunk.AsSpan(at, count).CopyTo(block.AsSpan(filled));
                (at, filled) = (at + count, filled + count);
                if (filled < size)
                    continue;
                yield return block;
                (block, filled) = (new float[size], 0);
            }
        }
        if (filled > 0)
            yield return block[..filled];
    }
}
