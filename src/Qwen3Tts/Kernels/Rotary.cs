namespace Qwen3Tts.Kernels;

/// <summary>Rotary position embedding in the "rotate half" form: element i turns with element i + dim/2.</summary>
static class Rotary
{
    /// <summary>In place on x [count, heads*dim] at the positions start .. start+count-1; cos and sin [position, dim/2].</summary>
    public static void Apply(Span<float> x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, int count, int start, int heads, int dim)
    {
        var half = dim / 2;
        for (var t = 0; t < count; t++)
            for (var h = 0; h < heads; h++)
                for (var i = 0; i < half; i++)
                {
                    var at = (t * heads + h) * dim + i;
                    var (a, b, c, s) = (x[at], x[at + half], cos[(start + t) * half + i], sin[(start + t) * half + i]);
                    x[at] = a * c - b * s;
                    x[at + half] = b * c + a * s;
                }
    }
}
