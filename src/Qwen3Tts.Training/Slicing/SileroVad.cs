// Voice activity: the probability of speech for each 32 ms of a recording. The network is Silero VAD v5 for 16 kHz (MIT; its licence is
// beside the weights): a Fourier transform as a convolution, four convolutions, an LSTM cell and one output. It is computed with the
// library's kernels, so the probabilities are the same bits on every machine and for any number of threads; a test compares them with
// ONNX Runtime. Only the LSTM needs the windows one after the other; everything before it takes many windows at once.
using Qwen3Tts.Kernels;

namespace Qwen3Tts.Training.Slicing;

sealed class SileroVad
{
    /// <summary>Samples per second.</summary>
    public const int Rate = 16000;
    /// <summary>Samples of a window, each of which gets one probability.</summary>
    public const int Window = 512;

    const int Context = 64; // samples before the window, which the network sees too
    const int Seen = Context + Window;
    const int Transform = 256, Step = 128, Bins = Transform / 2 + 1, Frames = 4; // of the Fourier transform
    const int Mirrored = Transform / 4; // samples added behind the window by mirroring
    const int Hidden = 128;
    const int AtOnce = 256; // windows

    static readonly Lazy<SileroVad> Loaded = new(() => new(OnnxWeights.Read(WeightsFile(), "then_branch")));

    readonly Matrix _basis; // [2 * Bins, Transform]
    readonly Convolution[] _encoder;
    readonly Matrix _inputGates, _hiddenGates; // [4 * Hidden, Hidden], gates in the order input, forget, cell, output
    readonly float[] _inputBias, _hiddenBias; // [4 * Hidden]
    readonly float[] _output; // [Hidden]
    readonly float _bias;

    /// <summary>The network, which is loaded once. It holds only weights, so several threads may share it.</summary>
    public static SileroVad Instance => Loaded.Value;

    SileroVad(Dictionary<string, float[]> weights)
    {
        _basis = Matrix.Create(2 * Bins, Transform, weights["stft.forward_basis_buffer"]);
        _encoder = [new(weights, 0, Bins, 128, 1), new(weights, 1, 128, 64, 2), new(weights, 2, 64, 64, 2), new(weights, 3, 64, Hidden, 1)];
        _inputGates = Matrix.Create(4 * Hidden, Hidden, weights["decoder.rnn.weight_ih"]);
        _hiddenGates = Matrix.Create(4 * Hidden, Hidden, weights["decoder.rnn.weight_hh"]);
        (_inputBias, _hiddenBias) = (weights["decoder.rnn.bias_ih"], weights["decoder.rnn.bias_hh"]);
        (_output, _bias) = (weights["decoder.decoder.2.weight"], weights["decoder.decoder.2.bias"][0]);
    }

    /// <summary>The ONNX file as it was published.</summary>
    public static byte[] WeightsFile()
    {
        using var stream = typeof(SileroVad).Assembly.GetManifestResourceStream("silero_vad_v5.onnx")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>The probability of speech in each window.</summary>
    /// <param name="samples">Mono at 16 kHz [n].</param>
    /// <param name="progress">Receives the seconds that are done.</param>
    /// <param name="stop">Cancels.</param>
    /// <returns>[ceil(n / Window)]; the last window is filled with zeros.</returns>
    public float[] Probabilities(ReadOnlySpan<float> samples, Action<double>? progress = null, CancellationToken stop = default)
    {
        var result = new float[(samples.Length + Window - 1) / Window];
        var (h, c) = (new float[Hidden], new float[Hidden]);
        var gates = new float[AtOnce * 4 * Hidden];
        var recurrent = new float[4 * Hidden];
        for (var first = 0; first < result.Length; first += AtOnce)
        {
            stop.ThrowIfCancellationRequested();
            progress?.Invoke((double)first * Window / Rate);
            var count = Math.Min(AtOnce, result.Length - first);
            var x = Encode(samples, first, count);
            MatrixProduct.Multiply(_inputGates, x, gates, count, Workers.Shared, _inputBias);
            for (var i = 0; i < count; i++)
            {
                MatrixProduct.Multiply(_hiddenGates, h, recurrent, 1, Workers.Shared, _hiddenBias);
                Cell(gates.AsSpan(i * 4 * Hidden, 4 * Hidden), recurrent, h, c);
                result[first + i] = Output(h);
            }
        }
        return result;
    }

    /// <summary>The convolutions. out: [count, Hidden].</summary>
    float[] Encode(ReadOnlySpan<float> samples, int first, int count)
    {
        var (seen, spectrum) = (new float[Seen + Mirrored], new float[Frames * 2 * Bins]);
        var x = new float[count * Frames * Bins]; // [count, Frames, Bins]
        for (var i = 0; i < count; i++)
        {
            var begin = (first + i) * Window - Context;
            for (var s = 0; s < Seen; s++)
                seen[s] = begin + s >= 0 && begin + s < samples.Length ? samples[begin + s] : 0;
            for (var m = 0; m < Mirrored; m++)
                seen[Seen + m] = seen[Seen - 2 - m];
            MatrixProduct.Multiply(_basis, seen, Step, spectrum, Frames, Workers.Shared, [], add: false);
            for (var f = 0; f < Frames; f++)
                for (var b = 0; b < Bins; b++)
                {
                    var (re, im) = (spectrum[f * 2 * Bins + b], spectrum[f * 2 * Bins + Bins + b]);
                    x[(i * Frames + f) * Bins + b] = MathF.Sqrt(re * re + im * im);
                }
        }
        var rows = Frames;
        foreach (var convolution in _encoder)
            (x, rows) = convolution.Apply(x, count, rows);
        return x;
    }

    /// <summary>One step of the LSTM. in: input and recurrent [4 * Hidden] · out: h, c [Hidden] · overwrites: input, h, c.</summary>
    static void Cell(Span<float> input, ReadOnlySpan<float> recurrent, float[] h, float[] c)
    {
        for (var i = 0; i < input.Length; i++)
            input[i] += recurrent[i];
        Activations.Sigmoid(input[..(2 * Hidden)]);
        Activations.Tanh(input[(2 * Hidden)..(3 * Hidden)]);
        Activations.Sigmoid(input[(3 * Hidden)..]);
        for (var i = 0; i < Hidden; i++)
            h[i] = c[i] = input[Hidden + i] * c[i] + input[i] * input[2 * Hidden + i];
        Activations.Tanh(h);
        for (var i = 0; i < Hidden; i++)
            h[i] *= input[3 * Hidden + i];
    }

    float Output(float[] h)
    {
        var sum = _bias;
        for (var i = 0; i < Hidden; i++)
            sum += _output[i] * Math.Max(0, h[i]);
        Span<float> one = [sum];
        Activations.Sigmoid(one);
        return one[0];
    }

    /// <summary>
    /// A convolution of three taps over the frames of each window, with one frame of zeros at both ends, then ReLU.
    /// </summary>
    sealed class Convolution
    {
        const int Taps = 3;
        readonly Matrix _weight; // [outputs, Taps * inputs]
        readonly float[] _bias; // [outputs]
        readonly int _inputs, _stride;

        public Convolution(Dictionary<string, float[]> weights, int number, int inputs, int outputs, int stride)
        {
            var stored = weights[$"encoder.{number}.reparam_conv.weight"]; // [outputs, inputs, Taps]
            var turned = new float[stored.Length];
            for (var o = 0; o < outputs; o++)
                for (var i = 0; i < inputs; i++)
                    for (var t = 0; t < Taps; t++)
                        turned[(o * Taps + t) * inputs + i] = stored[(o * inputs + i) * Taps + t];
            (_weight, _bias) = (Matrix.Create(outputs, Taps * inputs, turned), weights[$"encoder.{number}.reparam_conv.bias"]);
            (_inputs, _stride) = (inputs, stride);
        }

        /// <summary>in: x [count, rows, inputs] · out: [count, rows / stride, outputs], and the number of rows.</summary>
        public (float[] Y, int Rows) Apply(float[] x, int count, int rows)
        {
            var made = (rows - 1) / _stride + 1;
            var around = new float[count * made * Taps * _inputs]; // the three rows that each output row needs
            for (var i = 0; i < count; i++)
                for (var r = 0; r < made; r++)
                    for (var t = 0; t < Taps; t++)
                        if (r * _stride + t - 1 is var from && from >= 0 && from < rows)
                            x.AsSpan((i * rows + from) * _inputs, _inputs)
                                .CopyTo(around.AsSpan(((i * made + r) * Taps + t) * _inputs));
            var y = new float[count * made * _weight.Rows];
            MatrixProduct.Multiply(_weight, around, y, count * made, Workers.Shared, _bias);
            Activations.Relu(y);
            return (y, made);
        }
    }
}
