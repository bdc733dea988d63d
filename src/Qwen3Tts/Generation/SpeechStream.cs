// Speech that is returned while it is generated. The first chunk is one frame, so that playback can begin at once. Later chunks are longer,
// because the codec decodes many frames together faster than one by one. The chunks do not change the samples.
using System.Collections;
using Qwen3Tts.Codec;
using Qwen3Tts.Sequence;

namespace Qwen3Tts.Generation;

/// <summary>The samples of one utterance in chunks. A chunk is generated when it is requested. Can be enumerated once.</summary>
public sealed class SpeechStream : IEnumerable<float[]>
{
    /// <summary>Most frames of a chunk: 0.64 s.</summary>
    const int LargestChunk = 8;

    readonly TalkerSequence _sequence;
    readonly Generator _generator;
    readonly SpeechCodec _codec;
    readonly IReadOnlyList<int[]> _reference;
    readonly List<int[]> _frames = [];
    bool _begun;

    internal SpeechStream(TalkerSequence sequence, Generator generator, SpeechCodec codec, IReadOnlyList<int[]> reference) =>
        (_sequence, _generator, _codec, _reference) = (sequence, generator, codec, reference);

    /// <summary>Samples per second.</summary>
    public int SampleRate => _codec.SampleRate;

    /// <summary>The frames made so far, each of 16 codes.</summary>
    public IReadOnlyList<int[]> Frames => _frames;

    /// <summary>True if the model predicted the end of speech; false while the speech goes on, and if a limit stopped it.</summary>
    public bool Ended => _generator.Ended;

    /// <summary>The reason why the speech ended; null while it goes on.</summary>
    public FinishReason? FinishReason => _generator.Reason;

    /// <summary>Speaks.</summary>
    /// <returns>Chunks of frames * 1,920 samples within ±1.</returns>
    /// <exception cref="InvalidOperationException">The stream has been enumerated before.</exception>
    public IEnumerator<float[]> GetEnumerator() => Until(default).GetEnumerator();

    /// <summary>Speaks until the speech ends or is stopped. The last chunk has the frames up to the stop.</summary>
    /// <param name="stop">Checked after each frame of 80 ms; no exception is thrown.</param>
    /// <returns>As <see cref="GetEnumerator"/>.</returns>
    /// <exception cref="InvalidOperationException">The stream has been enumerated before.</exception>
    public IEnumerable<float[]> Until(CancellationToken stop)
    {
        if (_begun)
            throw new InvalidOperationException("This speech has been spoken already. Ask for a new stream.");
        _begun = true;
        return Chunks(LargestChunk, stop);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    IEnumerable<float[]> Chunks(int largest, CancellationToken stop)
    {
        var decoder = _codec.CreateStream();
        // In-context speech continues the reference recording, so the decoder first gets the reference's frames; their samples are not
        // returned.
        decoder.Push(_reference);
        var chunk = new List<int[]>(largest);
        var size = 1;
        foreach (var frame in _generator.Speak(_sequence))
        {
            _frames.Add(frame);
            chunk.Add(frame);
            if (stop.IsCancellationRequested)
                _generator.Stop();
            if (chunk.Count < size)
                continue;
            yield return decoder.Push(chunk);
            chunk.Clear();
            size = Math.Min(2 * size, largest);
        }
        if (chunk.Count > 0)
            yield return decoder.Push(chunk);
    }

    /// <summary>All chunks as one array.</summary>
    internal float[] Whole(CancellationToken cancellation)
    {
        foreach (var frame in _generator.Speak(_sequence))
        {
            _frames.Add(frame);
            cancellation.ThrowIfCancellationRequested();
        }
        var decoder = _codec.CreateStream();
        decoder.Push(_reference);
        return decoder.Push(_frames);
    }
}
