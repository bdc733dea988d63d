// The blocks of an ECAPA-TDNN (https://arxiv.org/abs/2005.07143), time-major, on whole recordings: squeeze-and-excitation and the pooling
// need all rows of a recording at once. Convolutions keep the number of rows by mirroring the rows at both ends.
using Qwen3Tts.Checkpoint;
using Qwen3Tts.Kernels;
using Qwen3Tts.Layers;

namespace Qwen3Tts.Speaker;

/// <summary>relu(conv(x)); the number of rows is unchanged.</summary>
sealed class TimeDelayBlock(Weights weights, string name, int input, int output, int taps, int dilation)
{
    readonly Convolution conv = weights.Convolution($"{name}.conv", output, input, taps, dilation: dilation);

    public int Input => input;

    /// <summary>Fewest rows that the input may have: one more than mirroring adds at an end.</summary>
    public int LeastRows => conv.Reach / 2 + 1;

    /// <summary>in: x [rows, input] · out: a new array [rows, output].</summary>
    public float[] Apply(ReadOnlySpan<float> x, int rows, Workers workers)
    {
        var before = (conv.Reach - 1) / 2;
        var padded = new float[(rows + conv.Reach - 1) * input];
        for (var t = 0; t < rows + conv.Reach - 1; t++)
            x.Slice(MelSpectrogram.Mirror(t - before, rows) * input, input).CopyTo(padded.AsSpan(t * input));
        var y = new float[rows * output];
        conv.Apply(padded, y, rows, workers);
        Activations.Relu(y);
        return y;
    }
}

/// <summary>x + se(tdnn2(res2net(tdnn1(x)))).</summary>
sealed class SqueezeExcitationRes2NetBlock(Weights weights, string name, int input, int output, int taps, int dilation,
    SpeakerEncoderConfig c)
{
    readonly TimeDelayBlock tdnn1 = new(weights, $"{name}.tdnn1", input, output, 1, 1);
    readonly Res2NetBlock res2net_block = new(weights, $"{name}.res2net_block", output, c.EncRes2netScale, taps, dilation);
    readonly TimeDelayBlock tdnn2 = new(weights, $"{name}.tdnn2", output, output, 1, 1);
    readonly SqueezeExcitationBlock se_block = new(weights, $"{name}.se_block", output, c.EncSeChannels);

    public int LeastRows => res2net_block.LeastRows;

    /// <summary>in: x [rows, input] · out: a new array [rows, output].</summary>
    public float[] Apply(ReadOnlySpan<float> x, int rows, Workers workers)
    {
        var y = tdnn1.Apply(x, rows, workers);
        res2net_block.Apply(y, rows, workers);
        y = tdnn2.Apply(y, rows, workers);
        se_block.Apply(y, rows, workers);
        Activations.AddScaled(y, x, 1);
        return y;
    }
}

/// <summary>
/// Divides the channels into groups. The first group is unchanged; the second is convolved; to each further group the result of the group
/// before it is added, and then it is convolved.
/// </summary>
sealed class Res2NetBlock(Weights weights, string name, int channels, int scale, int taps, int dilation)
{
    readonly int _width = channels / scale;
    readonly TimeDelayBlock[] blocks = [.. Numbers(weights, name, scale - 1)
        .Select(i => new TimeDelayBlock(weights, $"{name}.blocks.{i}", channels / scale, channels / scale, taps, dilation))];

    public int LeastRows => blocks.Max(b => b.LeastRows);

    static IEnumerable<int> Numbers(Weights weights, string name, int count)
    {
        weights.Expect($"{name}.blocks", count);
        return Enumerable.Range(0, count);
    }

    /// <summary>in: x [rows, channels] · out: x after the block · overwrites: x.</summary>
    public void Apply(Span<float> x, int rows, Workers workers)
    {
        var group = new float[rows * _width];
        var result = new float[rows * _width]; // zeros: nothing is added to the second group
        for (var i = 0; i < blocks.Length; i++)
        {
            for (var t = 0; t < rows; t++)
                x.Slice(t * channels + (i + 1) * _width, _width).CopyTo(group.AsSpan(t * _width));
            Activations.AddScaled(group, result, 1);
            result = blocks[i].Apply(group, rows, workers);
            for (var t = 0; t < rows; t++)
                result.AsSpan(t * _width, _width).CopyTo(x[(t * channels + (i + 1) * _width)..]);
        }
    }
}

/// <summary>x * sigmoid(conv2(relu(conv1(mean of x over time)))).</summary>
sealed class SqueezeExcitationBlock(Weights weights, string name, int channels, int squeezed)
{
    readonly Linear conv1 = Linear.LoadPointwise(weights, $"{name}.conv1", squeezed, channels, bias: true);
    readonly Linear conv2 = Linear.LoadPointwise(weights, $"{name}.conv2", channels, squeezed, bias: true);

    /// <summary>in: x [rows, channels] · out: x after the block · overwrites: x.</summary>
    public void Apply(Span<float> x, int rows, Workers workers)
    {
        var mean = new float[channels];
        for (var t = 0; t < rows; t++)
            Activations.AddScaled(mean, x.Slice(t * channels, channels), 1f / rows);
        var inner = new float[squeezed];
        conv1.Apply(mean, inner, 1, workers);
        Activations.Relu(inner);
        conv2.Apply(inner, mean, 1, workers);
        Activations.Sigmoid(mean);
        for (var t = 0; t < rows; t++)
            for (var c = 0; c < channels; c++)
                x[t * channels + c] *= mean[c];
    }
}

/// <summary>
/// Weighted mean and standard deviation over time. The weights come from an attention per channel, which also sees the unweighted mean and
/// deviation.
/// </summary>
sealed class AttentiveStatisticsPooling
{
    const float LeastVariance = 1e-12f;

    readonly TimeDelayBlock tdnn;
    readonly Linear conv;
    readonly int _channels, _attention;

    public AttentiveStatisticsPooling(Weights weights, string name, int channels, int attention)
    {
        (_channels, _attention) = (channels, attention);
        tdnn = new(weights, $"{name}.tdnn", 3 * channels, attention, 1, 1);
        conv = Linear.LoadPointwise(weights, $"{name}.conv", channels, attention, bias: true);
    }

    /// <summary>in: x [rows, channels] · out: mean and deviation [2 * channels].</summary>
    public float[] Apply(ReadOnlySpan<float> x, int rows, Workers workers)
    {
        var even = new float[rows * _channels];
        Array.Fill(even, 1f / rows);
        var plain = Statistics(x, even, rows);
        var wide = new float[rows * 3 * _channels]; // x, mean, deviation
        for (var t = 0; t < rows; t++)
        {
            x.Slice(t * _channels, _channels).CopyTo(wide.AsSpan(t * 3 * _channels));
            plain.CopyTo(wide, (t * 3 + 1) * _channels);
        }
        var inner = tdnn.Apply(wide, rows, workers);
        Activations.Tanh(inner);
        var weight = new float[rows * _channels];
        conv.Apply(inner, weight, rows, workers);
        SoftmaxOverTime(weight, rows);
        return Statistics(x, weight, rows);
    }

    void SoftmaxOverTime(float[] weight, int rows)
    {
        var column = new float[rows];
        for (var c = 0; c < _channels; c++)
        {
            for (var t = 0; t < rows; t++)
                column[t] = weight[t * _channels + c];
            Activations.Softmax(column);
            for (var t = 0; t < rows; t++)
                weight[t * _channels + c] = column[t];
        }
    }

    float[] Statistics(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, int rows)
    {
        var (mean, variance) = (new double[_channels], new double[_channels]);
        for (var i = 0; i < rows * _channels; i++)
            mean[i % _channels] += (double)weight[i] * x[i];
        for (var i = 0; i < rows * _channels; i++)
            variance[i % _channels] += weight[i] * (x[i] - mean[i % _channels]) * (x[i] - mean[i % _channels]);
        return [.. mean.Select(m => (float)m), .. variance.Select(v => MathF.Sqrt(Math.Max((float)v, LeastVariance)))];
    }
}
