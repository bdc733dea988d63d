using Qwen3Tts.Checkpoint;
using Qwen3Tts.Codec;

namespace Qwen3Tts.Tests;

/// <summary>
/// Shared by the tests of the codec: the codec of the goldens, their cases, and the comparison of a run's stages with them.
/// </summary>
static class CodecGoldens
{
    /// <summary>The codec, which all checkpoints of a golden set share.</summary>
    public static string Folder => Path.Combine(Golden.Checkpoint(Golden.Checkpoints.First()), "speech_tokenizer");

    static readonly Lazy<SpeechCodec> Loaded = new(() => SpeechCodec.Load(Folder));

    public static SpeechCodec Codec => Loaded.Value;

    public static SafetensorsFile File(string name) => SafetensorsFile.Open(Golden.File("codec", $"{name}.safetensors"));

    /// <summary>The names that have this ending, without it; empty if the golden set does not have the file.</summary>
    public static TheoryData<string> Cases(string file, string ending)
    {
        using var golden = File(file);
        return [.. golden.Tensors.Keys.Where(n => n.EndsWith(ending, StringComparison.Ordinal)).Select(n => n[..^ending.Length])
            .Order(StringComparer.Ordinal)];
    }

    public static int[][] Codes(this SafetensorsFile file, string name) =>
        [.. file.Int64(name).Chunk(file.Entry(name).Shape[1]).Select(frame => Array.ConvertAll(frame, c => (int)c))];

    /// <summary>Transposes [channels, rows] to [rows, channels].</summary>
    public static float[] Transposed(this SafetensorsFile file, string name)
    {
        var (from, shape) = (file.Float32(name), file.Entry(name).Shape);
        var to = new float[from.Length];
        for (var c = 0; c < shape[0]; c++)
            for (var t = 0; t < shape[1]; t++)
                to[t * shape[0] + c] = from[c * shape[1] + t];
        return to;
    }

    /// <summary>
    /// Compares codes. A code must be the expected one if the distances to the two nearest vectors differ by more than the limit. After the
    /// first code of a frame that is not certain, the rest of the semantic or acoustic chain is not compared.
    /// </summary>
    public static void CheckCodes(string mode, int[][] expected, int[][] actual, float[] margins, string what)
    {
        const float sure = 1e-4f;
        Assert.Equal(expected.Length, actual.Length);
        var wrong = 0;
        for (var t = 0; t < expected.Length; t++)
        {
            var codes = expected[t].Length;
            Assert.Equal(codes, actual[t].Length);
            for (var q = 0; q < codes; q++)
                if (expected[t][q] == actual[t][q])
                    continue;
                else if (margins[t * codes + q] > sure)
                    wrong++;
                else if (q > 0)
                    break;
        }
        Parity.Check("codec", mode, wrong, 0, $"{what}, wrong codes");
    }

    /// <summary>
    /// For each frame and quantizer the difference between the distances to the nearest and to the second nearest vector, in double,
    /// following the expected codes.
    /// </summary>
    public static float[] Margins(int[][] codes, Dictionary<string, List<float>> stages)
    {
        using var weights = Weights.Open(Folder);
        var config = CodecConfig.Read(Path.Combine(Folder, "config.json")).EncoderConfig;
        var (size, dim) = (config.CodebookSize, config.CodebookDim);
        var margins = new float[codes.Length * codes[0].Length];
        foreach (var (kind, first, count) in new[] { ("semantic", 0, config.NumSemanticQuantizers),
            ("acoustic", config.NumSemanticQuantizers, codes[0].Length - config.NumSemanticQuantizers) })
        {
            var rest = stages[$"{kind}_in"].ConvertAll(v => (double)v);
            for (var q = 0; q < count; q++)
            {
                var book = $"encoder.quantizer.{kind}_residual_vector_quantizer.layers.{q}.codebook";
                var (sums, usage) = (weights.Float32($"{book}.embed_sum", size, dim), weights.Float32($"{book}.cluster_usage", size));
                for (var t = 0; t < codes.Length; t++)
                {
                    var distances = Enumerable.Range(0, size)
                        .Select(c => Math.Sqrt(Enumerable.Range(0, dim).Sum(d => Math.Pow(rest[t * dim + d] - Vector(c, d), 2)))).Order()
                        .Take(2).ToArray();
                    margins[t * codes[0].Length + first + q] = (float)(distances[1] - distances[0]);
                    for (var d = 0; d < dim; d++)
                        rest[t * dim + d] -= Vector(codes[t][first + q], d);
                }

                float Vector(int c, int d) => sums[c * dim + d] / Math.Max(usage[c], 1e-5f);
            }
        }
        return margins;
    }

    /// <summary>A trace that joins the parts of each stage.</summary>
    public static CodecTrace Into(Dictionary<string, List<float>> stages) => (stage, rows) =>
    {
        if (!stages.TryGetValue(stage, out var all))
            stages[stage] = all = [];
        all.AddRange(rows);
    };
}
