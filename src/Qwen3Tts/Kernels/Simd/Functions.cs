using System.Runtime.CompilerServices;

namespace Qwen3Tts.Kernels;

/// <summary>
/// The transcendental functions, sixteen numbers at a time. The polynomials interpolate at Chebyshev nodes, which is very close to the best
/// polynomial of that degree.
/// </summary>
static class Functions
{
    /// <summary>e^x; 0 below -87.7 and infinity above 88.4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : struct, ILanes<T>
    {
        var power = Reduce(x, out var rest);
        return T.MultiplyAdd(power, rest, power);
    }

    /// <summary>e^x - 1, exact to the last bits near 0 as well.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ExpMinusOne<T>(T x) where T : struct, ILanes<T>
    {
        var power = Reduce(x, out var rest);
        return T.MultiplyAdd(power, rest, power - T.Broadcast(1));
    }

    /// <summary>1 / (1 + e^-x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x) where T : struct, ILanes<T> => T.Broadcast(1) / (T.Broadcast(1) + Exp(T.Broadcast(0) - x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Silu<T>(T x) where T : struct, ILanes<T> => x / (T.Broadcast(1) + Exp(T.Broadcast(0) - x));

    /// <summary>Beyond 10 it is ±1 in float32; e^2x would overflow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : struct, ILanes<T>
    {
        var e = ExpMinusOne(T.Broadcast(2) * T.Min(T.Broadcast(10), T.Max(T.Broadcast(-10), x)));
        return e / (e + T.Broadcast(2));
    }

    /// <summary>x Φ(x) with the normal distribution Φ: the exact GELU, not its tanh approximation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Gelu<T>(T x) where T : struct, ILanes<T>
    {
        // Φ(-|x|) = e^(-x²/2) t p(t) with t = 1 / (1 + 0.3 |x|): relative error 5e-7 down to where Φ underflows.
        var one = T.Broadcast(1);
        var t = one / T.MultiplyAdd(T.Broadcast(0.3f), T.Abs(x), one);
        var p = T.MultiplyAdd(T.Broadcast(0.03741848096251488f), t, T.Broadcast(-0.1643185168504715f));
        p = T.MultiplyAdd(p, t, T.Broadcast(0.21831545233726501f));
        p = T.MultiplyAdd(p, t, T.Broadcast(-0.06437430530786514f));
        p = T.MultiplyAdd(p, t, T.Broadcast(0.13402114808559418f));
        p = T.MultiplyAdd(p, t, T.Broadcast(0.09832777082920074f));
        p = T.MultiplyAdd(p, t, T.Broadcast(0.12099555879831314f));
        p = T.MultiplyAdd(p, t, T.Broadcast(0.11961443722248077f));
        var below = p * t * Exp(T.Broadcast(-0.5f) * x * x);
        return x * T.WhereNegative(x, below, one - below);
    }

    /// <summary>
    /// sin²(x), period π: with n = round(x/π) and r = x - nπ in two steps it is the square of a polynomial of sin on ±π/2.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T SineSquared<T>(T x) where T : struct, ILanes<T>
    {
        var n = T.Round(x * T.Broadcast(0.318309886f));
        var r = T.MultiplyAdd(n, T.Broadcast(-3.14159274f), x); // exact
        r = T.MultiplyAdd(n, T.Broadcast(8.74227801e-8f), r); // float32 π is too large by this much
        var u = r * r;
        var p = T.MultiplyAdd(T.Broadcast(2.634744532770128e-06f), u, T.Broadcast(-0.00019822735339403152f));
        p = T.MultiplyAdd(p, u, T.Broadcast(0.008333242498338223f));
        p = T.MultiplyAdd(p, u, T.Broadcast(-0.1666666567325592f));
        var sine = T.MultiplyAdd(p * u, r, r);
        return sine * sine;
    }

    // e^x = 2^n e^r: returns 2^n, and e^r - 1 for |r| <= ln 2 / 2. The constant stands first in Min and Max so that a NaN stays one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static T Reduce<T>(T x, out T rest) where T : struct, ILanes<T>
    {
        x = T.Min(T.Broadcast(89), T.Max(T.Broadcast(-88), x));
        var n = T.Round(x * T.Broadcast(1.44269504f));
        var r = T.MultiplyAdd(n, T.Broadcast(-0.693147182f), x);
        r = T.MultiplyAdd(n, T.Broadcast(1.90465421e-9f), r); // float32 ln 2 is too large by this much
        var p = T.MultiplyAdd(T.Broadcast(0.0013926177052780986f), r, T.Broadcast(0.00836317427456379f));
        p = T.MultiplyAdd(p, r, T.Broadcast(0.041666556149721146f));
        p = T.MultiplyAdd(p, r, T.Broadcast(0.16666577756404877f));
        p = T.MultiplyAdd(p, r, T.Broadcast(0.5f));
        rest = T.MultiplyAdd(p * r, r, r);
        return T.PowerOfTwo(n);
    }
}
