// The codec of a Qwen3-TTS model: waveform to frames of codes, and frames to waveform. Both ways are causal, so long audio passes in
// pieces, streaming is the same computation cut up, and the result is the same bit for bit. The official wrapper decodes chunks of 300
// frames that see 25 frames of context, which is another result from frame 300 on; here the transformer always sees its whole window.
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Codec;

/// <summary>
/// A loaded codec. Calls from several threads wait for one another; any number of <see cref="CodecStream"/>s may be open.
/// </summary>
public sealed class SpeechCodec
{
    const int PieceFrames = 16; // passes the network together: bounds the buffers, and is enough for the weights to be read rarely

    readonly CodecConfig _config;
    readonly FrameEncoder encoder;
    readonly FrameDecoder decoder;
    readonly Workers _workers;
    readonly Lock _encoding = new(), _decoding = new(); // the networks own one set of buffers each

    SpeechCodec(CodecConfig config, FrameEncoder encoder, FrameDecoder decoder, Workers workers) =>
        (_config, this.encoder, this.decoder, _workers) = (config, encoder, decoder, workers);

    /// <summary>Samples per second of what is encoded and decoded: 24000 in the released models.</summary>
    public int SampleRate => _config.OutputSampleRate;

    /// <summary>Samples that one frame stands for: 1920 in the released models.</summary>
    public int SamplesPerFrame => _config.DecodeUpsampleRate;

    /// <summary>12.5 in the released models.</summary>
    public double FramesPerSecond => _config.FramesPerSecond;

    /// <summary>Codes of a frame: 16 in the released models.</summary>
    public int CodesPerFrame => _config.DecoderConfig.NumQuantizers;

    /// <summary>Codes run from 0 to this minus 1: 2048 in the released models.</summary>
    public int CodebookSize => _config.DecoderConfig.CodebookSize;

    /// <summary>Loads a codec.</summary>
    /// <param name="folder">The folder <c>speech_tokenizer</c> of a model, with <c>config.json</c> and <c>model.safetensors</c>.</param>
    /// <exception cref="FileNotFoundException">One of the files is not there.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or tensors and config.json do not fit each other.</exception>
    public static SpeechCodec Load(string folder) => Load(folder, Workers.Shared);

    internal static SpeechCodec Load(string folder, Workers workers)
    {
        ModelFolder.CheckCodecFolder(folder);
        var path = Path.Combine(folder, "config.json");
        if (!File.Exists(path))
            throw new FileNotFoundException($"'{folder}' holds no config.json. Name the folder 'speech_tokenizer' of a Qwen3-TTS model.");
        var config = CodecConfig.Read(path);
        using var weights = Weights.Open(folder);
        var used = config.EncoderValidNumQuantizers;
        if (config.EncoderConfig.NumQuantizers > weights.Entries.Count()) // each has tensors of its own, also those that are not used
            throw ConfigFile.Bad(path, "encoder_config.num_quantizers", config.EncoderConfig.NumQuantizers,
                $"fewer than the tensors of the file, {weights.Entries.Count()}");
        return weights.Load(w => new SpeechCodec(config, new(w, config.EncoderConfig, used), new(w, config.DecoderConfig), workers),
            FrameEncoder.Unused(config.EncoderConfig, used).Concat(FrameDecoder.Unused).ToHashSet().Contains);
    }

    /// <summary>Encodes a recording.</summary>
    /// <param name="audio">At <see cref="SampleRate"/>, at least one sample. Amplitudes beyond ±1 are not clipped.</param>
    /// <returns>Frames [samples / <see cref="SamplesPerFrame"/>, rounded up][<see cref="CodesPerFrame"/>]; the last one is filled up with
    /// zeros.</returns>
    /// <exception cref="ArgumentException">The audio is empty, or has another rate.</exception>
    public int[][] Encode(Waveform audio) => Encode(audio, null);

    internal int[][] Encode(Waveform audio, CodecTrace? trace)
    {
        var samples = audio.Samples;
        if (audio.SampleRate != SampleRate)
            throw new ArgumentException(
                $"The audio has {audio.SampleRate} samples a second, and the codec works at {SampleRate}. Convert it with " +
                $"ToRate({SampleRate}).", nameof(audio));
        if (samples.Length == 0)
            throw new ArgumentException(
                "The audio is empty (0 samples), so there is nothing to encode. Check where it was cut or recorded.", nameof(audio));
        lock (_encoding)
        {
            var state = encoder.CreateState();
            var frames = new List<int[]>();
            for (var from = 0; from < samples.Length; from += PieceFrames * SamplesPerFrame)
                frames.AddRange(encoder.Encode(samples.AsSpan(from, Math.Min(PieceFrames * SamplesPerFrame, samples.Length - from)), state,
                    _workers, trace));
            return [.. frames];
        }
    }

    /// <summary>Decodes frames, whole: each of the samples sees everything before it that the model can see.</summary>
    /// <param name="frames">[count][<see cref="CodesPerFrame"/>], codes below <see cref="CodebookSize"/>.</param>
    /// <returns>count * <see cref="SamplesPerFrame"/> samples within ±1.</returns>
    /// <exception cref="ArgumentException">A frame has another number of codes, or a code that no codebook has.</exception>
    public Waveform Decode(IReadOnlyList<int[]> frames) => new(CreateStream().Push(frames), SampleRate);

    /// <summary>Begins a sequence of frames that come in pieces.</summary>
    public CodecStream CreateStream() => new(this, decoder.CreateState());

    internal float[] Decode(IReadOnlyList<int[]> frames, CausalState state, CodecTrace? trace)
    {
        Check(frames);
        int[][] all = [.. frames];
        var samples = new float[all.Length * SamplesPerFrame];
        lock (_decoding)
            for (var from = 0; from < all.Length; from += PieceFrames)
            {
                var count = Math.Min(PieceFrames, all.Length - from);
                decoder.Decode(all.AsSpan(from, count), samples.AsSpan(from * SamplesPerFrame, count * SamplesPerFrame), state, _workers,
                    trace);
            }
        return samples;
    }

    void Check(IReadOnlyList<int[]> frames)
    {
        for (var t = 0; t < frames.Count; t++)
        {
            if (frames[t].Length != CodesPerFrame)
                throw new ArgumentException(
                    $"Frame {t} has {frames[t].Length} codes, and this codec's frames have {CodesPerFrame}. Check where the frames come " +
                    $"from.", nameof(frames));
            for (var q = 0; q < CodesPerFrame; q++)
                if ((uint)frames[t][q] >= (uint)CodebookSize)
                    throw new ArgumentException(
                        $"Frame {t} has the code {frames[t][q]} in codebook {q}, and codes run from 0 to {CodebookSize - 1}. End and " +
                        $"padding tokens are no codes: leave those frames out.", nameof(frames));
        }
    }
}

/// <summary>One sequence that is decoded while it comes in. However it is cut into pieces, the samples are those of
/// <see cref="SpeechCodec.Decode(IReadOnlyList{int[]})"/> bit for bit.</summary>
public sealed class CodecStream
{
    readonly SpeechCodec _codec;
    readonly CausalState _state;

    internal CodecStream(SpeechCodec codec, CausalState state) => (_codec, _state) = (codec, state);

    /// <summary>Decodes the next frames.</summary>
    /// <param name="frames">[count][<see cref="SpeechCodec.CodesPerFrame"/>]; count may be 0.</param>
    /// <returns>Their count * <see cref="SpeechCodec.SamplesPerFrame"/> samples, final at once: nothing is held back.</returns>
    /// <exception cref="ArgumentException">A frame has another number of codes, or a code that no codebook has; the stream is
    /// unchanged.</exception>
    public float[] Push(IReadOnlyList<int[]> frames) => Push(frames, null);

    internal float[] Push(IReadOnlyList<int[]> frames, CodecTrace? trace) => _codec.Decode(frames, _state, trace);
}
