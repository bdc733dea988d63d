// Which clips are never trained on. Each text draws a number from its own content, and the lowest ones are held out: a clip stays where it
// is when others come or go, and copies of one sentence (augmented, or spoken twice) stay on one side.
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Qwen3Tts.Data;

namespace Qwen3Tts.Training.Data;

/// <summary>How many clips are held out: a share of the texts, or a number of clips.</summary>
/// <param name="Share">Of all texts, 0 to 1. Adding clips moves none.</param>
/// <param name="Count">Clips, at most. Adding a clip may take the place of one.</param>
readonly record struct HeldOut(double? Share, int? Count)
{
    /// <summary>"5%", or a number of clips.</summary>
    /// <exception cref="ArgumentException">It is neither.</exception>
    public static HeldOut Parse(string text) =>
        text.EndsWith('%') && double.TryParse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var percent)
            && percent is >= 0 and < 100 ? new(percent / 100, null)
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? new(null, count)
        : throw new ArgumentException(
            $"--held-out is '{Files.Printable.Text(text)}', expected a number of clips or a share below 100 %, such as 16 or 5%. Correct " +
            $"it, or leave the option out.");

    /// <summary>What the list says of each clip; where it says nothing, <paramref name="asked"/> clips are chosen.</summary>
    /// <exception cref="ArgumentException">The list says something else than what is asked.</exception>
    public static bool[] Select(IReadOnlyList<Clip> clips, int asked)
    {
        if (clips.All(c => c.HeldOut is null))
            return new HeldOut(null, asked).Choose(clips);
        var said = clips.Select(c => c.HeldOut == true).ToArray();
        return asked == 0 || asked == said.Count(held => held) ? said
            : throw new ArgumentException(
                $"--held-out is {asked}, but the data holds out {said.Count(held => held)} clips, chosen when it was imported. Leave the " +
                $"option out.");
    }

    /// <summary>True for each clip that is held out.</summary>
    /// <exception cref="ArgumentException">No clip would be left to train on, or none held out where some are asked for.</exception>
    public bool[] Choose(IReadOnlyList<Clip> clips, int seed = 1)
    {
        var chosen = new bool[clips.Count];
        var (held, texts) = (0, Enumerable.Range(0, clips.Count).GroupBy(i => Said(clips[i].Text))
            .Select(g => (Draw: Draw(g.Key, seed), Clips: g.ToList())).OrderBy(g => g.Draw));
        foreach (var (draw, copies) in texts)
            if (Share is { } share ? draw < share : held + copies.Count <= Count)
            {
                held += copies.Count;
                copies.ForEach(i => chosen[i] = true);
            }
        if (held == 0 && Count > 0)
            throw new ArgumentException(
                $"--held-out is {Count}, but each text has more clips than that, and clips of one text are held out together. Give a " +
                $"larger number, or 0.");
        return held < clips.Count ? chosen
            : throw new ArgumentException(
                $"--held-out would hold out all {clips.Count} clips, and none would be left to train on. Give a smaller number.");
    }

    /// <summary>Letters and digits alone: a comma does not make another sentence.</summary>
    static string Said(string text)
    {
        var said = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            if (Rune.IsLetterOrDigit(rune))
                said.Append(Rune.ToLowerInvariant(rune));
        return said.ToString();
    }

    static double Draw(string said, int seed) =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}\n{said}"))) / Math.Pow(2, 64);
}
