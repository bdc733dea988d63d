using Qwen3Tts.Audio;

namespace Qwen3Tts.Tests.Slicing;

/// <summary>
/// Decodes G.722 at 64 kbit/s, the format of Debian's telephone recordings: two bands of adaptive differential PCM, joined by a quadrature
/// mirror filter. Written after ITU-T G.722; the names are those of its blocks.
/// </summary>
static class G722
{
    static readonly int[] LowSteps = [-60, -30, 58, 172, 334, 538, 1198, 3042], HighSteps = [0, -214, 798];
    static readonly int[] LowIndex = [0, 7, 6, 5, 4, 3, 2, 1, 7, 6, 5, 4, 3, 2, 1, 0], HighIndex = [2, 1, 2, 1];
    static readonly int[] HighLevels = [-7408, -1616, 7408, 1616];
    static readonly int[] Mirror = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];
    static readonly int[] FourBits =
        [0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0];
    static readonly int[] SixBits = [-136, -136, -136, -136, .. Ladder.Select(v => -v), .. Ladder, 432, 136, -432, -136];
    static readonly int[] Logarithms = [.. Enumerable.Range(0, 32).Select(i => (int)Math.Floor(2048 * Math.Pow(2, i / 32.0) + 0.5))];

    static int[] Ladder => [24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944,
        4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728];

    public static Waveform Decode(byte[] codes)
    {
        var (low, high, history) = (new Band(32), new Band(8), new int[24]);
        var samples = new float[2 * codes.Length];
        for (var i = 0; i < codes.Length; i++)
        {
            var (l, h) = (low.Low(codes[i] & 63), high.High(codes[i] >> 6));
            Array.Copy(history, 2, history, 0, 22);
            (history[22], history[23]) = (l + h, l - h);
            var (first, second) = (0, 0);
            for (var t = 0; t < 12; t++)
                (second, first) = (second + history[2 * t] * Mirror[t], first + history[2 * t + 1] * Mirror[11 - t]);
            (samples[2 * i], samples[2 * i + 1]) = (Saturated(first >> 11) / 32768f, Saturated(second >> 11) / 32768f);
        }
        return new(samples, 16000);
    }

    static int Saturated(int value) => Math.Clamp(value, -32768, 32767);

    /// <summary>The decoder of one band, with its two predictors.</summary>
    sealed class Band(int step)
    {
        readonly int[] _a = new int[3], _b = new int[7], _d = new int[7], _p = new int[3], _r = new int[3];
        int _logStep, _step = step, _zeros, _prediction;

        public int Low(int code)
        {
            var reconstructed = Math.Clamp(_prediction + (_step * SixBits[code] >> 15), -16384, 16383);
            var difference = _step * FourBits[code >> 2] >> 15;
            Scale(LowSteps[LowIndex[code >> 2]], 18432, 8);
            Adapt(difference);
            return reconstructed;
        }

        public int High(int code)
        {
            var difference = _step * HighLevels[code] >> 15;
            var reconstructed = Math.Clamp(_prediction + difference, -16384, 16383);
            Scale(HighSteps[HighIndex[code]], 22528, 10);
            Adapt(difference);
            return reconstructed;
        }

        void Scale(int change, int most, int shift)
        {
            _logStep = Math.Clamp((_logStep * 127 >> 7) + change, 0, most);
            var by = shift - (_logStep >> 11);
            var value = Logarithms[_logStep >> 6 & 31];
            _step = (by < 0 ? value << -by : value >> by) << 2;
        }

        void Adapt(int difference)
        {
            _d[0] = difference;
            _r[0] = Saturated(_prediction + difference);
            _p[0] = Saturated(_zeros + difference);
            var (same1, same2) = (_p[0] < 0 == _p[1] < 0, _p[0] < 0 == _p[2] < 0);
            var towards = Saturated(_a[1] << 2);
            var second = Math.Clamp((Math.Min(32767, same1 ? -towards : towards) >> 7) + (same2 ? 128 : -128) + (_a[2] * 32512 >> 15),
                -12288, 12288);
            var limit = Saturated(15360 - second);
            var first = Math.Clamp(Saturated((same1 ? 192 : -192) + (_a[1] * 32640 >> 15)), -limit, limit);
            var push = difference == 0 ? 0 : 128;
            for (var i = 1; i < 7; i++)
                _b[i] = Saturated((_d[i] < 0 == difference < 0 ? push : -push) + (_b[i] * 32640 >> 15));
            Array.Copy(_d, 0, _d, 1, 6);
            (_r[2], _r[1], _p[2], _p[1], _a[1], _a[2]) = (_r[1], _r[0], _p[1], _p[0], first, second);
            _zeros = 0;
            for (var i = 6; i > 0; i--)
                _zeros += _b[i] * Saturated(2 * _d[i]) >> 15;
            _zeros = Saturated(_zeros);
            _prediction = Saturated(Saturated((_a[1] * Saturated(2 * _r[1]) >> 15) + (_a[2] * Saturated(2 * _r[2]) >> 15)) + _zeros);
        }
    }
}
