// Speech that is returned while it is generated. The first chunk is one frame, so that playback can begin at once. Later chunks are longer,
// because the codec decodes many frames together faster than one by one. The chunks do not change the samples.
using System.Collections;
using System.Diagnostics;
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
    readonly ulong _seed;
    readonly SpeechMonitor _monitor;
    readonly List<int[]> _frames = [];
    long _begun; // time stamp; 0 before the speech
    long _samples;
    TimeSpan _firstFrame, _firstAudio, _total;

    internal SpeechStream(TalkerSequence sequence, Generator generator, SpeechCodec codec, IReadOnlyList<int[]> reference, ulong seed,
        SpeechMonitor monitor) => (_sequence, _generator, _codec, _reference, _seed, _monitor) =
            (sequence, generator, codec, reference, seed, monitor);

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

    /// <summary>Speaks until the speech ends or is stopped. The last chunk has the frames up to the stop. Who stops enumerating stops the
    /// speech.</summary>
    /// <param name="stop">Checked after each frame of 80 ms; no exception is thrown.</param>
    /// <returns>As <see cref="GetEnumerator"/>.</returns>
    /// <exception cref="InvalidOperationException">The stream has been enumerated before.</exception>
    public IEnumerable<float[]> Until(CancellationToken stop)
    {
        Begin();
        return Chunks(stop);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    void Begin()
    {
        if (_begun != 0)
            throw new InvalidOperationException("This speech has been spoken already. Ask for a new stream.");
        _begun = Stopwatch.GetTimestamp();
    }

    IEnumerable<float[]> Chunks(CancellationToken stop)
    {
        _monitor.Begin(whole: false);
        try
        {
            var decoder = Decoder();
            var chunk = new List<int[]>(LargestChunk);
            var size = 1;
            foreach (var frame in Speak(stop))
            {
                chunk.Add(frame);
                if (chunk.Count < size && !_sequence.AwaitsText) // what is there is not held back while text is waited for
                    continue;
                yield return Decode(decoder, chunk);
                chunk.Clear();
                size = Math.Min(2 * size, LargestChunk);
            }
            if (chunk.Count > 0)
                yield return Decode(decoder, chunk);
        }
        finally
        {
            _monitor.End(Summarize());
        }
    }

    IEnumerable<int[]> Speak(CancellationToken stop)
    {
        using var frames = _generator.Speak(_sequence, stop).GetEnumerator();
        while (Advance(frames))
        {
            if (_frames.Count == 0)
                _firstFrame = Stopwatch.GetElapsedTime(_begun);
            _frames.Add(frames.Current);
            _monitor.Frame();
            yield return frames.Current;
        }
        _total = Stopwatch.GetElapsedTime(_begun);
    }

    bool Advance(IEnumerator<int[]> frames)
    {
        try
        {
            return frames.MoveNext();
        }
        catch (Exception e) when (_monitor.Notes(e))
        {
            throw;
        }
    }

    // In-context speech continues the reference recording, so the decoder first gets the reference's frames; their samples are not
    // returned.
    CodecStream Decoder()
    {
        var decoder = _codec.CreateStream();
        decoder.Push(_reference);
        return decoder;
    }

    float[] Decode(CodecStream decoder, List<int[]> frames)
    {
        var samples = decoder.Push(frames);
        _total = Stopwatch.GetElapsedTime(_begun);
        if (_samples == 0)
            _firstAudio = _total;
        _samples += samples.Length;
        return samples;
    }

    /// <summary>How the speech went, after its end.</summary>
    internal SpeechSummary Summarize() => new(_generator.Reason ?? Generation.FinishReason.Cancelled, _frames.Count,
        (double)_samples / SampleRate, _seed, new(_generator.PromptTime, _firstFrame, _firstAudio, _total));

    /// <summary>Speaks, and returns all samples at once.</summary>
    /// <exception cref="OperationCanceledException">The speech was cancelled.</exception>
    internal Speech Whole(CancellationToken cancellation)
    {
        Begin();
        _monitor.Begin(whole: true);
        try
        {
            return Spoken(cancellation);
        }
        finally
        {
            _monitor.End(Summarize());
        }
    }

    Speech Spoken(CancellationToken cancellation)
    {
        foreach (var _ in Speak(cancellation))
            cancellation.ThrowIfCancellationRequested();
        cancellation.ThrowIfCancellationRequested();
        var decoder = Decoder();
        var samples = new List<float>();
        foreach (var piece in _frames.Chunk(2 * LargestChunk)) // so that a cancellation is soon seen
        {
            cancellation.ThrowIfCancellationRequested();
            samples.AddRange(Decode(decoder, [.. piece]));
        }
        return new(new([.. samples], SampleRate), Summarize());
    }
}
