// Optimisers that other trainers use, in their simplest form, to train checkpoints with faults. Each method creates the optimiser state of
// one tensor.
namespace Qwen3Tts.Tests;

/// <summary>Updates the weights of a tensor with its gradient.</summary>
delegate void WeightUpdate(float[] weight, float[] gradient, float rate);

static class OtherOptimizers
{
    /// <summary>Stochastic gradient descent with a momentum of 0.9.</summary>
    public static WeightUpdate Momentum(long[] shape)
    {
        var velocity = new float[shape.Aggregate(1L, (a, b) => a * b)];
        return (weight, gradient, rate) =>
        {
            for (var i = 0; i < weight.Length; i++)
            {
                velocity[i] = 0.9f * velocity[i] + gradient[i];
                weight[i] -= rate * velocity[i];
            }
        };
    }

    /// <summary>Adafactor's update without momentum. For a matrix, only the row means and column means of the squared gradients are stored.
    /// An update whose root mean square is above 1 is scaled down to 1.</summary>
    public static WeightUpdate Factored(long[] shape)
    {
        var (rows, columns) = ((int)shape[0], (int)shape.Skip(1).Aggregate(1L, (a, b) => a * b));
        var (ofRows, ofColumns, steps) = (new double[rows], new double[columns], 0);
        return (weight, gradient, rate) =>
        {
            var keep = 1 - Math.Pow(++steps, -0.8);
            Fold(ofRows, (row, i) => row * columns + i, columns);
            Fold(ofColumns, (column, i) => i * columns + column, rows);
            var mean = ofRows.Average();
            var update = gradient.Select((g, i) => g / Math.Sqrt(ofRows[i / columns] * ofColumns[i % columns] / mean)).ToArray();
            var scale = rate / Math.Max(1, Math.Sqrt(update.Average(u => u * u)));
            for (var i = 0; i < weight.Length; i++)
                weight[i] -= (float)(scale * update[i]);

            void Fold(double[] means, Func<int, int, int> index, int others)
            {
                for (var k = 0; k < means.Length; k++)
                {
                    var sum = 0.0;
                    for (var i = 0; i < others; i++)
                        sum += (double)gradient[index(k, i)] * gradient[index(k, i)] + 1e-30;
                    means[k] = keep * means[k] + (1 - keep) * sum / others;
                }
            }
        };
    }

    /// <summary>Adam whose moments are kept in 8 bits, in blocks of 256 with one scale each, as bitsandbytes does.</summary>
    public static WeightUpdate EightBit(long[] shape)
    {
        var size = (int)shape.Aggregate(1L, (a, b) => a * b);
        var (mean, square, steps) = (new float[size], new float[size], 0);
        return (weight, gradient, rate) =>
        {
            steps++;
            var (bias1, bias2) = (1 - Math.Pow(0.9, steps), 1 - Math.Pow(0.999, steps));
            for (var i = 0; i < size; i++)
            {
                mean[i] = 0.9f * mean[i] + 0.1f * gradient[i];
                square[i] = 0.999f * square[i] + 0.001f * gradient[i] * gradient[i];
                weight[i] -= (float)(rate * mean[i] / bias1 / (Math.Sqrt(square[i] / bias2) + 1e-8));
            }
            Quantise(mean, octaves: 15); // sign, four bits of exponent, three of fraction
            Quantise(square, octaves: 31); // no sign, five bits of exponent, three of fraction
        };
    }

    /// <summary>Rounds each value to three bits of fraction. A value that is more than this number of octaves below the largest of its
    /// block becomes zero.</summary>
    static void Quantise(float[] values, int octaves)
    {
        const int Block = 256;
        for (var from = 0; from < values.Length; from += Block)
        {
            var block = values.AsSpan(from, Math.Min(Block, values.Length - from));
            var largest = 0f;
            foreach (var v in block)
                largest = Math.Max(largest, Math.Abs(v));
            if (largest == 0)
                continue;
            foreach (ref var v in block)
            {
                var part = v / largest;
                var exponent = part == 0 ? -octaves - 1 : Math.ILogB(part);
                var eighths = Math.Round(Math.ScaleB((double)part, 3 - exponent));
                v = exponent < -octaves ? 0 : (float)(Math.ScaleB(eighths, exponent - 3) * largest);
            }
        }
    }
}
