// Encodes speech piece by piece, while it is made. The headers name no length, because it is not known yet; readers take what is there.
namespace Qwen3Tts.Audio;

/// <summary>Writes a stream of audio.</summary>
sealed class AudioEncoder
{
    readonly Stream _to;
    readonly FlacWriter? _flac;
    readonly OpusWriter? _opus;
    readonly List<int> _block = []; // samples of the next frame of FLAC

    /// <summary>Writes the header.</summary>
    /// <param name="to">The stream, which need not seek.</param>
    /// <param name="format">WAV, FLAC or Opus; null for 16-bit samples without a header.</param>
    /// <param name="rate">Samples per second.</param>
    /// <param name="tags">Facts for the header; null for none.</param>
    /// <exception cref="ArgumentException">The format does not know the sample rate, or is written by another program.</exception>
    public AudioEncoder(Stream to, AudioFormat? format, int rate, AudioTags? tags)
    {
        _to = to;
        switch (format)
        {
            case AudioFormat.Wav:
                to.Write(WavFile.HeaderWith(tags, rate, WavFormat.Pcm16, null));
                break;
            case AudioFormat.Flac:
                _flac = new(rate, 16);
                to.Write(_flac.StreamedHeader(tags));
                break;
            case AudioFormat.Opus:
                _opus = OpusHead.Has(rate) ? new(to, rate, rate, tags) : throw new ArgumentException(
                    $"The sample rate is {rate} Hz, which Opus does not have. Ask for the whole speech, or for WAV.");
                break;
            case AudioFormat.Ffmpeg:
                throw new ArgumentException("This format is written at the end of the speech. Ask for the whole speech, or for WAV.");
        }
    }

    /// <summary>Writes what is complete with these samples.</summary>
    /// <param name="samples">Amplitudes [n].</param>
    public void Add(ReadOnlySpan<float> samples)
    {
        PcmSamples.CheckFinite(samples);
        if (_opus is not null)
        {
            _opus.Add(samples);
            _opus.EndPage(); // what is there is sent
        }
        else if (_flac is null)
            WavFile.WriteSamples(_to, samples, WavFormat.Pcm16);
        else
            foreach (var sample in samples)
            {
                _block.Add(PcmSamples.Of(sample, 16));
                if (_block.Count == FlacWriter.Block)
                    EndBlock();
            }
    }

    /// <summary>Writes the rest.</summary>
    public void End()
    {
        _opus?.End();
        if (_block.Count > 0)
            EndBlock();
    }

    void EndBlock()
    {
        _to.Write(_flac!.Frame([.. _block]));
        _block.Clear();
    }
}
