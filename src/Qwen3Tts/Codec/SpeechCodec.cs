// The codec of a Qwen3-TTS model: waveform to frames of codes, and frames to waveform. Both directions are causal, so long audio is
// computed in parts, and streaming gives the same result bit for bit. The official wrapper decodes chunks of 300 frames, each with 25
// frames of context, whose result differs from frame 300 on; here the transformer always sees its whole window.
using Qwen3Tts.Audio;
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Codec;

/// <summary>A loaded codec. Calls of several threads wait for one another. Any number of <see cref="CodecStream"/>s may be open.</summary>
public sealed class SpeechCodec
{
    // Frames that are computed together: they limit the buffers, and are enough that weights are read rarely. Encoding has fewer
    // channels at the rate of samples.
    const int PieceFrames = 16, PieceFramesOfEncoder = 64;

    readonly CodecConfig _config;
    readonly Lazy<FrameEncoder> encoder; // loaded when something is encoded: who only speaks does not need its 190 MB
    readonly FrameDecoder decoder;
    readonly Workers _workers;
    readonly Lock _encoding = new(), _decoding = new(); // each network has one set of buffers

    SpeechCodec(CodecConfig config, Lazy<FrameEncoder> encoder, FrameDecoder decoder, Workers workers) =>
        (_config, this.encoder, this.decoder, _workers) = (config, encoder, decoder, workers);

    /// <summary>Sample rate of both directions, in samples per second: 24000 in the released models.</summary>
    public int SampleRate => _config.OutputSampleRate;

    /// <summary>Number of samples of a frame: 1920 in the released models.</summary>
    public int SamplesPerFrame => _config.DecodeUpsampleRate;

    /// <summary>Frames a second: 12.5 in the released models.</summary>
    public double FramesPerSecond => _config.FramesPerSecond;

    /// <summary>Number of codes of a frame: 16 in the released models.</summary>
    public int CodesPerFrame => _config.DecoderConfig.NumQuantizers;

    /// <summary>Number of codes of a codebook: 2048 in the released models.</summary>
    public int CodebookSize => _config.DecoderConfig.CodebookSize;

    /// <summary>Loads a codec.</summary>
    /// <param name="folder">The folder <c>speech_tokenizer</c> of a model, with <c>config.json</c> and <c>model.safetensors</c>.</param>
    /// <exception cref="FileNotFoundException">One of the files is not there.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the tensors do not fit config.json.</exception>
    public static SpeechCodec Load(string folder) => Load(folder, Workers.Shared);

    /// <param name="folder">The codec.</param>
    /// <param name="workers">Who computes.</param>
    /// <param name="map">True to map large tensors.</param>
    /// <param name="report">Told the share of the tensors that are read.</param>
    /// <param name="bfloat16">True to round the weights of the decoder to BF16: half the memory, and half the bytes to read for each
    /// frame that is decoded alone.</param>
    internal static SpeechCodec Load(string folder, Workers workers, bool map = false, Action<double>? report = null,
        bool bfloat16 = false)
    {
        ModelFolder.CheckCodecFolder(folder);
        var path = Path.Combine(folder, "config.json");
        if (!File.Exists(path))
            throw new FileNotFoundException($"'{folder}' holds no config.json. Name the folder 'speech_tokenizer' of a Qwen3-TTS model.");
        var config = CodecConfig.Read(path);
        using var weights = Weights.Open(folder, map, config.Layout);
        weights.Report = report;
        var used = config.EncoderValidNumQuantizers;
        if (config.EncoderConfig.NumQuantizers > weights.Entries.Count()) // each quantizer has its own tensors, also the unused ones
            throw ConfigFile.Bad(path, "encoder_config.num_quantizers", config.EncoderConfig.NumQuantizers,
                $"fewer than the tensors of the file, {weights.Entries.Count()}");
        weights.Check(w => Request(w, config),
            FrameEncoder.Unused(config.EncoderConfig, used).Concat(FrameDecoder.Unused).ToHashSet().Contains);
        var encoder = new Lazy<FrameEncoder>(() =>
        {
            using var again = Weights.Open(folder, map, config.Layout);
            return again.Load(w => new FrameEncoder(w, config.EncoderConfig, used), foreign: _ => true);
        });
        weights.Converts = bfloat16 ? _ => WeightType.BFloat16 : null;
        return new(config, encoder, weights.Load(w => new FrameDecoder(w, config.DecoderConfig), foreign: _ => true), workers);
    }

    /// <summary>Requests all tensors of both networks from weights that hold no numbers.</summary>
    internal static (FrameEncoder, FrameDecoder) Request(Weights weights, CodecConfig config) =>
        (new(weights, config.EncoderConfig, config.EncoderValidNumQuantizers), new(weights, config.DecoderConfig));

    /// <summary>Encodes a recording.</summary>
    /// <param name="audio">Audio at <see cref="SampleRate"/>, at least one sample. Amplitudes beyond ±1 are not clipped.</param>
    /// <returns>Frames [samples / <see cref="SamplesPerFrame"/>, rounded up][<see cref="CodesPerFrame"/>]. The last frame is extended with
    /// zeros.</returns>
    /// <exception cref="ArgumentException">The audio is empty, or has another sample rate.</exception>
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
            var encoder = this.encoder.Value;
            var state = encoder.CreateState();
            var frames = new List<int[]>();
            var piece = PieceFramesOfEncoder * SamplesPerFrame;
            for (var from = 0; from < samples.Length; from += piece)
                frames.AddRange(encoder.Encode(
                    samples.AsSpan(from, Math.Min(piece, samples.Length - from)), state, _workers, trace));
            return [.. frames];
        }
    }

    /// <summary>Decodes frames as one sequence: each sample depends on all earlier frames that the model can see.</summary>
    /// <param name="frames">Frames [count][<see cref="CodesPerFrame"/>] with codes below <see cref="CodebookSize"/>.</param>
    /// <returns>count * <see cref="SamplesPerFrame"/> samples within ±1.</returns>
    /// <exception cref="ArgumentException">A frame has another number of codes, or a code out of range.</exception>
    public Waveform Decode(IReadOnlyList<int[]> frames) => new(CreateStream().Push(frames), SampleRate);

    /// <summary>Begins a sequence of frames that arrive in parts.</summary>
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
                        $"padding tokens are not codes: leave those frames out.", nameof(frames));
        }
    }
}

/// <summary>
/// One sequence of frames that is decoded while it arrives. The samples equal those of
/// <see cref="SpeechCodec.Decode(IReadOnlyList{int[]})"/> bit for bit, whatever the parts are.
/// </summary>
public sealed class CodecStream
{
    readonly SpeechCodec _codec;
    readonly CausalState _state;

    internal CodecStream(SpeechCodec codec, CausalState state) => (_codec, _state) = (codec, state);

    /// <summary>Decodes the next frames.</summary>
    /// <param name="frames">Frames [count][<see cref="SpeechCodec.CodesPerFrame"/>]; count may be 0.</param>
    /// <returns>Their count * <see cref="SpeechCodec.SamplesPerFrame"/> samples. No sample is held back for later.</returns>
    /// <exception cref="ArgumentException">A frame has another number of codes, or a code out of range; the stream is
    /// unchanged.</exception>
    public float[] Push(IReadOnlyList<int[]> frames) => Push(frames, null);

    internal float[] Push(IReadOnlyList<int[]> frames, CodecTrace? trace) => _codec.Decode(frames, _state, trace);
}
