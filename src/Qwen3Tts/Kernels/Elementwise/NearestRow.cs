using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>The search for the nearest vector of a codebook.</summary>
static unsafe class NearestRow
{
    const int Together = 4; // vectors that meet a row while it is in registers

    /// <summary>
    /// in: rows [size, dim], x [count, dim] · out: for each x the row with the least squared distance; of equally near ones the first ·
    /// overwrites: nearest [count]. Differences are squared one by one: computed by dot products, nearly equal distances would be decided
    /// differently.
    /// </summary>
    public static void Find(ReadOnlySpan<float> rows, ReadOnlySpan<float> x, int dim, Span<int> nearest, Workers workers)
    {
        if (x.Length < (long)nearest.Length * dim || rows.Length < dim || rows.Length % dim != 0)
            throw new ArgumentException($"{nearest.Length} vectors of {dim} were asked for, but {x.Length} numbers of them and "
                + $"{rows.Length} of rows were given.");
        fixed (float* from = rows, vectors = x)
        fixed (int* to = nearest)
        {
            var job = new Job { Rows = from, X = vectors, Nearest = to, Size = rows.Length / dim, Dim = dim, Count = nearest.Length };
            Simd.Run(ref job, (nearest.Length + Together - 1) / Together, workers);
        }
    }

    struct Job : IKernel
    {
        public float* Rows, X;
        public int* Nearest;
        public int Size, Dim, Count;

        [MethodImpl(Simd.Hot)]
        public readonly void Part<T>(int part) where T : struct, ILanes<T>
        {
            var first = part * Together;
            var least = stackalloc float[Together];
            // Beyond the last vector, the last one is measured again.
            float* x0 = At(first), x1 = At(first + 1), x2 = At(first + 2), x3 = At(first + 3);
            for (var i = 0; i < Together; i++)
                least[i] = float.PositiveInfinity;
            var found = stackalloc int[Together];
            var distances = stackalloc float[Together];
            new Span<int>(found, Together).Clear();
            for (var r = 0; r < Size; r++)
            {
                Distances<T>(Rows + (nint)r * Dim, x0, x1, x2, x3, distances);
                for (var i = 0; i < Together; i++)
                    if (distances[i] < least[i])
                        (least[i], found[i]) = (distances[i], r);
            }
            for (var i = 0; i < Math.Min(Together, Count - first); i++)
                Nearest[first + i] = found[i];
        }

        readonly float* At(int vector) => X + (nint)Math.Min(vector, Count - 1) * Dim;

        [MethodImpl(Simd.Hot)]
        readonly void Distances<T>(float* row, float* x0, float* x1, float* x2, float* x3, float* to) where T : struct, ILanes<T>
        {
            T a = T.Broadcast(0), b = a, c = a, d = a;
            var i = 0;
            for (; i + 16 <= Dim; i += 16)
            {
                var w = T.Load(row + i);
                T p = w - T.Load(x0 + i), q = w - T.Load(x1 + i), r = w - T.Load(x2 + i), s = w - T.Load(x3 + i);
                (a, b, c, d) = (T.MultiplyAdd(p, p, a), T.MultiplyAdd(q, q, b), T.MultiplyAdd(r, r, c), T.MultiplyAdd(s, s, d));
            }
            (to[0], to[1], to[2], to[3]) = (a.Sum(), b.Sum(), c.Sum(), d.Sum());
            for (; i < Dim; i++)
            {
                float p = row[i] - x0[i], q = row[i] - x1[i], r = row[i] - x2[i], s = row[i] - x3[i];
                (to[0], to[1], to[2], to[3]) = (to[0] + p * p, to[1] + q * q, to[2] + r * r, to[3] + s * s);
            }
        }
    }
}
