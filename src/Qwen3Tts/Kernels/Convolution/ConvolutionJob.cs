using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>The computation of <see cref="Convolution"/>: a part is some rows of the output channels of one panel.</summary>
unsafe struct ConvolutionJob : IKernel
{
    [ThreadStatic] static float[]? _edge, _widened;

    public float* Panels, Bias, X, Y;
    public ushort* Bits; // the panels, if they are BF16; Panels is null then
    public bool Add;
    public int OutputRows, RowsPerPart, PanelCount, Lanes, Output, Input, Stride, Segments, SegmentLength, SegmentStride;

    public readonly void Part<T>(int part) where T : struct, ILanes<T> => Part<T>(this, part);

    // Steps of a chain per pass, for 48 output channels: 96 KB of weights stay in the second-level cache. Without AVX-512 a pass goes over
    // them for every six rows, and 24 KB stay in the first-level cache.
    static int Stretch<T>() where T : struct, ILanes<T> => typeof(T) == typeof(Lanes512) ? 512 : 128;

    [MethodImpl(Simd.Hot)]
    static void Part<T>(in ConvolutionJob job, int part) where T : struct, ILanes<T>
    {
        var panel = part % job.PanelCount;
        var first = part / job.PanelCount * job.RowsPerPart;
        var rows = Math.Min(job.RowsPerPart, job.OutputRows - first);
        var channel = panel * OuterTile.Panel;
        var lanes = Math.Min(OuterTile.Panel, job.Lanes - channel);
        var real = Math.Min(OuterTile.Panel, job.Output - channel);
        // Where the channels are no multiple of sixteen, the last panel is computed beside and copied.
        var y = job.Y + (nint)first * job.Output + channel;
        var to = real == lanes ? y : Scratch.Floats(ref _edge, rows * OuterTile.Panel);
        var toStride = real == lanes ? job.Output : OuterTile.Panel;
        for (var t = 0; t < rows; t++)
            Begin<T>(job.Bias + channel, job.Add ? y + (nint)t * job.Output : null, real, to + (nint)t * toStride, lanes);
        var x = job.X + (nint)first * job.Stride * job.Input;
        var at = (nint)channel * job.Segments * job.SegmentLength;
        for (var s = 0; s < job.Segments; s++, x += job.SegmentStride)
            for (var k = 0; k < job.SegmentLength; k += Stretch<T>())
            {
                var steps = Math.Min(Stretch<T>(), job.SegmentLength - k);
                if (job.Bits == null)
                    OuterTile.Run<T>(x + k, (nint)job.Stride * job.Input, job.Panels + at, lanes, to, toStride, steps, rows, lanes);
                else if (lanes == OuterTile.Panel && rows <= OuterTile.FewRows<T>())
                    OuterTile.RunBFloat16<T>(x + k, (nint)job.Stride * job.Input, job.Bits + at, to, toStride, steps, rows);
                else
                    OuterTile.Run<T>(x + k, (nint)job.Stride * job.Input, Widen<T>(job.Bits + at, steps * lanes), lanes, to, toStride,
                        steps, rows, lanes);
                at += (nint)steps * lanes;
            }
        if (real < lanes)
            for (var t = 0; t < rows; t++)
                new ReadOnlySpan<float>(to + (nint)t * toStride, real).CopyTo(new(y + (nint)t * job.Output, real));
    }

    // The weights of one pass as float32, in the cache.
    [MethodImpl(Simd.Hot)]
    static float* Widen<T>(ushort* bits, int count) where T : struct, ILanes<T>
    {
        var to = Scratch.Floats(ref _widened, OuterTile.Panel * Stretch<T>());
        for (var i = 0; i < count; i += 16)
        {
            if (i % 32 == 0)
                Prefetch.Ahead(bits + i); // once a cache line
            T.LoadBFloat16(bits + i).Store(to + i);
        }
        return to;
    }

    // The bias, and the content of y [real] if there is one.
    [MethodImpl(Simd.Hot)]
    static void Begin<T>(float* bias, float* y, int real, float* to, int lanes) where T : struct, ILanes<T>
    {
        var lane = 0;
        if (y != null)
        {
            for (; lane + 16 <= real; lane += 16)
                (T.Load(y + lane) + T.Load(bias + lane)).Store(to + lane);
            for (; lane < real; lane++)
                to[lane] = y[lane] + bias[lane];
        }
        for (; lane < lanes; lane++)
            to[lane] = bias[lane];
    }
}
