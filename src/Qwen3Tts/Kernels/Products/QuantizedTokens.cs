using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// Tokens as whole numbers of 16 bits, and a scale for each 64. Few lie one after the other: [count, groups, 64] and [count, groups]. Of
/// more, eight lie together, and their even groups before the odd ones, as they are multiplied: [count / 8, groups, 8, 64] and
/// [count / 8, groups, 8]. Where the last eight are incomplete, the scales of the rest are zeros, its numbers any.
/// </summary>
readonly unsafe struct QuantizedTokens(short* whole, float* scales)
{
    /// <summary>Tokens that lie together.</summary>
    public const int Together = 8;

    const int Group = Quantization.Group;

    [ThreadStatic] static float[]? _whole, _scales;

    public short* Whole => whole;
    public float* Scales => scales;

    /// <summary>In working memory of this thread, valid until its next product.</summary>
    public static QuantizedTokens Quantize(in Product product, bool few, Workers workers)
    {
        var parts = (product.Count + Together - 1) / Together;
        var room = few ? product.Count : parts * Together;
        var whole = (short*)Scratch.Floats(ref _whole, checked(room * product.Columns / 2));
        var scales = Scratch.Floats(ref _scales, checked(room * product.Columns / Group));
        var job = new Job { Product = product, Whole = whole, Scales = scales, Few = few };
        Simd.Run(ref job, parts, workers);
        return new(whole, scales);
    }

    struct Job : IKernel
    {
        public Product Product;
        public float* Scales;
        public short* Whole;
        public bool Few;

        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            var first = part * Together;
            nint groups = Product.Columns / Group;
            for (var t = first; t < (Few ? Product.Count : first + Together); t++)
                for (nint g = 0; g < groups; g++)
                {
                    var inOrder = g % 2 == 0 ? g / 2 : (groups + g) / 2; // even groups first
                    var place = Few ? t * groups + g : first * groups + inOrder * Together + t - first;
                    Scales[place] = t < Product.Count ? Pack<T>(Product.X + t * Product.XStride + g * Group, Whole + place * Group) : 0;
                }
        }

        [MethodImpl(Simd.Hot)]
        static float Pack<T>(float* x, short* to) where T : struct, ILanes<T>
        {
            var scale = GroupScale.LargestMagnitude<T>(x) / short.MaxValue;
            var inverse = 1 / scale;
            if (!float.IsFinite(inverse)) // all are zero, or so small that they may be; or one is not finite, and so is the sum
            {
                new Span<short>(to, Group).Clear();
                return float.IsNaN(scale) ? scale : 0;
            }
            var all = T.Broadcast(inverse);
            for (var i = 0; i < Group; i += 16)
                T.StoreInt16(T.Load(x + i) * all, to + i);
            return scale;
        }
    }
}
